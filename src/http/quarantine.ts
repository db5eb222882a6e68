import * as z from "zod";
import type { App } from "../app.ts";
import { kinds } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import { decode } from "../postback/decode.ts";
import { isSecretKey } from "../postback/secrets.ts";
import { findQuarantined, listQuarantined, type Quarantined } from "../store/quarantine.ts";
import { type QuarantinedView, quarantinePage } from "../ui/quarantine.ts";
import { quarantinedPage, type Would } from "../ui/quarantined.ts";
import type { View } from "../ui/view.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames, viewReceipt } from "./events.ts";
import { instant, moment, paging } from "./input.ts";

export const listQuarantine = endpoint({
  summary: "What was authenticated and could not become an event, newest first",
  query: z.strictObject({
    source: z.string().optional().describe("A source's id or name."),
    code: z.string().optional().describe("Why it was refused, like `invalid` or `undecodable`."),
    resolved: z.enum(["true", "false"]).default("false").describe("true: what was re-ingested already."),
    since: moment,
    until: moment,
    ...paging,
  }),
  run: async ({ app, query }) => {
    const { quarantined, next } = await listQuarantined(app.db, { ...query, resolved: query.resolved === "true" });
    const names = await sourceNames(app);
    return { body: { data: quarantined.map((one) => view(one, names)), next } };
  },
  page: async ({ app, answer, view: shown }) => quarantinePage(shown, answer, [...(await sourceNames(app)).values()]),
});

export const showQuarantined = endpoint({
  summary: "One call in quarantine: the reason, and what came",
  run: async ({ app, params }) => ({ body: view(await findQuarantinedOne(app, params["id"]), await sourceNames(app)) }),
  page: async ({ app, params, answer, view: shown }) => await showOne(app, params["id"], answer, shown, null),
});

/** One call, with what another mapping would make of it. */
export async function showOne(app: App, id: string | undefined, answer: QuarantinedView | null, shown: View, would: Would | null) {
  const one = await findQuarantinedOne(app, id);
  const { sources } = await app.catalog.current(app.db);
  const mapping = sources.find((source) => source.id === one.sourceId)?.mapping ?? {};
  return quarantinedPage(shown, answer ?? view(one, await sourceNames(app)), keysOf(one), mapping, [...kinds], would);
}

/** A call in quarantine. Throws `not_found`. */
export async function findQuarantinedOne(app: App, id: string | undefined): Promise<Quarantined> {
  const one = await findQuarantined(app.db, id ?? "");
  if (one) return one;
  throw new Problem("not_found", "There is nothing with this id in quarantine.");
}

/** Names of what came, as far as it can be read at all. */
function keysOf({ receipt, ...one }: Quarantined): string[] {
  try {
    return [...new Set(decode({ ...receipt, ...one, tokenHash: "" }).entries.map(([key]) => key))]
      .filter((key) => !isSecretKey(key))
      .slice(0, 60);
  } catch {
    return [...new URLSearchParams(receipt.query).keys()].filter((key) => !isSecretKey(key)).slice(0, 60);
  }
}

function view(one: Quarantined, names: Map<string, string>) {
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
