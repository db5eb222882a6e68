import type { App } from "./app.ts";
import { type Delivery, deliveryId, type Outcome } from "./domain/delivery.ts";
import { breaker, type Destination } from "./domain/destination.ts";
import { type Instant, second } from "./domain/time.ts";
import { fateOf } from "./forward/backoff.ts";
import { judge, retire, tellExhausted } from "./news.ts";
import { request } from "./request.ts";
import { drain, ring, wake } from "./ring.ts";
import type { Claimed } from "./store/claims.ts";
import { listBacklogged } from "./store/deliveries.ts";
import { type Recorded, recordAttempt } from "./store/outcomes.ts";

/** One attempt at one delivery: the request, the record, and whoever has to hear of it. */
export async function attempt(app: App, { delivery, event }: Claimed): Promise<void> {
  const destination = await destinationOf(app, delivery);
  if (!destination || destination.state === "deleted") return; // the sweep cancels it

  const startedAt = app.now();
  const outcome = await request(app, destination, event, delivery.version);
  const counted = { ...delivery, attempts: delivery.attempts + 1 };
  const fate = fateOf(outcome, counted, destination.retrySchedule, app.now(), app.random());
  const concluded: Delivery = { ...counted, nextAttemptAt: null, ...fate, updatedAt: app.now() };
  const recorded = await record(app, concluded, outcome, startedAt, destination.version, delivery.nextAttemptAt);

  // News has no second chance; a ring that is not made is made by the sweep.
  const isNews = event.kind === "operational";
  await tell(app, destination, concluded, outcome, recorded, isNews).catch((error) =>
    console.error("attempt: news was lost", String(error)),
  );
  await goOn(app, destination, concluded, recorded);
}

/** D1 stumbles at times, and an attempt that is not written down is made again: so it is tried twice. */
async function record(
  app: App,
  concluded: Delivery,
  outcome: Outcome,
  startedAt: Instant,
  version: number,
  lease: Instant | null,
): Promise<Recorded> {
  try {
    return await recordAttempt(app.joint("patient"), concluded, outcome, startedAt, version, { lease });
  } catch (error) {
    console.warn("attempt: its record failed, and is tried again", deliveryId(concluded), String(error));
    await new Promise((resolve) => setTimeout(resolve, second));
    return await recordAttempt(app.joint(), concluded, outcome, startedAt, version, { lease, isSecondTry: true });
  }
}

async function tell(
  app: App,
  destination: Destination,
  delivery: Delivery,
  outcome: Outcome,
  { after }: Recorded,
  isNews: boolean,
): Promise<void> {
  if (outcome.status === 410) await retire(app, destination);
  else if (outcome.isSent && !outcome.delivered) await judge(app, destination, after);
  if (delivery.state === "exhausted" && !isNews) await tellExhausted(app, destination, delivery, outcome.reason);
}

/** Rings for the next attempt, and for those that this one kept waiting. */
async function goOn(app: App, destination: Destination, delivery: Delivery, { before, after, nextEventId }: Recorded): Promise<void> {
  const { destinationId, nextAttemptAt } = delivery;
  // A second late rather than early by another machine's clock: an early ring finds nothing due.
  if (nextAttemptAt !== null) await ring(app, [deliveryId(delivery)], Math.max(0, Math.floor((nextAttemptAt - app.now()) / second)) + 1);
  if (nextEventId !== null) await ring(app, [deliveryId({ eventId: nextEventId, destinationId })]);

  const isOpen = after.openUntil !== null && after.openUntil > app.now();
  if (isOpen) return await wake(app, destinationId, after.openUntil as number);
  const wasOpen = before.failures >= breaker.failures;
  if (wasOpen && after.failures === 0) return await drain(app, destination);
  const isCounted = destination.concurrency !== null || wasOpen;
  if (isCounted && (await listBacklogged(app.db, [destinationId], app.now())).length > 0) await ring(app, [destinationId]);
}

/** One that was made elsewhere a moment ago counts too. */
async function destinationOf(app: App, delivery: Delivery): Promise<Destination | undefined> {
  const isIt = ({ id }: Destination) => id === delivery.destinationId;
  return (await app.catalog.current(app.db)).destinations.find(isIt) ?? (await app.catalog.anew(app.db)).destinations.find(isIt);
}
