import type { App, Ring } from "./app.ts";
import { deliveryId } from "./domain/delivery.ts";
import { type Destination, hasLimits } from "./domain/destination.ts";
import { type Instant, second } from "./domain/time.ts";
import { planWake } from "./store/outcomes.ts";

/** sendBatch takes no more messages than this at once. Source: Cloudflare's Queues limits. */
const largestBatch = 100;
const longestDelay = 86_400;

/** The rings for an event's deliveries to those who want it. Who is paused or disabled is rung for when active again. */
export function ringsOf(eventId: string, wanting: Pick<Destination, "id" | "state">[]): Ring[] {
  const active = wanting.filter(({ state }) => state === "active");
  return active.map(({ id }) => deliveryId({ eventId, destinationId: id }));
}

/**
 * Rings `delaySeconds` from now for what the ids name: deliveries, destinations with a backlog (`dst_…`), recoveries (`rcv_…`).
 * The row is the truth, the Queue is a doorbell: a ring that fails is logged, and the sweep rings again.
 */
export async function ring(app: Pick<App, "queues">, ids: Ring[], delaySeconds = 0): Promise<void> {
  try {
    for (let start = 0; start < ids.length; start += largestBatch) {
      const messages = ids.slice(start, start + largestBatch).map((body) => ({ body }));
      await app.queues.deliveries.sendBatch(messages, { delaySeconds: Math.min(delaySeconds, longestDelay) });
    }
  } catch (error) {
    console.warn("ring: the queue did not take a ring, the sweep will repeat it", ids.length, String(error));
  }
}

/** Up to this long a consumer waits itself, since a Queue counts delays in whole seconds. */
const shortMs = 2 * second;

/** Has somebody go on with a destination's backlog at `at`; once, however many ask for it. */
export async function wake(app: Pick<App, "queues" | "db" | "now" | "later">, destinationId: string, at: Instant): Promise<void> {
  const now = app.now();
  if (at <= now) return await ring(app, [destinationId]);
  if (!(await planWake(app.db, destinationId, at, now))) return;
  if (at - now > shortMs) return await ring(app, [destinationId], Math.ceil((at - now) / second));
  app.later(new Promise((resolve) => setTimeout(resolve, at - now)).then(() => ring(app, [destinationId])));
}

/** How many consumers at once work off the backlog of a destination without limits. */
const lanes = 4;

/** Has a destination's backlog worked off, as fast as its limits let it. */
export async function drain(app: Pick<App, "queues">, destination: Destination): Promise<void> {
  await ring(app, Array(hasLimits(destination) ? 1 : lanes).fill(destination.id));
}
