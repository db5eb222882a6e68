import * as z from "zod";
import { type Gap, type GapReason, gapReasons } from "../domain/gap.ts";
import { arrivalOf } from "../domain/id.ts";
import { day } from "../domain/time.ts";
import { readCapture, listGaps as search } from "../store/gaps.ts";
import { listReconciliations } from "../store/reconciliations.ts";
import { capturePage, gapsPage } from "../ui/gaps.ts";
import { toBegin } from "../ui/reconciliations.ts";
import { readAccesses } from "./accesses.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames } from "./events.ts";
import { instant, moment, pagingBy } from "./input.ts";

const reasons = Object.keys(gapReasons) as [GapReason, ...GapReason[]];

export const listGaps = endpoint({
  summary: "The gap ledger: what postbacks should have told and reconciliation had to, newest first, and why we think it was missed",
  query: z.strictObject({
    source: z.string().optional().describe("A source's id or name."),
    reason: z.enum(reasons).optional(),
    reconciliation: z.string().optional(),
    since: moment,
    until: moment,
    ...pagingBy("gap"),
  }),
  run: async ({ app, query }) => {
    const { gaps, next } = await search(app.db, query);
    const names = await sourceNames(app);
    return { body: { data: gaps.map((gap) => view(gap, names)), next } };
  },
  page: async ({ app, answer, view: shown }) => {
    const { reconciliations } = await listReconciliations(app.db, { limit: 1 });
    const way = reconciliations.length > 0 ? null : toBegin(await readAccesses(app));
    return gapsPage(shown, answer, [...(await sourceNames(app)).values()], way);
  },
});

export const showCapture = endpoint({
  summary:
    "How much of what impact.com's API tells came by postback: by source and UTC day, of the last 30 days unless said; a day that tells of nothing is left out",
  query: z.strictObject({ source: z.string().optional().describe("A source's id or name."), since: moment, until: moment }),
  run: async ({ app, query }) => {
    const until = query.until ?? app.now();
    const since = query.since ?? until - 30 * day;
    const { sources } = await app.catalog.current(app.db);
    const wanted = sources.filter(({ id, name }) => query.source === undefined || [id, name].includes(query.source));
    const names = new Map(wanted.map(({ id, name }) => [id, name]));
    const days = await readCapture(app.db, [...names.keys()], since, until);
    return { body: { data: days.map((one) => viewDay(names.get(one.sourceId) ?? one.sourceId, one)), next: null } };
  },
  page: async ({ app, answer, view: shown }) => capturePage(shown, answer.data, (await readAccesses(app)).next),
});

function view(gap: Gap, names: Map<string, string>) {
  const noticedAt = arrivalOf(gap.id);
  return {
    id: gap.id,
    source: names.get(gap.sourceId) ?? gap.sourceId,
    subject: gap.subject,
    type: gap.type,
    reason: gap.reason,
    detail: gap.detail,
    effective_at: instant(gap.effectiveAt),
    noticed_at: instant(noticedAt),
    late_seconds: gap.effectiveAt === null ? null : Math.max(0, Math.round((noticedAt - gap.effectiveAt) / 1000)),
    event_id: gap.eventId,
    reconciliation: gap.reconciliationId,
  };
}

/** Rounded down: 100 % means that nothing was missed. */
function viewDay(source: string, { day: at, captured, repaired }: { day: number; captured: number; repaired: number }) {
  const hundredths = Math.floor((captured * 10_000) / (captured + repaired));
  const percent = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
  return {
    source,
    day: new Date(at).toISOString().slice(0, 10),
    captured,
    repaired,
    capture_rate: percent,
    words: `${percent} % by postback, ${repaired} repaired`,
  };
}
