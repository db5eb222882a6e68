import type { Origin } from "../domain/event.ts";
import type { Reading } from "../domain/reading.ts";
import { jsonOf, microsIn, microsOut, numberOf, type Row, textOf } from "./rows.ts";

export const readingColumns = `
  source_id, action_id, id, kind, at, status, status_detail, cast(payout as text) as payout, cast(delta_payout as text) as delta_payout,
  cast(amount as text) as amount, cast(delta_amount as text) as delta_amount, fields, told_by, event_id`;

/** Readings out of JSON (?1), as `cellsOf` makes it. */
export const readingValues = `
  value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
  cast(value ->> 7 as integer), cast(value ->> 8 as integer), cast(value ->> 9 as integer), cast(value ->> 10 as integer),
  value ->> 11, value ->> 12, value ->> 13`;

export const intoReadings = `
  insert into readings (source_id, action_id, id, kind, at, status, status_detail, payout, delta_payout, amount, delta_amount, fields,
    told_by, event_id)`;

const insertNew = `${intoReadings} select ${readingValues} from json_each(?1) where true on conflict do nothing`;

/** Keeps what is not known yet. */
export async function saveReadings(db: D1Database, readings: Reading[]): Promise<void> {
  if (readings.length > 0)
    await db
      .prepare(insertNew)
      .bind(JSON.stringify(readings.map(cellsOf)))
      .run();
}

const asked = `(select value ->> 0 as asked_source, value ->> 1 as asked_action from json_each(?1))`;

const ofMany = `
  select ${readingColumns} from ${asked} cross join readings on source_id = asked_source and action_id = asked_action order by at, length(id), id`;

/** What the API says of these actions, by date. */
export async function listReadingsOf(db: D1Database, keys: [sourceId: string, actionId: string][]): Promise<Reading[]> {
  const { results } = await db.prepare(ofMany).bind(JSON.stringify(keys)).all<Row>();
  return results.map(readingOf);
}

const untold = `
  select distinct action_id from readings indexed by readings_untold
  where source_id = ?1 and told_by is null and action_id > ?2 and at between ?3 and ?4 order by action_id limit ?5`;

/** The next actions behind `after` with an update, from `since` to `until`, that nobody told of. */
export async function listUntold(
  db: D1Database,
  { sourceId, after, since, until }: { sourceId: string; after: string; since: number; until: number },
  limit: number,
): Promise<string[]> {
  const { results } = await db.prepare(untold).bind(sourceId, after, since, until, limit).all<Row>();
  return results.map((row) => textOf(row, "action_id"));
}

export function cellsOf(reading: Reading): (string | number | null)[] {
  const { payout, deltaPayout, amount, deltaAmount } = reading;
  return [
    reading.sourceId,
    reading.actionId,
    reading.id,
    reading.kind,
    reading.at,
    reading.status,
    reading.statusDetail,
    ...[payout, deltaPayout, amount, deltaAmount].map(microsIn),
    JSON.stringify(reading.fields),
    reading.toldBy,
    reading.eventId,
  ];
}

function readingOf(row: Row): Reading {
  return {
    sourceId: textOf(row, "source_id"),
    actionId: textOf(row, "action_id"),
    id: textOf(row, "id"),
    kind: textOf(row, "kind") as Reading["kind"],
    at: numberOf(row, "at"),
    status: row["status"] as string | null,
    statusDetail: row["status_detail"] as string | null,
    payout: microsOut(row["payout"]),
    deltaPayout: microsOut(row["delta_payout"]),
    amount: microsOut(row["amount"]),
    deltaAmount: microsOut(row["delta_amount"]),
    fields: jsonOf(row, "fields"),
    toldBy: row["told_by"] as Origin | null,
    eventId: row["event_id"] as string | null,
  };
}
