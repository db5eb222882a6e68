import type { App } from "./app.ts";
import { type Delivery, deliveryId } from "./domain/delivery.ts";
import type { Destination } from "./domain/destination.ts";
import { second } from "./domain/time.ts";
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
  const recorded = await recordAttempt(app.db, concluded, outcome, startedAt, destination.version);

  await goOn(app, destination, concluded, recorded);
  if (outcome.status === 410) await retire(app, destination);
  else if (outcome.isSent && !outcome.delivered) await judge(app, destination, recorded.after);
  if (concluded.state === "exhausted" && event.kind !== "operational") await tellExhausted(app, destination, concluded, outcome.reason);
}

/** Rings for the next attempt, and for those that this one kept waiting. */
async function goOn(app: App, destination: Destination, delivery: Delivery, { before, after, nextEventId }: Recorded): Promise<void> {
  const { destinationId, nextAttemptAt } = delivery;
  if (nextAttemptAt !== null) await ring(app, [deliveryId(delivery)], Math.ceil((nextAttemptAt - app.now()) / second));
  if (nextEventId !== null) await ring(app, [deliveryId({ eventId: nextEventId, destinationId })]);

  const isOpen = after.openUntil !== null && after.openUntil > app.now();
  if (isOpen) return await wake(app, destinationId, after.openUntil as number);
  if (before.openUntil !== null && after.openUntil === null) return await drain(app, destination);
  const isWaiting = destination.concurrency !== null && (await listBacklogged(app.db, [destinationId], app.now())).length > 0;
  if (isWaiting) await ring(app, [destinationId]);
}

/** One that was made elsewhere a moment ago counts too. */
async function destinationOf(app: App, delivery: Delivery): Promise<Destination | undefined> {
  const isIt = ({ id }: Destination) => id === delivery.destinationId;
  return (await app.catalog.current(app.db)).destinations.find(isIt) ?? (await app.catalog.anew(app.db)).destinations.find(isIt);
}
