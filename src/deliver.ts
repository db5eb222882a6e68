import type { App } from "./app.ts";
import { attempt } from "./attempt.ts";
import { TimeLimit, within } from "./domain/limit.ts";
import { second } from "./domain/time.ts";
import { inOrder } from "./order.ts";
import { ring, wake } from "./ring.ts";
import { type Claimed, claimDeliveries } from "./store/claims.ts";

/** How long a batch of rings may take before the next one is let in, while the slow ones of it go on. */
const patienceMs = 100;
/** For so long nobody waits any more for a destination that has been slow. */
const slowMs = 30 * second;

/**
 * The bell rang: claims what is due of the named deliveries, and of the backlogs of the named destinations, as far as each
 * destination's limits go; attempts each, records each outcome. One slow destination delays no other.
 */
export async function deliver(app: App, rings: string[]): Promise<void> {
  const asked = await inOrder(app, [...new Set(rings)]);
  if (asked.deliveries.length + asked.backlogs.length === 0) return;
  const { claimed, waiting } = await claimDeliveries(app.db, asked.deliveries, asked.backlogs, app.now(), app.random());
  for (const { destinationId, at } of waiting) {
    // Those that are due now have rings of their own on the way, unless they are a backlog.
    const isMore = at !== null && (at > app.now() || asked.backlogs.includes(destinationId));
    if (isMore) await wake(app, destinationId, at);
  }
  const moving = new Set(claimed.map(({ delivery }) => delivery.destinationId));
  const unfinished = asked.pages.filter((id) => moving.has(id));
  if (unfinished.length > 0) await ring(app, unfinished, 1);
  await attemptAll(app, claimed);
}

/** Attempts go on after their batch; it waits a moment for those at destinations that are not known to be slow. */
async function attemptAll(app: App, claimed: Claimed[]): Promise<void> {
  const underWay = new Set<string>();
  const attempts = claimed.map(async (one) => {
    const { destinationId } = one.delivery;
    const isSlow = (app.slow.get(destinationId) ?? 0) > app.now();
    if (!isSlow) underWay.add(destinationId);
    const attempted = attempt(app, one)
      .catch(complain)
      .finally(() => underWay.delete(destinationId));
    app.later(attempted);
    if (!isSlow) await attempted;
  });
  await within(patienceMs, Promise.all(attempts)).catch((error) => {
    if (!(error instanceof TimeLimit)) throw error;
    for (const id of underWay) app.slow.set(id, app.now() + slowMs);
  });
}

function complain(error: unknown): void {
  console.error("deliver: an attempt could not be recorded, its lease will end", String(error));
}
