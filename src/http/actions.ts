import * as z from "zod";
import { ledgerOf } from "../domain/action.ts";
import { formatMoney, type Micros } from "../domain/money.ts";
import { Problem } from "../domain/problem.ts";
import { listActionEvents } from "../store/events.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames, viewEvent } from "./events.ts";

export const showAction = endpoint({
  summary:
    "One action: its current state, and its events in order of effect. When several sources know it, the one heard last unless `source` says which",
  query: z.strictObject({ source: z.string().optional().describe("A source's id or name.") }),
  run: async ({ app, params, query }) => {
    const actionId = params["action_id"] ?? "";
    const names = await sourceNames(app);
    const all = await listActionEvents(app.db, actionId);
    const wanted = all.filter(({ sourceId }) => query.source === undefined || [sourceId, names.get(sourceId)].includes(query.source));
    const sourceId = wanted.at(-1)?.sourceId;
    if (sourceId === undefined) throw new Problem("not_found", "No event about this action was received.");

    const { events, current, gaps } = ledgerOf(wanted.filter((event) => event.sourceId === sourceId));
    return {
      body: {
        action_id: actionId,
        source: names.get(sourceId) ?? sourceId,
        state: current.state,
        payout: decimal(current.payout),
        amount: decimal(current.amount),
        currency: current.currency,
        cleared: current.isCleared,
        gaps: gaps.map(({ of, from, to }) => ({ of, from: decimal(from), to: decimal(to) })),
        events: events.map((event) => viewEvent(event, names)),
        other_sources: [...new Set(all.map((event) => event.sourceId))].filter((id) => id !== sourceId).map((id) => names.get(id) ?? id),
      },
    };
  },
});

function decimal(micros: Micros | null): string | null {
  return micros === null ? null : formatMoney(micros);
}
