import type { App } from "./app.ts";
import { deliveryId } from "./domain/delivery.ts";
import { ring } from "./ring.ts";
import { listUnheard } from "./store/deliveries.ts";

/** How many lost rings of one destination are made good in one minute. */
const mostPerDestination = 3000;

/**
 * Every minute: rings again for what is due and was not heard. Held deliveries (of paused and disabled destinations) are left
 * alone; those of deleted ones are rung for, since the consumer is who cancels them.
 */
export async function sweep(app: App): Promise<number> {
  const { destinations } = await app.catalog.current(app.db);
  const ringing = destinations.filter(({ state }) => state === "active" || state === "deleted").map(({ id }) => id);
  const unheard = await listUnheard(app.db, ringing, app.now(), mostPerDestination);
  await ring(app, unheard.map(deliveryId));
  return unheard.length;
}
