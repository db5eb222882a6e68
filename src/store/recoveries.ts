import { type DeliveryState, deliveryStates } from "../domain/delivery.ts";
import { firstEventId } from "../domain/id.ts";
import type { Cursor, Recovery, Scope } from "../domain/recovery.ts";
import { type Instant, minute, second } from "../domain/time.ts";
import { ringGraceMs } from "./deliveries.ts";
import { listPage } from "./page.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

/** How many deliveries one page looks through for those in the wanted states: keeps every page fast. */
const scanLimit = 5_000;

type Key = [eventId: string, destinationId: string];

/**
 * The next deliveries that a recovery is about, oldest event first, after `cursor`. A pending one is left alone when it is under way,
 * or due within a minute anyway. `end` is where to go on, null at the end.
 */
export async function listRecoverable(
  db: D1Database,
  scope: Scope,
  cursor: Cursor,
  limit: number,
  now: Instant,
): Promise<{ keys: Key[]; end: Cursor | null }> {
  const { sql, isIndexed } = walkOf(scope);
  const [eventId, destinationId] = cursor.length === 0 ? [firstEventId(scope.since), ""] : cursor;
  const bounds = [eventId, destinationId, firstEventId(scope.until)];
  const pageLimit = isIndexed ? limit : scanLimit;
  const [found, walked] = await db.batch<Row>([
    db
      .prepare(
        `select event_id, destination_id from (${sql} limit ${pageLimit})
         where ${inStates(scope.states)} and ${isWanted} and (state <> 'pending' or next_at > ?5) limit ${limit}`,
      )
      .bind(...bounds, scope.destinationId, now + minute),
    db
      .prepare(`select event_id, destination_id from (${sql} limit ${pageLimit}) limit 1 offset ${pageLimit - 1}`)
      .bind(...bounds, ...(isIndexed ? [scope.destinationId] : [])),
  ]);
  const keys = (found?.results ?? []).map(keyOf);
  const last = keys.length === limit ? keys.at(-1) : walked?.results.map(keyOf)[0];
  return { keys, end: last ?? null };
}

const countExhausted = (most: number) => `
  select count(*) as count from (
    select 1 from deliveries
    where state = 'exhausted' and event_id >= ?1 and event_id < ?2
    and destination_id in (select id from destinations where state <> 'deleted' and (?3 is null or id = ?3)) limit ${most}
  )`;

/** How many exhausted deliveries a recovery without a filter is about; `most` when there are as many or more. */
export async function countRecoverable(db: D1Database, scope: Scope, most: number): Promise<number> {
  const { since, until, destinationId } = scope;
  const row = await db.prepare(countExhausted(most)).bind(firstEventId(since), firstEventId(until), destinationId).first<Row>();
  return row ? numberOf(row, "count") : 0;
}

/** Nothing is sent again to a destination that was deleted. */
const isWanted = `destination_id in (select id from destinations where state <> 'deleted' and (?4 is null or id = ?4))`;

/**
 * What is exhausted has an index of its own, by destination; other states are looked for in the order of the table, of whichever
 * destinations, or a page would read on and on for one that seldom gets anything.
 */
function walkOf({ states }: Scope): { sql: string; isIndexed: boolean } {
  const isIndexed = states.length === 1 && states[0] === "exhausted";
  return {
    isIndexed,
    sql: `
      select event_id, destination_id, state, next_at from deliveries
      where (event_id, destination_id) > (?1, ?2) and event_id >= ?1 and event_id < ?3
      ${isIndexed ? `and state = 'exhausted' and ${isWanted}` : ""}
      order by event_id, destination_id`,
  };
}

function inStates(states: DeliveryState[]): string {
  return `state in (${deliveryStates
    .filter((state) => states.includes(state))
    .map((state) => `'${state}'`)
    .join(", ")})`;
}

const isAt = `exists (select 1 from recoveries where id = ?1 and state = 'running' and cursor = ?2)`;

const reopenSlice = (states: DeliveryState[]) => `
  update deliveries set
    state = 'pending', attempts_before = attempts, next_at = ?4, ring_at = ?5, updated_at = ?4, recovery_id = ?1,
    version = iif(?6 = 1, null, version)
  where (event_id, destination_id) in (select value ->> 0, value ->> 1 from json_each(?3))
  and ${inStates(states)} and ${isAt}`;

