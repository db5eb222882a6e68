import * as z from "zod";
import type { App } from "../app.ts";
import { type Destination, destinationMethods, type Secrets } from "../domain/destination.ts";
import { Problem } from "../domain/problem.ts";
import { compileFilter, filterNames } from "../forward/filter.ts";
import { checkTarget } from "../forward/target.ts";

/** Stands for a header's value wherever destinations are told; sent back, it means: as it was. */
export const hidden = "[hidden]";

/** Headers that are ours or HTTP's to set. */
const reserved = /^(webhook-.*|host|content-length|content-type|transfer-encoding|connection|user-agent|cf-.*)$/;
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, "must be a header name")
  .refine((name) => !reserved.test(name.toLowerCase()), "is set by Postback Edge or by HTTP itself");

const fields = {
  url: z.string().max(2000),
  filter: z
    .string()
    .max(2000)
    .describe(`A CEL expression over ${filterNames.join(", ")}; empty selects every event.`),
  method: z.enum(destinationMethods),
  headers: z
    .record(
      headerName,
      z
        .string()
        .max(4000)
        .regex(/^[\t\x20-\x7e]*$/, "must be printable ASCII"),
    )
    .describe("Sent with each attempt; kept encrypted."),
  timeout: z.number().int().min(1).max(25).describe("Seconds for one attempt."),
  retry_schedule: z.array(z.number().int().min(1).max(86_400)).max(30).describe("Pauses between attempts, in seconds."),
};
const name = z.string().trim().min(1).max(100);
const state = z.enum(["active", "paused", "disabled"]).describe("Paused and disabled destinations hold their deliveries.");
const { url, ...optional } = fields;
/** What a destination is created with. */
export const settings = z.strictObject({ name, url, ...z.object(optional).partial().shape, state: state.optional() });
/** What of it can be changed later. */
export const changes = z.strictObject({ name, ...fields, state }).partial();

/** A destination with new settings, held to everything a destination must be. Throws `invalid_input` and `conflict`. */
export async function changed(app: App, destination: Destination, input: z.infer<typeof changes>): Promise<Destination> {
  checkTarget(input.url ?? destination.url, app.config.allowLoopback);
  compileFilter(input.filter ?? destination.filter);
  return {
    ...destination,
    name: input.name ?? destination.name,
    url: input.url ?? destination.url,
    method: input.method ?? destination.method,
    filter: input.filter ?? destination.filter,
    timeout: input.timeout ?? destination.timeout,
    retrySchedule: input.retry_schedule ?? destination.retrySchedule,
    headerNames: input.headers ? Object.keys(input.headers) : destination.headerNames,
    sealed: input.headers ? await withHeaders(app, destination, input.headers) : destination.sealed,
    state: input.state ?? destination.state,
    stateReason: input.state === undefined ? destination.stateReason : input.state === "active" ? null : `${input.state} by the operator`,
    updatedAt: app.now(),
  };
}

async function withHeaders(app: App, { sealed }: Destination, headers: Record<string, string>): Promise<string> {
  const secrets = await open(app, sealed);
  const known = Object.entries(headers).map(([name, value]) => [name, value === hidden ? secrets.headers[name] : value] as const);
  const unknown = known
    .filter(([, value]) => value === undefined)
    .map(([name]) => ({ field: `headers.${name}`, reason: "has no value yet that could stay" }));
  if (unknown.length > 0) throw new Problem("invalid_input", unknown.map(({ field, reason }) => `${field} ${reason}`).join("; "), unknown);
  return await app.seal.seal({ ...secrets, headers: Object.fromEntries(known) as Record<string, string> });
}

async function open(app: App, sealed: string): Promise<Secrets> {
  try {
    return await app.seal.open(sealed);
  } catch {
    throw new Problem(
      "conflict",
      "This destination's secrets were sealed with another ENCRYPTION_KEY. Put that key back, or delete the destination and create it anew.",
    );
  }
}
