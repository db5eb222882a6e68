import { ledgerOf } from "./action.ts";
import type { Delivery } from "./delivery.ts";
import type { Event } from "./event.ts";
import { type Instant, minute } from "./time.ts";

/** How long an event waits for the one that should come before it, and has not arrived yet. */
export const longestWaitMs = minute;

/** Which delivery goes first, and not before when. */
export interface Turn {
  delivery: Delivery;
  notBefore: Instant;
}

/**
 * Of the pending deliveries of one action at one destination, the one to go first: by order of effect, as far as the ledger tells it,
 * else by order of arrival. `events` are all of the action, in order of arrival. One that stands behind a gap of the ledger waits
 * a minute for what is missing.
 */
export function firstInTurn(pending: Delivery[], events: Event[]): Turn | null {
  const { events: ordered, gaps } = ledgerOf(events);
  const position = new Map(ordered.map(({ id }, index) => [id, index]));
  const inLedger = pending.filter(({ eventId }) => position.has(eventId));
  const others = pending.filter(({ eventId }) => !position.has(eventId));

  const first = least(inLedger, ({ eventId }) => position.get(eventId) ?? 0);
  const oldest = least(others, ({ createdAt }) => createdAt);
  if (oldest && (!first || oldest.createdAt < first.createdAt)) return { delivery: oldest, notBefore: oldest.createdAt };
  if (!first) return null;
  const isBehindGap = gaps.some(({ before }) => before === first.eventId);
  return { delivery: first, notBefore: first.createdAt + (isBehindGap ? longestWaitMs : 0) };
}

function least(deliveries: Delivery[], measure: (delivery: Delivery) => number): Delivery | null {
  return deliveries.reduce<Delivery | null>((best, one) => (best === null || measure(one) < measure(best) ? one : best), null);
}
