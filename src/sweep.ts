import type { App } from "./app.ts";
import { deliveryId } from "./domain/delivery.ts";
import { breaker, type Destination, hasLimits } from "./domain/destination.ts";
import { day } from "./domain/time.ts";
import { ring, wake } from "./ring.ts";
import { pruneSendings } from "./store/claims.ts";
import { cancelDeliveries, listBacklogged, listUnheard } from "./store/deliveries.ts";
import { listStalled } from "./store/recoveries.ts";

/** How many lost rings of one destination are made good in one minute. */
const mostPerDestination = 3000;

/**
 * Every minute: rings again for what is due and was not heard, goes on with recoveries that stand still, cancels what deleted
 * destinations still had to get. What paused and disabled destinations hold is left alone; one with limits, or whose breaker is
 * open, gets a single ring for its backlog, since it takes no more than it may.
 */
export async function sweep(app: App): Promise<number> {
  const { destinations } = await app.catalog.anew(app.db);
  const active = destinations.filter(({ state }) => state === "active");
  const limited = active.filter(isLimited);
  const free = active.filter((destination) => !isLimited(destination));

  const unheard = await listUnheard(app.db, free.map(idOf), app.now(), mostPerDestination);
  await ring(app, unheard.map(deliveryId));
  const backlogged = await listBacklogged(app.db, limited.map(idOf), app.now());
  for (const { id, health } of limited) if (backlogged.includes(id)) await wake(app, id, health.openUntil ?? app.now());
  await ring(app, await listStalled(app.db, app.now()));

  const deleted = destinations.filter(({ state, updatedAt }) => state === "deleted" && app.now() - updatedAt < day);
  await cancelDeliveries(app.db, deleted.map(idOf), "its destination was deleted", app.now(), mostPerDestination);
  await pruneSendings(app.db, limited.map(idOf), app.now());
  return unheard.length;
}

function isLimited(destination: Destination): boolean {
  return hasLimits(destination) || destination.health.failures >= breaker.failures;
}

function idOf({ id }: Destination): string {
  return id;
}
