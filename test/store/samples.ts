import { env } from "cloudflare:workers";
import { type Delivery, type DeliveryState, deliveryId, type Outcome } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import type { Event } from "../../src/domain/event.ts";
import { firstEventId, newEventId, newShortId } from "../../src/domain/id.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { Recovery } from "../../src/domain/recovery.ts";
import { day, minute } from "../../src/domain/time.ts";
import { claimDeliveries } from "../../src/store/claims.ts";
import { saveDestination } from "../../src/store/destinations.ts";
import { type Saved, type Selected, saveAll } from "../../src/store/outbox.ts";
import { type Recorded, recordAttempt } from "../../src/store/outcomes.ts";
import { aReceipt } from "../kit.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");

/** An event of a source and an action of its own, unless told otherwise. */
export function anEvent(parts: Partial<Event> = {}): Event {
  const receivedAt = parts.receivedAt ?? Date.now();
  const actionId = parts.actionId ?? `1000.${crypto.randomUUID()}`;
  return {
    id: newEventId(receivedAt),
    sourceId: newShortId("src"),
    origin: "postback",
    kind: "action-lifecycle",
    type: "action.pending",
    subject: `action:${actionId}`,
    fingerprint: crypto.randomUUID(),
    actionId,
    status: "PENDING",
    isTest: false,
    receivedAt,
    occurredAt: null,
    currency: "USD",
    payout: 880_000n,
    deltaPayout: 880_000n,
    amount: 21_990_000n,
    deltaAmount: 21_990_000n,
    fields: { ActionId: actionId, Status: "PENDING" },
    nested: {},
    warnings: [],
    ...parts,
  };
}

/** The same notification once more: another id, another time. */
export function again(event: Event, receivedAt = event.receivedAt): Event {
  return { ...event, id: newEventId(receivedAt), receivedAt };
}

/** Saves an event as the Worker does. `to`: destinations by their ids, or with what the outbox is to know of the action. */
export async function save(
  event: Event,
  { db = env.DB, to = [], window = 900, receipt }: { db?: D1Database; to?: (string | Selected)[]; window?: number; receipt?: Receipt } = {},
) {
  const selected = to.map((one) => (typeof one === "string" ? { destinationId: one, action: null, once: false } : one));
  const posting = {
    event,
    receipt: receipt ?? aReceipt({ id: event.id, receivedAt: event.receivedAt, query: "a=b" }),
    selected,
    dedupeWindow: window,
  };
  return (await saveAll(db, [posting]))[0] as Saved;
}

/** An event with one delivery, for an active destination that only this delivery has. */
export async function aDelivery(parts: Partial<Event> = {}): Promise<{ event: Event; eventId: string; destinationId: string; id: string }> {
  const event = anEvent(parts);
  const { id: destinationId } = await anActive();
  await save(event, { to: [destinationId] });
  return { event, eventId: event.id, destinationId, id: `${event.id}:${destinationId}` };
}

/** A destination with everything set. Paused, so that no sweep of another test rings for it. */
export function aDestination(parts: Partial<Destination> = {}): Destination {
  const id = newShortId("dst");
  return {
    id,
    name: `store ${id}`,
    url: "https://far.example/hook",
    method: "PUT",
    filter: 'status == "APPROVED"',
    timeout: 7,
    retrySchedule: [1, 2, 3],
    preset: "standard-webhooks",
    body: null,
    version: 1,
    via: null,
    auth: { type: "none" },
    rateLimit: null,
    concurrency: null,
    ordered: false,
    oncePerAction: false,
    headerNames: ["X-Key"],
    secretNames: ["api_key"],
    health: { failures: 0, failingSince: null, openUntil: null },
    sealed: "v1.a.b",
    state: "paused",
    stateReason: "paused by the operator",
    createdAt: 1,
    updatedAt: 2,
    ...parts,
  };
}

/** An active destination. It selects nothing of other tests; `retireAll` keeps their sweeps away from what is left of it. */
export async function anActive(parts: Partial<Destination> = {}): Promise<Destination> {
  const destination = aDestination({ state: "active", stateReason: null, filter: "false", timeout: 10, ...parts });
  await saveDestination(db, destination);
  return destination;
}

/** To be called after all tests of a file with active destinations or recoveries: there is one D1 for all files. */
export async function retireAll(): Promise<void> {
  await db.batch([
    db.prepare("update destinations set state = 'paused' where name like 'store %' and state = 'active'"),
    db.prepare("delete from recoveries where id like 'rcv_store%'"),
  ]);
}

