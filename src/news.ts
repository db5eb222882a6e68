import type { App } from "./app.ts";
import { type Delivery, deliveryId } from "./domain/delivery.ts";
import { breaker, type Destination } from "./domain/destination.ts";
import type { EventType } from "./domain/kind.ts";
import { day, formatInstant, hour } from "./domain/time.ts";
import { disableDestination } from "./store/destinations.ts";
import { noteWarning, type Recorded } from "./store/outcomes.ts";
import { tellAll } from "./tell.ts";

/** A destination that gave nothing but failures for so long is disabled; half-way, the operator is warned. */
const longestFailureMs = 5 * day;

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

/** News about a destination goes never to the one that it is about. */
async function tell(app: App, type: EventType, about: Destination, fields: Record<string, string>, once: string): Promise<void> {
  const told = { destination: about.id, destination_name: about.name, ...fields };
  await tellAll(app, { type, about: about.id, fields: told, once }, ({ id }) => id !== about.id);
}
