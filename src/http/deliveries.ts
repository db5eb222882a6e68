import * as z from "zod";
import type { App } from "../app.ts";
import { attempt } from "../attempt.ts";
import { type Delivery, deliveryId, deliveryStates, parseDeliveryId } from "../domain/delivery.ts";
import { Problem } from "../domain/problem.ts";
import { payloadChoices } from "../domain/recovery.ts";
import { second } from "../domain/time.ts";
import { type Attempt, findDelivery, listDeliveries as search } from "../store/attempts.ts";
import { leaseMarginMs } from "../store/claims.ts";
import { reopenDelivery } from "../store/deliveries.ts";
import { readDestination } from "../store/destinations.ts";
import { findEvent } from "../store/events.ts";
import type { Receiver } from "../ui/attempts.ts";
import { deliveriesPage, deliveryPage } from "../ui/deliveries.ts";
import { cameFrom } from "./back.ts";
import { endpoint } from "./endpoint.ts";
import { eventNames } from "./event-names.ts";
import { instant, paging, wrongCursor } from "./input.ts";

export const listDeliveries = endpoint({
  summary: "Deliveries, those of the newest events first",
  query: z.strictObject({
    state: z.enum(deliveryStates).optional(),
    destination: z.string().optional().describe("A destination's id, or its name (the newest that has it)."),
    event: z.string().optional().describe("An event's id."),
    ...paging,
  }),
  run: async ({ app, query }) => {
    const { destinations } = await app.catalog.current(app.db);
    const named = destinations.findLast(({ name, state }) => name === query.destination && state !== "deleted")?.id;
    const cursor = query.cursor === undefined ? undefined : parseDeliveryId(query.cursor);
    if (cursor === null) throw wrongCursor();
    const { deliveries, next } = await search(app.db, { ...query, destination: named ?? query.destination, cursor });
    return { body: { data: deliveries.map((delivery) => viewDelivery(delivery)), next: next && deliveryId(next) } };
  },
  page: async ({ app, answer, view }) => {
    const ids = answer.data.map(({ event }) => event);
    return deliveriesPage(view, answer, await receivers(app), await eventNames(app, ids));
  },
});

export const showDelivery = endpoint({
  summary: "One delivery with its attempts",
  run: async ({ app, params }) => {
    const { eventId, destinationId } = keyOf(params["id"] ?? "");
    const found = await findDelivery(app.db, eventId, destinationId);
    if (!found) throw missing();
    return { body: viewDelivery(found.delivery, found.attempts) };
  },
  page: async ({ app, answer, view }) => {
    const names = await eventNames(app, [answer.event]);
    return deliveryPage(view, answer, (await receivers(app)).get(answer.destination), names.get(answer.event) ?? answer.event);
  },
});

export const retryDelivery = endpoint({
  summary: "Send a delivery again now, whatever became of it before, past all limits; its retry schedule starts anew",
  body: z.strictObject({
    payload: z.enum(payloadChoices).default("original").describe("original: what was sent first. rebuilt: with today's template."),
  }),
  success: 202,
  run: async ({ app, params, body }) => {
    const key = keyOf(params["id"] ?? "");
    const destination = await readDestination(app.db, key.destinationId);
    if (destination?.state === "deleted") throw new Problem("conflict", "The destination of this delivery was deleted.");
    const now = app.now();
    const isHeld = destination?.state !== "active";
    const leaseMs = (destination?.timeout ?? 0) * second + leaseMarginMs;
    const delivery = await reopenDelivery(app.db, key, body.payload, isHeld ? now : now + leaseMs, now);
    const found = delivery && (await findEvent(app.db, key.eventId));
    if (!delivery || !found) throw missing();
    if (!isHeld) app.later(attempt(app, { delivery, event: found.event }).catch(complain));
    const held = isHeld ? { note: `The destination is ${destination?.state}: it is held until the destination is active.` } : {};
    return { status: 202, body: { ...viewDelivery({ ...delivery, nextAttemptAt: now }), ...held } };
  },
  form: (fields) => ({ payload: fields.text("payload") }),
  next: ({ answer, request }) => ({
    to: cameFrom(request, /^\/events\/[\w-]+$/) ?? `/deliveries/${encodeURIComponent(answer.id)}`,
    said: "note" in answer ? String(answer.note) : "The delivery is being sent again now.",
  }),
});

/** What destinations are called, by their ids; those that were deleted are left out. */
export async function destinationNames(app: App): Promise<Map<string, string>> {
  return new Map([...(await receivers(app))].map(([id, { name }]) => [id, name]));
}

/** Destinations as deliveries see them, by their ids; those that were deleted are left out. */
export async function receivers(app: App): Promise<Map<string, Receiver>> {
  const { destinations } = await app.catalog.current(app.db);
  const there = destinations.filter(({ state }) => state !== "deleted");
  return new Map(there.map(({ id, name, state, health }) => [id, { name, state, openUntil: health.openUntil }]));
}

/** A delivery as our API tells it; with its attempts when they are given. */
export function viewDelivery(delivery: Delivery, attempts?: Attempt[]) {
  return {
    id: deliveryId(delivery),
    event: delivery.eventId,
    destination: delivery.destinationId,
    state: delivery.state,
    attempt_count: delivery.attempts,
    next_attempt_at: instant(delivery.nextAttemptAt),
    reason: delivery.reason,
    created_at: instant(delivery.createdAt),
    updated_at: instant(delivery.updatedAt),
    ...(attempts ? { attempts: attempts.map(viewAttempt) } : {}),
  };
}

function viewAttempt({ number, at, delivered, status, reason, latencyMs, requestHeaders, headers, body, nextAt }: Attempt) {
  return {
    number,
    at: instant(at),
    delivered,
    status,
    reason,
    latency_ms: latencyMs,
    request: { headers: requestHeaders },
    response: { headers, body },
    next_attempt_at: instant(nextAt),
  };
}

function complain(error: unknown): void {
  console.error("retry: an attempt could not be recorded, its lease will end", String(error));
}

function keyOf(id: string) {
  const key = parseDeliveryId(id);
  if (key) return key;
  throw missing();
}

function missing(): Problem {
  return new Problem("not_found", "There is no delivery with this id. Its form is <event id>:<destination id>.");
}
