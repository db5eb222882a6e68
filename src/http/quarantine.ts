import * as z from "zod";
import type { App } from "../app.ts";
import { kinds } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import { keep, postingOf, type Received } from "../receive.ts";
import { findQuarantined, listQuarantined, type Quarantined, resolveQuarantined, saveQuarantined } from "../store/quarantine.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames, viewReceipt } from "./events.ts";
import { instant, moment, paging } from "./input.ts";

export const listQuarantine = endpoint({
  summary: "What was authenticated and could not become an event, newest first",
  query: z.strictObject({
    source: z.string().optional().describe("A source's id or name."),
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
});

export const showQuarantined = endpoint({
  summary: "One call in quarantine: the reason, and what came",
  run: async ({ app, params }) => ({ body: view(await find(app, params["id"]), await sourceNames(app)) }),
});

export const reingest = endpoint({
  summary: "Take a call in quarantine once more, after a mapping was mended. It keeps its time of arrival",
  body: z.strictObject({ kind: z.enum(kinds).optional().describe("When the URL named a wrong kind, or none.") }),
  run: async ({ app, params, body }) => {
    const one = await find(app, params["id"]);
    if (one.eventId !== null) throw new Problem("conflict", `It was re-ingested already, as ${one.eventId}.`);
    const { sources, destinations } = await app.catalog.anew(app.db);
    const source = sources.find(({ id }) => id === one.sourceId);
    if (!source) throw new Problem("not_found", "The source of this call does not exist any more.");

    const receipt: Receipt = {
      ...one.receipt,
      id: one.id,
      receivedAt: one.receivedAt,
      kind: body.kind ?? one.kind,
      tokenHash: source.tokenHash,
      truncated: one.truncated,
    };
    try {
      const [received] = await keep(app, [postingOf(receipt, source, destinations)]);
      const { id, status } = received as Received;
      await resolveQuarantined(app.db, one.id, id, app.now());
      return { body: { id, status } };
    } catch (problem) {
      if (problem instanceof Problem) await saveQuarantined(app.db, { receipt, sourceId: source.id, problem });
      throw problem;
    }
  },
});

async function find(app: App, id: string | undefined): Promise<Quarantined> {
  const one = await findQuarantined(app.db, id ?? "");
  if (one) return one;
  throw new Problem("not_found", "There is nothing with this id in quarantine.");
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
