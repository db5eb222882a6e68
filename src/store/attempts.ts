import type { Delivery, DeliveryState, Outcome } from "../domain/delivery.ts";
import type { Instant } from "../domain/time.ts";
import { deliveryOf } from "./deliveries.ts";
import { listPage, when } from "./page.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

/** One request that was made; `nextAt` is when the next one was due after it. */
export type Attempt = Omit<Outcome, "retryAfterMs" | "isSent"> & { number: number; at: Instant; nextAt: Instant | null };

export interface DeliverySearch {
  state?: DeliveryState | undefined;
  destination?: string | undefined;
  event?: string | undefined;
  cursor?: { eventId: string; destinationId: string } | undefined;
  limit: number;
}

const listing = { table: "deliveries", columns: "*", key: ["event_id", "destination_id"] };

/** Deliveries, newest event first. */
export async function listDeliveries(db: D1Database, search: DeliverySearch) {
  const { state, destination, event, cursor } = search;
  const isIndexed = state === "exhausted" && destination !== undefined;
  const narrow = [...(state === undefined ? [] : [{ sql: `state = '${state}'`, values: [] }]), ...when(destination, "destination_id = ?")];
  const within = [
    ...(cursor ? [{ sql: "(event_id, destination_id) < (?, ?)", values: [cursor.eventId, cursor.destinationId] }] : []),
    ...when(event, "event_id = ?"),
    ...(isIndexed ? narrow : []),
  ];
  const { rows, next } = await listPage(db, listing, within, isIndexed ? [] : narrow, search.limit);
  const [eventId, destinationId] = next ?? [];
  return { deliveries: rows.map(deliveryOf), next: eventId && destinationId ? { eventId, destinationId } : null };
}

const findOne = `select * from deliveries where event_id = ?1 and destination_id = ?2`;
const attemptsOfOne = `select * from attempts where event_id = ?1 and destination_id = ?2 order by number`;

/** A delivery with its attempts, or null. */
export async function findDelivery(
  db: D1Database,
  eventId: string,
  destinationId: string,
): Promise<{ delivery: Delivery; attempts: Attempt[] } | null> {
  const [one, attempts] = await db.batch<Row>([
    db.prepare(findOne).bind(eventId, destinationId),
    db.prepare(attemptsOfOne).bind(eventId, destinationId),
  ]);
  const row = one?.results[0];
  return row ? { delivery: deliveryOf(row), attempts: (attempts?.results ?? []).map(attemptOf) } : null;
}

const deliveriesOfEvent = `select * from deliveries where event_id = ?1 order by destination_id`;
const attemptsOfEvent = `select * from attempts where event_id = ?1 order by destination_id, number`;

/** All deliveries of an event, each with its attempts. */
export async function listDeliveriesOf(db: D1Database, eventId: string): Promise<{ delivery: Delivery; attempts: Attempt[] }[]> {
  const [deliveries, attempts] = await db.batch<Row>([
    db.prepare(deliveriesOfEvent).bind(eventId),
    db.prepare(attemptsOfEvent).bind(eventId),
  ]);
  return (deliveries?.results ?? []).map((row) => ({
    delivery: deliveryOf(row),
    attempts: (attempts?.results ?? []).filter((attempt) => attempt["destination_id"] === row["destination_id"]).map(attemptOf),
  }));
}

function attemptOf(row: Row): Attempt {
  return {
    number: numberOf(row, "number"),
    at: numberOf(row, "at"),
    delivered: row["delivered"] === 1,
    status: row["status"] as number | null,
    reason: textOf(row, "reason"),
    latencyMs: numberOf(row, "latency_ms"),
    requestHeaders: jsonOf(row, "request_headers"),
    headers: jsonOf(row, "response_headers"),
    body: textOf(row, "response_body"),
    nextAt: row["next_at"] as Instant | null,
  };
}