/** How many of a slice (?6) it has opened. */
const openedNow = `
  (select count(*) from json_each(?6) as slice
   join deliveries d on d.event_id = slice.value ->> 0 and d.destination_id = slice.value ->> 1 where d.recovery_id = ?1)`;

const advance = `
  update recoveries set cursor = ?3, state = iif(?4 = 1, 'finished', state), reopened = reopened + ${openedNow}, updated_at = ?5
  where id = ?1 and state = 'running' and cursor = ?2
  returning id`;

/**
 * Opens a slice of deliveries and moves the recovery's cursor behind it, in one transaction. False, with nothing changed, when
 * somebody else has done it, or it was cancelled. `end` null: that was all.
 */
export async function reopenDeliveries(
  db: D1Database,
  recovery: Recovery,
  keys: Key[],
  end: Cursor | null,
  now: Instant,
): Promise<boolean> {
  const slice = JSON.stringify(keys);
  const before = JSON.stringify(recovery.cursor);
  const after = JSON.stringify(end ?? recovery.cursor);
  const [, advanced] = await db.batch<Row>([
    db
      .prepare(reopenSlice(recovery.states))
      .bind(recovery.id, before, slice, now, now + ringGraceMs, recovery.payload === "rebuilt" ? 1 : 0),
    db.prepare(advance).bind(recovery.id, before, after, end === null ? 1 : 0, now, slice),
  ]);
  return (advanced?.results.length ?? 0) > 0;
}

const insert = `
  insert into recoveries (id, destination_id, states, since, until, filter, payload, rate, total, created_at, updated_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`;

/** Writes down a recovery that is about to begin. */
export async function saveRecovery(db: D1Database, recovery: Recovery): Promise<void> {
  const { id, destinationId, states, since, until, filter, payload, rate, total, createdAt } = recovery;
  await db.prepare(insert).bind(id, destinationId, JSON.stringify(states), since, until, filter, payload, rate, total, createdAt).run();
}

const cancel = `update recoveries set state = 'cancelled', updated_at = ?2 where id = ?1 and state = 'running' returning id`;

/** Stops a recovery; what it has opened stays open. False when it was not running. */
export async function cancelRecovery(db: D1Database, id: string, now: Instant): Promise<boolean> {
  return (await db.prepare(cancel).bind(id, now).first()) !== null;
}

export async function findRecovery(db: D1Database, id: string): Promise<Recovery | null> {
  const row = await db.prepare(`select * from recoveries where id = ?1`).bind(id).first<Row>();
  return row && recoveryOf(row);
}

const listing = { table: "recoveries", columns: "*", key: ["created_at", "id"] };

/** Where a page of recoveries goes on. */
export type RecoveryKey = [createdAt: number, id: string];

/** Recoveries, the latest first. */
export async function listRecoveries(
  db: D1Database,
  { cursor, limit }: { cursor?: RecoveryKey | undefined; limit: number },
): Promise<{ recoveries: Recovery[]; next: RecoveryKey | null }> {
  const within = cursor ? [{ sql: "(created_at, id) < (?, ?)", values: cursor }] : [];
  const { rows, next } = await listPage(db, listing, within, [], limit);
  return { recoveries: rows.map(recoveryOf), next: next && [Number(next[0]), next[1] as string] };
}

const stalled = `select id from recoveries where state = 'running' and updated_at < ?1`;

/** The recoveries that run and have not come further for a while. */
export async function listStalled(db: D1Database, now: Instant): Promise<string[]> {
  const { results } = await db
    .prepare(stalled)
    .bind(now - 10 * second)
    .all<Row>();
  return results.map((row) => textOf(row, "id"));
}

function keyOf(row: Row): Key {
  return [textOf(row, "event_id"), textOf(row, "destination_id")];
}

function recoveryOf(row: Row): Recovery {
  return {
    id: textOf(row, "id"),
    destinationId: row["destination_id"] as string | null,
    states: jsonOf(row, "states"),
    since: numberOf(row, "since"),
    until: numberOf(row, "until"),
    filter: textOf(row, "filter"),
    payload: textOf(row, "payload") as Recovery["payload"],
    rate: numberOf(row, "rate"),
    state: textOf(row, "state") as Recovery["state"],
    total: row["total"] as number | null,
    reopened: numberOf(row, "reopened"),
    delivered: numberOf(row, "delivered"),
    failed: numberOf(row, "failed"),
    cursor: jsonOf(row, "cursor"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