/** An active destination with so many deliveries due, of an event each, a millisecond apart; their ids, oldest first. */
export async function backlog(deliveries: number, parts: Partial<Destination> = {}): Promise<{ destination: Destination; ids: string[] }> {
  const destination = await anActive(parts);
  const ids: string[] = [];
  for (let n = 0; n < deliveries; n++) {
    const event = anEvent({ receivedAt: start + n });
    await save(event, { to: [destination.id] });
    ids.push(deliveryId({ eventId: event.id, destinationId: destination.id }));
  }
  return { destination, ids };
}

/** So many deliveries at once, of events a millisecond apart that are not there; what is not told is as of new ones. */
export async function manyDeliveries(
  deliveries: number,
  destinationId: string,
  cells: Record<string, unknown> = {},
  from = longAgo,
): Promise<void> {
  const all = { state: "pending", next_at: from, ring_at: from, created_at: from, updated_at: from, ...cells };
  await db
    .prepare(
      `insert into deliveries (event_id, destination_id, ${Object.keys(all).join(", ")})
       with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < ?1)
       select printf('evt_%s-%s-7000-8000-%012x', substr(hex, 1, 8), substr(hex, 9), n), ?2, ${Object.keys(all).map((_, index) => `?${index + 4}`)}
       from (select n, printf('%012x', ?3 + n) as hex from numbers)`,
    )
    .bind(deliveries, destinationId, from, ...Object.values(all))
    .run();
}

/** When those were received: no other test looks there. */
export const longAgo = Date.parse("2002-01-01T00:00:00Z");

/** To be called after all tests of a file that made many deliveries. */
export async function forgetMany(): Promise<void> {
  await db
    .prepare("delete from deliveries where event_id < ?")
    .bind(firstEventId(longAgo + 365 * day))
    .run();
}

export const success: Outcome = {
  isSent: true,
  delivered: true,
  status: 200,
  reason: "answered 200",
  latencyMs: 12,
  requestHeaders: {},
  headers: {},
  body: "ok",
  retryAfterMs: null,
};
export const failure: Outcome = { ...success, delivered: false, status: 503, reason: "answered 503", body: "" };

/** What a consumer gets of the named deliveries, and of the backlogs in `lanes`. */
export async function claim(ids: string[], now: number, lanes: string[] = []) {
  const { claimed, waiting } = await claimDeliveries(env.DB, ids, lanes, now, Math.random());
  return { claimed: claimed.map(({ delivery }) => delivery), ids: claimed.map(({ delivery }) => deliveryId(delivery)), waiting };
}

/** Claims a delivery at `now`, or fails. */
export async function claimed(id: string, now: number): Promise<Delivery> {
  const [one] = (await claimDeliveries(db, [id], [], now, 0)).claimed;
  if (!one) throw new Error(`${id} could not be claimed`);
  return one.delivery;
}

/** Concludes an attempt: a failure is tried again a minute later, unless told otherwise. */
export async function conclude(
  delivery: Delivery,
  outcome: Outcome,
  now: number,
  {
    state,
    nextAttemptAt,
    version = 1,
    db = env.DB,
  }: { state?: DeliveryState; nextAttemptAt?: number; version?: number; db?: D1Database } = {},
): Promise<Recorded> {
  const ended = state ?? (outcome.delivered ? "delivered" : "pending");
  const next = ended === "pending" ? (nextAttemptAt ?? now + minute) : null;
  return await recordAttempt(db, { ...delivery, state: ended, nextAttemptAt: next, updatedAt: now }, outcome, now, version, {
    lease: delivery.nextAttemptAt,
  });
}

/** A recovery that is about to begin: of all that is exhausted of a day. */
export function aRecovery(parts: Partial<Recovery> = {}): Recovery {
  return {
    id: `rcv_store${crypto.randomUUID().slice(0, 8)}`,
    destinationId: null,
    states: ["exhausted"],
    since: start,
    until: start + day,
    filter: "",
    payload: "original",
    rate: 100,
    state: "running",
    total: null,
    reopened: 0,
    delivered: 0,
    failed: 0,
    cursor: [],
    createdAt: start,
    updatedAt: 0,
    ...parts,
  };
}

/** A row of deliveries, as it stands in D1. */
export async function rowOf({ eventId, destinationId }: { eventId: string; destinationId: string }) {
  return await db.prepare("select * from deliveries where event_id = ? and destination_id = ?").bind(eventId, destinationId).first();
}

/** How many rows fulfil a condition. */
export async function count(table: string, where: string, ...values: unknown[]): Promise<number> {
  const row = await env.DB.prepare(`select count(*) as n from ${table} where ${where}`)
    .bind(...values)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
