import { type Delivery, type DeliveryState, deliveryId, parseDeliveryId } from "../domain/delivery.ts";
import type { PayloadChoice } from "../domain/recovery.ts";
import { type Instant, minute, second } from "../domain/time.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

/** How long a ring may take to be heard before the sweep rings again. */
export const ringGraceMs = 15 * second;

const cancelSome = `
  update deliveries set state = 'cancelled', reason = ?2, updated_at = ?3
  where state = 'pending' and (event_id, destination_id) in (
    select event_id, destination_id from deliveries where state = 'pending' and destination_id = ?1 limit ?4
  )`;

/** Ends up to `limit` deliveries of each destination that was deleted. */
export async function cancelDeliveries(db: D1Database, destinationIds: string[], reason: string, now: Instant, limit: number) {
  if (destinationIds.length === 0) return;
  await db.batch(destinationIds.map((id) => db.prepare(cancelSome).bind(id, reason, now, limit)));
}

/** For destinations that want order: no other of its action waits for its next attempt. */
const isFirst = `
  not exists (
    select 1 from deliveries o
    where o.destination_id = d.destination_id and o.action = d.action and o.state = 'pending' and o.next_at > ?3
    and (select ordered from destinations where id = d.destination_id)
  )`;

const ringAgain = `
  update deliveries set ring_at = ?2
  where state = 'pending' and (event_id, destination_id) in (
    select event_id, destination_id from deliveries d
    where state = 'pending' and destination_id = ?1 and ring_at <= ?3 and next_at <= ?3 and ${isFirst}
    order by ring_at limit ?4
  )
  returning event_id, destination_id`;

/** After it rang for a delivery, the sweep rings at its next minute at the earliest; two sweeps at once ring once. */
const sweepPauseMs = 50 * second;

/** For each destination, up to `limit` deliveries that are due, that nobody is at, and whose ring must have been lost. */
export async function listUnheard(db: D1Database, destinationIds: string[], now: Instant, limit: number) {
  if (destinationIds.length === 0) return [];
  const found = await db.batch<Row>(destinationIds.map((id) => db.prepare(ringAgain).bind(id, now + sweepPauseMs, now, limit)));
  return found.flatMap(({ results }) =>
    results.map((row) => ({ eventId: textOf(row, "event_id"), destinationId: textOf(row, "destination_id") })),
  );
}

const dueOf = `
  select destination_id from deliveries
  where state = 'pending' and destination_id = ?1 and ring_at <= ?2 and next_at <= ?3
  limit 1`;

/** Which of these destinations have something due. */
export async function listBacklogged(db: D1Database, destinationIds: string[], now: Instant): Promise<string[]> {
  if (destinationIds.length === 0) return [];
  const found = await db.batch<Row>(destinationIds.map((id) => db.prepare(dueOf).bind(id, now + minute, now)));
  return found.flatMap(({ results }) => results.map((row) => textOf(row, "destination_id")));
}

const dueOldest = `
  select event_id, destination_id from deliveries d
  where state = 'pending' and destination_id = ?1 and ring_at <= ?2 and next_at <= ?3 and ${isFirst}
  order by ring_at limit ?4`;

/** The oldest due deliveries of a destination, but for those whose action has another waiting for its next attempt. */
export async function listDue(db: D1Database, destinationId: string, limit: number, now: Instant): Promise<string[]> {
  const { results } = await db
    .prepare(dueOldest)
    .bind(destinationId, now + minute, now, limit)
    .all<Row>();
  return results.map((row) => deliveryId({ eventId: textOf(row, "event_id"), destinationId }));
}

const openOf = `
  select (select count(*) from (select 1 from deliveries where state = 'pending' and destination_id = ?1 limit ?2)) as pending,
    (select count(*) from (select 1 from deliveries where state = 'exhausted' and destination_id = ?1 limit ?2)) as exhausted`;

/** How many deliveries of a destination wait, and how many were given up; each is counted up to `most`. */
export async function countOpen(db: D1Database, destinationId: string, most: number): Promise<{ pending: number; exhausted: number }> {
  const row = await db.prepare(openOf).bind(destinationId, most).first<Row>();
  return { pending: numberOf(row ?? {}, "pending"), exhausted: numberOf(row ?? {}, "exhausted") };
}

const siblings = `
  select d.* from json_each(?1) as asked
  join deliveries mine on mine.event_id = asked.value ->> 0 and mine.destination_id = asked.value ->> 1
  join deliveries d on d.destination_id = mine.destination_id and d.action = mine.action
  where d.state = 'pending'
  group by d.event_id, d.destination_id`;

/** All that is pending of the actions of the named deliveries, at their destinations. */
export async function listSiblings(db: D1Database, ids: string[]): Promise<Delivery[]> {
  const { results } = await db
    .prepare(siblings)
    .bind(JSON.stringify(keysOf(ids)))
    .all<Row>();
  return results.map(deliveryOf);
}

/** `?5`: leased at once, until then; `?6`: 1 when it is to be built anew. */
const reopen = `
  update deliveries set
    state = 'pending', attempts_before = attempts, next_at = ?4, ring_at = ?5, updated_at = ?3, recovery_id = iif(state = 'pending', recovery_id, null),
    version = iif(?6 = 1, null, version)
  where event_id = ?1 and destination_id = ?2
  returning *`;

/**
 * Opens a delivery again, whatever became of it before; its schedule starts anew. It is due at `dueAt`: now, or at the end of the
 * lease of whoever is about to send it. Null when there is none.
 */
export async function reopenDelivery(
  db: D1Database,
  key: { eventId: string; destinationId: string },
  payload: PayloadChoice,
  dueAt: Instant,
  now: Instant,
): Promise<Delivery | null> {
  const row = await db
    .prepare(reopen)
    .bind(key.eventId, key.destinationId, now, dueAt, dueAt + ringGraceMs, payload === "rebuilt" ? 1 : 0)
    .first<Row>();
  return row && deliveryOf(row);
}

const markLost = `
  update deliveries set reason = ?2, updated_at = ?3
  where state = 'pending' and (event_id, destination_id) in (select value ->> 0, value ->> 1 from json_each(?1))`;

/** Notes on pending deliveries that their messages ended in the dead-letter queue. They stay pending: the sweep rings for them. */
export async function noteDeadLetters(db: D1Database, ids: string[], reason: string, now: Instant): Promise<void> {
  await db
    .prepare(markLost)
    .bind(JSON.stringify(keysOf(ids)), reason, now)
    .run();
}

/** Event and destination of each delivery named; what names none is left out. */
export function keysOf(ids: string[]): [eventId: string, destinationId: string][] {
  return ids.flatMap((id) => {
    const key = parseDeliveryId(id);
    return key ? [[key.eventId, key.destinationId]] : [];
  });
}

/** A delivery from its row. */
export function deliveryOf(row: Row): Delivery {
  const state = textOf(row, "state") as DeliveryState;
  return {
    eventId: textOf(row, "event_id"),
    destinationId: textOf(row, "destination_id"),
    state,
    attempts: numberOf(row, "attempts"),
    attemptsBefore: numberOf(row, "attempts_before"),
    nextAttemptAt: state === "pending" ? numberOf(row, "next_at") : null,
    reason: row["reason"] as string | null,
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
    action: row["action"] as string | null,
    version: row["version"] as number | null,
    recoveryId: row["recovery_id"] as string | null,
  };
}
