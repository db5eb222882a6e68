import { env } from "cloudflare:workers";
import type { Destination } from "../../src/domain/destination.ts";
import type { Event } from "../../src/domain/event.ts";
import { newEventId, newShortId } from "../../src/domain/id.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { saveEvent } from "../../src/store/outbox.ts";
import { aReceipt } from "../kit.ts";

/** An event of a source and an action of its own, unless told otherwise. */
export function anEvent(parts: Partial<Event> = {}): Event {
  const receivedAt = parts.receivedAt ?? Date.now();
  const actionId = parts.actionId ?? `1000.${crypto.randomUUID()}`;
  return {
    id: newEventId(receivedAt),
    sourceId: newShortId("src"),
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

/** Saves an event as the Worker does. */
export async function save(
  event: Event,
  { db = env.DB, to = [], window = 900, receipt }: { db?: D1Database; to?: string[]; window?: number; receipt?: Receipt } = {},
) {
  const selected = to.map((destinationId) => ({ destinationId, action: null, once: false }));
  return await saveEvent(db, event, receipt ?? aReceipt({ id: event.id, receivedAt: event.receivedAt, query: "a=b" }), selected, window);
}

/** An event with one delivery, for a destination that only this delivery has. */
export async function aDelivery(parts: Partial<Event> = {}): Promise<{ event: Event; eventId: string; destinationId: string; id: string }> {
  const event = anEvent(parts);
  const destinationId = newShortId("dst");
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

/** How many rows fulfil a condition. */
export async function count(table: string, where: string, ...values: unknown[]): Promise<number> {
  const row = await env.DB.prepare(`select count(*) as n from ${table} where ${where}`)
    .bind(...values)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
