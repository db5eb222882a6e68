import * as z from "zod";
import {
  type Auth,
  destinationMethods,
  presetNames,
  ratePeriods,
  type SignatureVersion,
  signatureVersions,
} from "../domain/destination.ts";
import { filterNames } from "../forward/filter.ts";

/** Headers that are ours or HTTP's to set. */
const reserved = /^(webhook-.*|host|content-length|transfer-encoding|connection|user-agent|cf-.*)$/;
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, "must be a header name")
  .refine((name) => !reserved.test(name.toLowerCase()), "is set by Postback Edge or by HTTP itself");
const headerValue = z
  .string()
  .max(4000)
  .regex(/^[\t\x20-\x7e]*$/, "must be printable ASCII");
const secretName = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "must be a name like api_key");
const secretText = z.string().min(1).max(4000);

const auth = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.literal("basic"), username: z.string().min(1).max(500), password: secretText }),
  z.strictObject({ type: z.literal("bearer"), token: secretText }),
  z.strictObject({
    type: z.literal("oauth2").describe("Client credentials (RFC 6749 §4.4)."),
    token_url: z.string().max(2000),
    client_id: z.string().min(1).max(500),
    client_secret: secretText,
    scope: z.string().max(1000).default(""),
    audience: z.string().max(1000).default(""),
    client_auth: z.enum(["basic", "body"]).default("basic"),
  }),
]);

const optional = {
  preset: z.enum(presetNames).describe("What the request looks like; GET /presets lists them."),
  method: z.enum(destinationMethods).describe("With GET there is no body: the event goes into the URL."),
  body: z.string().max(20_000).nullable().describe("A Liquid template in place of the preset's body."),
  filter: z
    .string()
    .max(2000)
    .describe(`A CEL expression over ${filterNames.join(", ")}; empty selects every event but operational news.`),
  headers: z
    .record(headerName, headerValue)
    .refine(areDistinct, "hold a name twice; upper and lower case make no difference")
    .describe("Sent with each attempt, also instead of the preset's; may hold Liquid; kept encrypted."),
  secrets: z.record(secretName, secretText).describe("For templates, as {{ secrets.<name> }}; kept encrypted."),
  auth: auth.describe("How we show the far side who we are."),
  via: z
    .string()
    .min(1)
    .max(100)
    .nullable()
    .describe("The name of a binding to send through: a service binding, VPC service or mTLS certificate."),
  timeout: z.number().int().min(1).max(25).describe("Seconds for one attempt."),
  retry_schedule: z.array(z.number().int().min(1).max(86_400)).max(30).describe("Pauses between attempts, in seconds."),
  rate_limit: z
    .strictObject({ limit: z.number().int().min(1).max(1_000_000), period: z.enum(ratePeriods) })
    .nullable()
    .describe("At most so many requests in any one period."),
  concurrency: z.number().int().min(1).max(1000).nullable().describe("At most so many requests under way at once."),
  ordered: z.boolean().describe("Events of one action arrive in order of effect; one that fails holds back its own action only."),
  once_per_action: z.boolean().describe("Only the first selected event of each action."),
};
const name = z.string().trim().min(1).max(100);
const url = z.string().max(2000).describe("May hold Liquid in its path and query.");
const state = z.enum(["active", "paused", "disabled"]).describe("Paused and disabled destinations hold their deliveries.");

/** What a destination is created with. */
export const settings = z.strictObject({
  name,
  url,
  ...z.object(optional).partial().shape,
  signatures: z
    .array(z.enum(signatureVersions))
    .min(1)
    .max(2)
    .default(["v1"])
    .describe("v1: HMAC with a shared secret. v1a: Ed25519, to be verified with the public key."),
  state: state.optional(),
});
/** What of it can be changed later. */
export const changes = z.strictObject({ name, url, ...optional, state }).partial();

export type Changes = z.infer<typeof changes>;
export type Signatures = SignatureVersion[];

function areDistinct(headers: Record<string, string>): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return new Set(names).size === names.length;
}

/** An auth setting, taken apart into what is shown and what is hidden. */
export function splitAuth(input: NonNullable<Changes["auth"]>): { auth: Auth; secret: string | null } {
  switch (input.type) {
    case "none":
      return { auth: { type: "none" }, secret: null };
    case "basic":
      return { auth: { type: "basic", username: input.username }, secret: input.password };
    case "bearer":
      return { auth: { type: "bearer" }, secret: input.token };
    case "oauth2": {
      const { token_url, client_id, client_secret, scope, audience, client_auth } = input;
      return {
        auth: { type: "oauth2", tokenUrl: token_url, clientId: client_id, scope, audience, clientAuth: client_auth },
        secret: client_secret,
      };
    }
  }
}
