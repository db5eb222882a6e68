import { type Delivery, type DeliveryState, type Outcome, parseDeliveryId } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import { type Instant, second } from "../domain/time.ts";
import { eventOf, selectEvents } from "./events.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

/** What a consumer has beyond the destination's timeout, to record the attempt, before the delivery is free again. */
const leaseMarginMs = 15 * second;

/** How much earlier than its time a delivery may be claimed for its first attempt: the clocks of two machines never quite agree. */
const clockSlackMs = second;

/** How long a ring may take to be heard before the sweep rings again. */
export const ringGraceMs = 15 * second;

const claim = `
  update deliveries
  set next_at = ?2 + 1000 * coalesce((select timeout from destinations where id = destination_id), 25)
  where state = 'pending' and next_at <= iif(attempts = 0, ?4, ?3)
  and (event_id, destination_id) in (select value ->> 0, value ->> 1 from json_each(?1))
  returning *`;

/** A delivery that this consumer alone may attempt now, with its event. */
export interface Claimed {
  delivery: Delivery;
  event: Event;
}

/**
 * Of the named deliveries, those that are due and that nobody else is at: each is leased for its destination's
 * timeout and 15 s more. One round trip.
 * Rings come twice, late, and for what is long done; the row decides.
 */
export async function claimDeliveries(db: D1Database, ids: string[], now: Instant): Promise<Claimed[]> {
  const keys = keysOf(ids);
  const [claimed, events] = await db.batch<Row>([
    db.prepare(claim).bind(JSON.stringify(keys), now + leaseMarginMs, now, now + clockSlackMs),
    db.prepare(selectEvents).bind(JSON.stringify(keys.map(([eventId]) => eventId))),
  ]);
  const byId = new Map(events?.results.map((row) => [textOf(row, "id"), eventOf(row)]));
  return (claimed?.results ?? []).flatMap((row) => {
    const event = byId.get(textOf(row, "event_id"));
    return event ? [{ delivery: deliveryOf(row), event }] : [];
  });
}

const insertAttempt = `
  insert into attempts (event_id, destination_id, number, at, delivered, status, reason, latency_ms, response_headers, response_body)
  select ?1, ?2, attempts + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9 from deliveries where event_id = ?1 and destination_id = ?2`;

const concludeDelivery = `
  update deliveries set
    attempts = attempts + 1, updated_at = ?7,
    state = iif(state = 'delivered', state, ?3), reason = iif(state = 'delivered', reason, ?6), next_at = ?4, ring_at = ?5
  where event_id = ?1 and destination_id = ?2`;

/**
 * Writes an attempt and what became of its delivery, in one transaction. The row counts its attempts itself: two may overlap when
 * an operator sends again. A failure that ends after another has succeeded leaves the delivery delivered.
 */
export async function recordAttempt(db: D1Database, delivery: Delivery, outcome: Outcome, startedAt: Instant): Promise<void> {
  const { eventId, destinationId, state, updatedAt } = delivery;
  const nextAt = delivery.nextAttemptAt ?? updatedAt;
  await db.batch([
    db
      .prepare(insertAttempt)
      .bind(
        eventId,
        destinationId,
        startedAt,
        outcome.delivered ? 1 : 0,
        outcome.status,
        outcome.reason,
        outcome.latencyMs,
        JSON.stringify(outcome.headers),
        outcome.body,
      ),
    db.prepare(concludeDelivery).bind(eventId, destinationId, state, nextAt, nextAt + ringGraceMs, outcome.reason, updatedAt),
  ]);
}

const cancel = `
  update deliveries set state = 'cancelled', reason = ?3, updated_at = ?4
  where event_id = ?1 and destination_id = ?2 and state = 'pending'`;

/** Ends a delivery whose destination was deleted. */
export async function cancelDelivery(db: D1Database, delivery: Delivery, reason: string, now: Instant): Promise<void> {
  await db.prepare(cancel).bind(delivery.eventId, delivery.destinationId, reason, now).run();
}

const ringAgain = `
  update deliveries set ring_at = ?2
  where state = 'pending' and (event_id, destination_id) in (
    select event_id, destination_id from deliveries
    where state = 'pending' and destination_id = ?1 and ring_at <= ?3 and next_at <= ?3
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

const reopen = `
  update deliveries set state = 'pending', attempts_before = attempts, next_at = ?3, ring_at = ?4, updated_at = ?3
  where event_id = ?1 and destination_id = ?2
  returning *`;

/** Makes a delivery due now, whatever became of it before; its schedule starts anew. Null when there is none. */
export async function reopenDelivery(db: D1Database, eventId: string, destinationId: string, now: Instant): Promise<Delivery | null> {
  const row = await db
    .prepare(reopen)
    .bind(eventId, destinationId, now, now + ringGraceMs)
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
function keysOf(ids: string[]): [eventId: string, destinationId: string][] {
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
  };
}
