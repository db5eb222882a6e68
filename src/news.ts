import type { App } from "./app.ts";
import { type Delivery, deliveryId } from "./domain/delivery.ts";
import { breaker, type Destination } from "./domain/destination.ts";
import type { Event } from "./domain/event.ts";
import { newEventId } from "./domain/id.ts";
import type { EventType } from "./domain/kind.ts";
import type { Receipt } from "./domain/receipt.ts";
import { day, formatInstant, hour, type Instant } from "./domain/time.ts";
import { select } from "./forward/select.ts";
import { ring } from "./ring.ts";
import { disableDestination } from "./store/destinations.ts";
import { saveAll } from "./store/outbox.ts";
import { noteWarning, type Recorded } from "./store/outcomes.ts";

/** A destination that gave nothing but failures for so long is disabled; half-way, the operator is warned. */
const longestFailureMs = 5 * day;

/** What our own news say of where they come from, in place of a source's name. */
const ownName = "operational";

/** After a failure: is the destination to be given up, or the operator to be warned? */
export async function judge(app: App, destination: Destination, health: Recorded["after"]): Promise<void> {
  const { failures, failingSince, warnedAt } = health;
  if (failingSince === null || failures < breaker.failures) return;
  const failingMs = app.now() - failingSince;
  const since = formatInstant(failingSince);
  if (failingMs >= longestFailureMs) {
    const why = `It gave nothing but failures since ${since}, ${failures} in a row.`;
    return await disable(app, destination, why, since, { failing_since: since });
  }
  if (failingMs < longestFailureMs / 2 || warnedAt !== null) return;
  const end = formatInstant(failingSince + longestFailureMs);
  const reason = `It gives nothing but failures since ${since}, ${failures} in a row. It will be disabled at ${end} unless it answers.`;
  await tell(app, "operational.destination_failing", destination, { reason, failing_since: since, disabled_at: end }, since);
  await noteWarning(app.db, destination.id, app.now());
}

/** 410 Gone is the far side's wish to hear no more. */
export async function retire(app: App, destination: Destination): Promise<void> {
  await disable(app, destination, "It answered 410 Gone.", String(destination.updatedAt));
}

/** Told first: should we die in between, the next failure disables it, and tells nothing twice. */
async function disable(app: App, destination: Destination, why: string, once: string, more: Record<string, string> = {}): Promise<void> {
  const reason = `${why} Set its state to active when it is back; its deliveries are held until then.`;
  await tell(app, "operational.destination_disabled", destination, { reason, ...more }, once);
  await disableDestination(app.db, destination.id, reason, app.now());
  app.catalog.forget();
}

/** A delivery was given up. Of one destination this is told once an hour at the most. */
export async function tellExhausted(app: App, destination: Destination, delivery: Delivery, why: string): Promise<void> {
  const reason = `A delivery was given up, with ${delivery.attempts} attempt(s) made: ${why}. GET /deliveries?state=exhausted&destination=${destination.id} lists all; POST /recoveries sends them again.`;
  await tell(
    app,
    "operational.delivery_exhausted",
    destination,
    { reason, delivery: deliveryId(delivery) },
    String(Math.floor(app.now() / hour)),
  );
}

/**
 * News about a destination: into the log, and as an event on the same road as all others, to each destination that selects it, but
 * never to the one it is about. News of one type with the same `once` is told once: it is a repeat like any other.
 */
async function tell(app: App, type: EventType, about: Destination, fields: Record<string, string>, once: string): Promise<void> {
  const event = newsEvent(type, about, fields, app.now(), once);
  const { destinations } = await app.catalog.current(app.db);
  const others = destinations.filter(({ id }) => id !== about.id);
  const deliveries = select(event, ownName, others).map(({ id }) => ({ destinationId: id, action: null, once: false }));
  const [saved] = await saveAll(app.db, [{ event, receipt: noReceipt(event), selected: deliveries, dedupeWindow: 0 }]);
  if (saved?.isDuplicate) return;
  console.warn(`news: ${type}`, about.id, fields["reason"]);
  app.later(
    ring(
      app,
      deliveries.map(({ destinationId }) => deliveryId({ eventId: event.id, destinationId })),
    ),
  );
}

function newsEvent(type: EventType, about: Destination, fields: Record<string, string>, now: Instant, once: string): Event {
  return {
    id: newEventId(now),
    sourceId: ownName,
    origin: "postback",
    kind: "operational",
    type,
    subject: `${type}:${about.id}`,
    fingerprint: `${type}:${about.id}:${once}`,
    actionId: null,
    status: null,
    isTest: false,
    receivedAt: now,
    occurredAt: now,
    currency: null,
    payout: null,
    deltaPayout: null,
    amount: null,
    deltaAmount: null,
    fields: { destination: about.id, destination_name: about.name, ...fields },
    nested: {},
    warnings: [],
  };
}

/** News was not received from anybody. */
function noReceipt({ id, kind, receivedAt }: Event): Receipt {
  return {
    id,
    receivedAt,
    tokenHash: "",
    kind,
    method: "",
    query: "",
    headers: {},
    ip: "",
    body: new Uint8Array(),
    truncated: false,
  };
}
