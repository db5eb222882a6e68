import type { App } from "./app.ts";
import { attempt } from "./attempt.ts";
import { hasLimits } from "./domain/destination.ts";
import { TimeLimit, within } from "./domain/limit.ts";
import { second } from "./domain/time.ts";
import { inOrder } from "./order.ts";
import { ring, wake } from "./ring.ts";
import { type Claimed, claimDeliveries, handful, type Waiting } from "./store/claims.ts";

/** How long a batch of rings may take before the next one is let in, while the slow ones of it go on. */
const patienceMs = 100;
/** For so long nobody waits any more for a destination that has been slow. */
const slowMs = 30 * second;

/**
 * The bell rang: claims what is due of the named deliveries, and of the backlogs of the named destinations, as far as each
 * destination's limits go; attempts each, records each outcome. One slow destination delays no other.
 */
export async function deliver(app: App, rings: string[]): Promise<void> {
  const asked = [...new Set(rings)];
  const { deliveries, backlogs, next } = await inOrder(app, asked);
  const room = Math.max(0, handful - deliveries.length);
  const ids = [...deliveries, ...next.slice(0, room)];
  if (ids.length + backlogs.length === 0) return;
  const { claimed, waiting } = await claimDeliveries(app.joint("patient"), ids, backlogs, app.now(), app.random());

  const attempts = claimed.map((one) => ({ one, done: attempt(app, one).catch(complain) }));
  const all = Promise.all(attempts.map(({ done }) => done));
  app.later(all);
  const ordered = asked.filter((id) => id.startsWith("dst_") && !backlogs.includes(id));
  await goOn(app, { claimed, waiting, backlogs, ordered }, all).catch(complain);
  await wait(app, attempts);
}

interface Round {
  claimed: Claimed[];
  waiting: Waiting[];
  /** The destinations that were named by rings: without order, and with it. */
  backlogs: string[];
  ordered: string[];
}

/**
 * Sees to it that somebody comes for what is left: when its time has come; or at once, for a backlog, where limits keep the
 * destination from too much, and where nothing does when these attempts are over.
 */
async function goOn(app: App, { claimed, waiting, backlogs, ordered }: Round, attempts: Promise<unknown>): Promise<void> {
  const { destinations } = await app.catalog.current(app.db);
  const isLimited = (id: string) => destinations.some((one) => one.id === id && hasLimits(one));
  const isMoving = (id: string) => claimed.some(({ delivery }) => delivery.destinationId === id);
  for (const { destinationId, at } of waiting) {
    if (at === null) continue;
    if (at > app.now()) await wake(app, destinationId, at);
    else if (backlogs.includes(destinationId) && isLimited(destinationId)) await ring(app, [destinationId]);
    else if (backlogs.includes(destinationId)) app.later(attempts.then(() => ring(app, [destinationId])));
  }
  const moving = ordered.filter(isMoving);
  if (moving.length > 0) app.later(attempts.then(() => ring(app, moving)));
}

/** A moment for those at destinations that are not known to be slow; they all go on after their batch. */
async function wait(app: App, attempts: { one: Claimed; done: Promise<void> }[]): Promise<void> {
  const underWay = new Set<string>();
  const watched = attempts.flatMap(({ one, done }) => {
    const { destinationId } = one.delivery;
    if ((app.slow.get(destinationId) ?? 0) > app.now()) return [];
    underWay.add(destinationId);
    return [done.then(() => underWay.delete(destinationId))];
  });
  await within(patienceMs, Promise.all(watched)).catch((error) => {
    if (!(error instanceof TimeLimit)) throw error;
    for (const id of underWay) app.slow.set(id, app.now() + slowMs);
  });
}

function complain(error: unknown): void {
  console.error("deliver: what could not be recorded or rung for is left to its lease and the sweep", String(error));
}
