import * as z from "zod";
import type { App } from "../app.ts";
import { Problem } from "../domain/problem.ts";
import { dismissQuarantined, findQuarantined, listQuarantined, type Quarantined } from "../store/quarantine.ts";
import { quarantinePage } from "../ui/quarantine.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames, viewReceipt } from "./events.ts";
import { instant, moment, pagingBy } from "./input.ts";

export const listQuarantine = endpoint({
  summary: "What was authenticated and could not become an event, newest first",
  query: z.strictObject({
    source: z.string().optional().describe("A source's id or name."),
    code: z.string().optional().describe("Why it was refused, like `invalid` or `undecodable`."),
    resolved: z
      .enum(["true", "false"])
      .default("false")
      .describe("true: what was re-ingested already, or set aside (`event` is null then)."),
    since: moment,
    until: moment,
    ...pagingBy("evt"),
  }),
  run: async ({ app, query }) => {
    const { quarantined, next } = await listQuarantined(app.db, { ...query, resolved: query.resolved === "true" });
    const names = await sourceNames(app);
    return { body: { data: quarantined.map((one) => viewQuarantined(one, names)), next } };
  },
  page: async ({ app, answer, view }) => quarantinePage(view, answer, [...(await sourceNames(app)).values()]),
  again: async ({ app, view, typed }) => quarantinePage(view, null, [...(await sourceNames(app)).values()], typed),
});

export const dismissQuarantine = endpoint({
  summary: "Set a call in quarantine aside: it no longer waits. Its bytes stay, and it can still be re-ingested",
  run: async ({ app, params }) => {
    const set = await dismissQuarantined(app.db, params["id"] ?? "", app.now());
    if (!set) throw becameEvent(await findQuarantinedOne(app, params["id"]));
    return { body: viewQuarantined(set, await sourceNames(app)) };
  },
  form: () => ({}),
  next: () => ({ to: "/quarantine", said: "The call was set aside. Its bytes stay, and its page can still re-ingest it." }),
});

/** What is said where a call is no longer in quarantine. */
export function becameEvent({ eventId }: Quarantined): Problem {
  return new Problem("conflict", `It was re-ingested already, as ${eventId}.`);
}

/** A call in quarantine. Throws `not_found`. */
export async function findQuarantinedOne(app: App, id: string | undefined): Promise<Quarantined> {
  const one = await findQuarantined(app.db, id ?? "");
  if (one) return one;
  throw new Problem("not_found", "There is nothing with this id in quarantine.");
}

/** A call in quarantine as our API tells it. */
export function viewQuarantined(one: Quarantined, names: Map<string, string>) {
  return {
    id: one.id,
    source: names.get(one.sourceId) ?? one.sourceId,
    source_id: one.sourceId,
    kind: one.kind,
    received_at: instant(one.receivedAt),
    code: one.code,
    detail: one.detail,
    errors: one.mistakes,
    receipt: viewReceipt(one.receipt),
    truncated: one.truncated,
    resolved_at: instant(one.resolvedAt),
    event: one.eventId,
  };
}
