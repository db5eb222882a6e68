import type { Event } from "../domain/event.ts";
import type { Gap } from "../domain/gap.ts";
import type { Reading } from "../domain/reading.ts";
import { ringGraceMs } from "./deliveries.ts";
import type { Selected } from "./outbox.ts";
import { cellsOf, intoReadings, readingValues } from "./readings.ts";
import { microsIn, type Row, textOf } from "./rows.ts";

/**
 * An event that no postback told, the reading that it tells of (inquiries and jobs have none), its deliveries, and the gap that it fills.
 * `jobId`: of the job whose result is to be fetched.
 */
export interface Repair {
  event: Event;
  reading: Reading | null;
  /** What it tells of as well: the other rows of an order. */
  others?: Reading[];
  selected: Selected[];
  gap: Gap | null;
  jobId?: string | undefined;
}

const selectSeen = `select coalesce(max(seq), 0) as seen from events`;

/** How far the events have come: to be asked before a ledger is read that is to be repaired. */
export async function readSeen(db: D1Database): Promise<number> {
  const row = await db.prepare(selectSeen).first<Row>();
  return (row?.["seen"] as number | undefined) ?? 0;
}

/**
 * Events out of JSON (?1), unless something about the same subject was stored since ?2: then its ledger is not what it was when it was looked
 * at. What the row of a reading says has been told already is not told again.
 */
const insertEvents = `
  insert into events (
    id, source_id, kind, type, subject, fingerprint, action_id, status, is_test, received_at, occurred_at, currency,
    payout, delta_payout, amount, delta_amount, fields, nested, warnings, method, query, headers, ip, body, origin
  )
  select
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, 0, value ->> 8, value ->> 9,
    value ->> 10, cast(value ->> 11 as integer), cast(value ->> 12 as integer), cast(value ->> 13 as integer),
    cast(value ->> 14 as integer), value ->> 15, value ->> 16, value ->> 19, '', '', '{}', '', x'', value ->> 17
  from json_each(?1) as asked
  where not exists (select 1 from events where source_id = value ->> 1 and subject = value ->> 4 and seq > ?2)
  and not exists (
    select 1 from readings
    where source_id = value ->> 1 and action_id = value ->> 6 and readings.id = value ->> 18 and told_by is not null
  )
  order by asked.key
  on conflict (id) do nothing`;

const markTold = `
  ${intoReadings}
  select ${readingValues} from json_each(?1)
  where value ->> 13 is null or exists (select 1 from events where source_id = value ->> 0 and events.id = value ->> 13)
  on conflict (source_id, action_id, id) do update set
    payout = coalesce(payout, excluded.payout), amount = coalesce(amount, excluded.amount),
    told_by = coalesce(told_by, excluded.told_by), event_id = coalesce(event_id, excluded.event_id)`;

const insertDeliveries = `
  insert into deliveries (event_id, destination_id, action, next_at, ring_at, created_at, updated_at)
  select value ->> 0, value ->> 1, value ->> 2, ?2, ?3, ?2, ?2 from json_each(?1)
  where exists (select 1 from events where events.id = value ->> 0)
  and not (value ->> 3 and exists (
    select 1 from deliveries where destination_id = value ->> 1 and action = value ->> 2
  ))
  on conflict (event_id, destination_id) do nothing`;

/** Each gap (?1) counts for its walk once: when it is written. */
const countRepaired = `
  update reconciliations set repaired = repaired + (
    select count(*) from json_each(?1)
    where value ->> 8 = reconciliations.id and exists (select 1 from events where events.id = value ->> 7)
    and not exists (select 1 from gaps where gaps.id = value ->> 0)
  )
  where id in (select value ->> 8 from json_each(?1))`;

const insertGaps = `
  insert into gaps (id, source_id, subject, type, reason, detail, effective_at, event_id, reconciliation_id)
  select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
  from json_each(?1) where exists (select 1 from events where events.id = value ->> 7)
  on conflict (id) do nothing`;

const insertJobFiles = `
  insert into job_files (hint_event_id, source_id, job_id, next_at, created_at, updated_at)
  select value ->> 0, value ->> 1, value ->> 2, ?2, ?2, ?2 from json_each(?1)
  where exists (select 1 from events where events.id = value ->> 0)
  on conflict (hint_event_id) do nothing`;

const selectSaved = `select id from events where id in (select value from json_each(?1))`;

/**
 * Writes repairs, each with all that belongs to it, and what else was found out about readings; one transaction, in which gaps are added to
 * what their walk has repaired. Returns the ids of the events that were written: the others wait for another look.
 */
export async function saveRepairs(db: D1Database, seen: number, repairs: Repair[], readings: Reading[], now: number): Promise<Set<string>> {
  const told = repairs.flatMap(({ reading, others = [], event }) =>
    [reading, ...others].flatMap((one) => (one ? [{ ...one, toldBy: event.origin, eventId: event.id }] : [])),
  );
  const deliveries = onceEach(repairs).map(([id, one]) => [id, one.destinationId, one.action, one.once ? 1 : 0]);
  const files = repairs.flatMap(({ event, jobId }) => (jobId === undefined ? [] : [[event.id, event.sourceId, jobId]]));
  const ids = repairs.map(({ event }) => event.id);
  const gaps = JSON.stringify(repairs.flatMap(({ gap }) => (gap ? [gapCells(gap)] : [])));
  const results = await db.batch<Row>([
    db.prepare(insertEvents).bind(JSON.stringify(repairs.map(eventCells)), seen),
    db.prepare(markTold).bind(JSON.stringify([...told, ...readings].map(cellsOf))),
    db.prepare(insertDeliveries).bind(JSON.stringify(deliveries), now, now + ringGraceMs),
    db.prepare(countRepaired).bind(gaps),
    db.prepare(insertGaps).bind(gaps),
    ...(files.length > 0 ? [db.prepare(insertJobFiles).bind(JSON.stringify(files), now)] : []),
    db.prepare(selectSaved).bind(JSON.stringify(ids)),
  ]);
  return new Set((results.at(-1)?.results ?? []).map((row) => textOf(row, "id")));
}

/** Of several events of an action, a destination that hears once gets the first. */
function onceEach(repairs: Repair[]): [eventId: string, Selected][] {
  const had = new Set<string>();
  return repairs.flatMap(({ event, selected }) =>
    selected.flatMap((one): [string, Selected][] => {
      const key = `${one.destinationId} ${one.action}`;
      if (one.once && had.has(key)) return [];
      had.add(key);
      return [[event.id, one]];
    }),
  );
}

function eventCells({ event, reading }: Repair): (string | number | null)[] {
  return [
    event.id,
    event.sourceId,
    event.kind,
    event.type,
    event.subject ?? event.fingerprint,
    event.fingerprint,
    event.actionId,
    event.status,
    event.receivedAt,
    event.occurredAt,
    event.currency,
    ...[event.payout, event.deltaPayout, event.amount, event.deltaAmount].map(microsIn),
    JSON.stringify(event.fields),
    JSON.stringify(event.nested),
    event.origin,
    reading?.id ?? null,
    JSON.stringify(event.warnings),
  ];
}

function gapCells(gap: Gap): (string | number | null)[] {
  return [gap.id, gap.sourceId, gap.subject, gap.type, gap.reason, gap.detail, gap.effectiveAt, gap.eventId, gap.reconciliationId];
}
