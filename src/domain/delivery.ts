import type { Instant } from "./time.ts";

/** `pending` until it is `delivered`, `exhausted` (all attempts failed) or `cancelled` (its destination was deleted). */
export const deliveryStates = ["pending", "delivered", "exhausted", "cancelled"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One event for one destination. */
export interface Delivery {
  eventId: string;
  destinationId: string;
  state: DeliveryState;
  /** Attempts made so far. */
  attempts: number;
  /** Attempts made before the latest retry by hand: the schedule starts anew from there. */
  attemptsBefore: number;
  nextAttemptAt: Instant | null;
  /** The last outcome in words. */
  reason: string | null;
  createdAt: Instant;
  updatedAt: Instant;
  /** The action, for destinations that are ordered or hear once of each action. */
  action: string | null;
  /** The version of the body that it was first sent with; null when nothing was sent yet, or it is to be built anew. */
  version: number | null;
  /** The recovery that opened it last. */
  recoveryId: string | null;
}

/** How one attempt ended. The far side's failures are values, not exceptions. */
export interface Outcome {
  /** False when nothing left us: the request could not be built, or its address may not be called. */
  isSent: boolean;
  delivered: boolean;
  /** The HTTP status, null when none came. */
  status: number | null;
  /** In words, for people: `answered 503`, `no answer within 15 s`. */
  reason: string;
  latencyMs: number;
  /** What was sent, with secrets hidden. */
  requestHeaders: Record<string, string>;
  headers: Record<string, string>;
  /** At most 16 KB of the answer, as text. */
  body: string;
  /** How long the far side asked us to wait, in ms. */
  retryAfterMs: number | null;
}

/** A delivery has no id of its own to store: its event and its destination name it. */
export function deliveryId(delivery: { eventId: string; destinationId: string }): string {
  return `${delivery.eventId}:${delivery.destinationId}`;
}

/** The two ids behind a delivery's id; null when it is none. */
export function parseDeliveryId(id: string): { eventId: string; destinationId: string } | null {
  const [, eventId, destinationId] = /^(evt_[\w-]+):(dst_\w+)$/.exec(id) ?? [];
  return eventId && destinationId ? { eventId, destinationId } : null;
}
