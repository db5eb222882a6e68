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

/** Something that was missed: its id as impact.com has it, its kind, and when it happened. */
export interface Lost {
  thing: string;
  kind: string;
  at: Instant;
}

const selectHints = `
  with latest as materialized (select * from events order by id desc limit 2000), ofSource as materialized (
    select kind, status, payout, delta_payout, amount, delta_amount from latest where source_id = ?1 and origin = 'postback'
  )
  select
    (
      select id from (select id, query, body from quarantine where id >= value ->> 2 and id < value ->> 3 and source_id = ?1 order by id limit 300)
      where instr(query, value ->> 0) > 0 or instr(cast(body as text), value ->> 0) > 0 limit 1
    ) as quarantined,
    exists (
      select 1 from (select * from events where id >= value ->> 4 and id < value ->> 5 limit 2000)
      where source_id = ?1 and origin = 'postback'
    ) as neighbours,
    exists (select 1 from ofSource where kind = value ->> 1) as kind,
    exists (
      select 1 from ofSource where kind = 'action-lifecycle'
      and (status = 'REVERSED' or payout <> delta_payout or amount <> delta_amount or delta_payout is null)
    ) as changes,
    key as nth
  from json_each(?2)`;

/** Looks around for why notifications of a source were missed, all in one question; in their order. */
export async function readHints(db: D1Database, sourceId: string, lost: Lost[]): Promise<Hints[]> {
  const asked = lost.map(({ thing, kind, at }) => [
    thing,
    kind,
    ...[at - hour, at + 24 * hour, at - 30 * minute, at + 30 * minute].map(firstEventId),
  ]);
  const { results } = await db.prepare(selectHints).bind(sourceId, JSON.stringify(asked)).all<Row>();
  return results
    .sort((one, other) => numberOf(one, "nth") - numberOf(other, "nth"))
    .map((row) => ({
      quarantined: row["quarantined"] as string | null,
      hasNeighbours: row["neighbours"] === 1,
      hasKind: row["kind"] === 1,
      hasChanges: row["changes"] === 1,
    }));
}

const selectCapture = `
  select asked.key as nth, r.at / ${24 * hour} as day, r.told_by, count(distinct r.event_id) as readings
  from json_each(?1) as asked cross join readings as r on r.source_id = asked.value and r.at >= ?2 and r.at < ?3
  where r.kind in ('update', 'clearing') and r.told_by in ('postback', 'reconciliation')
  group by nth, day, r.told_by order by nth, day desc`;

/**
 * How many of a UTC day's notifications of each source came by postback, and how many had to be repaired: the sources in the order
 * given, the latest day first. The rows of an order are one.
 */
export async function readCapture(
  db: D1Database,
  sourceIds: string[],
  since: Instant,
  until: Instant,
): Promise<{ sourceId: string; day: Instant; captured: number; repaired: number }[]> {
  const { results } = await db.prepare(selectCapture).bind(JSON.stringify(sourceIds), since, until).all<Row>();
  const days = Map.groupBy(results, (row) => `${row["nth"]}/${row["day"]}`);
  const count = (rows: Row[], by: string) => rows.flatMap((row) => (row["told_by"] === by ? [numberOf(row, "readings")] : []))[0] ?? 0;
  return [...days.values()].map((rows) => ({
    sourceId: sourceIds[numberOf(rows[0] as Row, "nth")] as string,
    day: numberOf(rows[0] as Row, "day") * 24 * hour,
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
