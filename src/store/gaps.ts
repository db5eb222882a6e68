import type { Gap, GapReason } from "../domain/gap.ts";
import { firstEventId } from "../domain/id.ts";
import type { EventType } from "../domain/kind.ts";
import { hour, type Instant, minute } from "../domain/time.ts";
import { listPage, when } from "./page.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

const listing = { table: "gaps", columns: "*", key: ["id"] };

/** What reconciliation repaired, newest first. */
export async function listGaps(
  db: D1Database,
  search: {
    source?: string | undefined;
    reason?: string | undefined;
    reconciliation?: string | undefined;
    since?: Instant | undefined;
    until?: Instant | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{ gaps: Gap[]; next: string | null }> {
  const within = [
    ...when(search.cursor, "id < ?"),
    ...when(search.since === undefined ? undefined : firstGapId(search.since), "id >= ?"),
    ...when(search.until === undefined ? undefined : firstGapId(search.until), "id < ?"),
  ];
  const fitting = [
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
    ...when(search.reason, "reason = ?"),
    ...when(search.reconciliation, "reconciliation_id = ?"),
  ];
  const { rows, next } = await listPage(db, listing, within, fitting, search.limit);
  return { gaps: rows.map(gapOf), next: next?.[0] ?? null };
}

function firstGapId(at: Instant): string {
  return firstEventId(at).replace("evt_", "gap_");
}

/** What may explain why something was missed. */
export interface Hints {
  /** An id in quarantine whose call names the subject; null when there is none. */
  quarantined: string | null;
  /** Whether anything came from the source within half an hour of it. */
  hasNeighbours: boolean;
  /** Whether a postback of the kind, and for lifecycle one that tells a change, came from the source among the last 2,000 of all. */
  hasKind: boolean;
  hasChanges: boolean;
}

const selectHints = `
  select
    (
      select id from (select id, query, body from quarantine where id >= ?3 and id < ?4 and source_id = ?1 order by id limit 300)
      where instr(query, ?2) > 0 or instr(cast(body as text), ?2) > 0 limit 1
    ) as quarantined,
    exists (select 1 from (select * from events where id >= ?5 and id < ?6 limit 2000) where source_id = ?1 and origin = 'postback') as neighbours,
    exists (
      select 1 from (select * from events order by id desc limit 2000) where source_id = ?1 and origin = 'postback' and kind = ?7
    ) as kind,
    exists (
      select 1 from (
        select * from events order by id desc limit 2000
      ) where source_id = ?1 and kind = 'action-lifecycle' and origin = 'postback'
      and (status = 'REVERSED' or payout <> delta_payout or amount <> delta_amount or delta_payout is null)
    ) as changes`;

/** Looks around for why a notification about a thing, that happened at `at`, was missed. */
export async function readHints(
  db: D1Database,
  { sourceId, thing, kind, at }: { sourceId: string; thing: string; kind: string; at: Instant },
): Promise<Hints> {
  const near = [at - hour, at + 24 * hour, at - 30 * minute, at + 30 * minute].map(firstEventId);
  const row = await db.prepare(selectHints).bind(sourceId, thing, near[0], near[1], near[2], near[3], kind).first<Row>();
  return {
    quarantined: (row?.["quarantined"] as string | null | undefined) ?? null,
    hasNeighbours: row?.["neighbours"] === 1,
    hasKind: row?.["kind"] === 1,
    hasChanges: row?.["changes"] === 1,
  };
}

const selectCapture = `
  select at / ${24 * hour} as day, told_by, count(*) as readings
  from readings where source_id = ?1 and at >= ?2 and at < ?3 and kind in ('update', 'clearing') and told_by in ('postback', 'reconciliation')
  group by day, told_by order by day desc`;

/** How many of a UTC day's notifications of a source came by postback, and how many had to be repaired; the latest day first. */
export async function readCapture(
  db: D1Database,
  sourceId: string,
  since: Instant,
  until: Instant,
): Promise<{ day: Instant; captured: number; repaired: number }[]> {
  const { results } = await db.prepare(selectCapture).bind(sourceId, since, until).all<Row>();
  const days = Map.groupBy(results, (row) => numberOf(row, "day"));
  const count = (rows: Row[], by: string) => rows.flatMap((row) => (row["told_by"] === by ? [numberOf(row, "readings")] : []))[0] ?? 0;
  return [...days].map(([day, rows]) => ({
    day: day * 24 * hour,
    captured: count(rows, "postback"),
    repaired: count(rows, "reconciliation"),
  }));
}

function gapOf(row: Row): Gap {
  return {
    id: textOf(row, "id"),
    sourceId: textOf(row, "source_id"),
    subject: textOf(row, "subject"),
    type: textOf(row, "type") as EventType,
    reason: textOf(row, "reason") as GapReason,
    detail: textOf(row, "detail"),
    effectiveAt: row["effective_at"] as Instant | null,
    eventId: textOf(row, "event_id"),
    reconciliationId: textOf(row, "reconciliation_id"),
  };
}
