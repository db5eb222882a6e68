import type { App } from "./app.ts";
import type { Delivery, Outcome } from "./domain/delivery.ts";
import { deliveryId } from "./domain/delivery.ts";
import type { Destination } from "./domain/destination.ts";
import type { Event } from "./domain/event.ts";
import { TimeLimit, within } from "./domain/limit.ts";
import { Problem } from "./domain/problem.ts";
import { second } from "./domain/time.ts";
import { version } from "./domain/version.ts";
import { fateOf } from "./forward/backoff.ts";
import { payload } from "./forward/payload.ts";
import { send } from "./forward/send.ts";
import { sign } from "./forward/sign.ts";
import { checkTarget } from "./forward/target.ts";
import { ring } from "./ring.ts";
import { cancelDelivery, claimDeliveries, recordAttempt } from "./store/deliveries.ts";
import { disableDestination } from "./store/destinations.ts";

/** How long a batch of rings may take before the next one is let in, while the slow ones of it go on. */
const patienceMs = 250;

/** The bell rang: claims what is due of the named deliveries, attempts each, records each outcome. One slow destination delays no other. */
export async function deliver(app: App, deliveryIds: string[]): Promise<void> {
  const claimed = await claimDeliveries(app.db, [...new Set(deliveryIds)], app.now());
  const attempts = Promise.all(claimed.map(({ delivery, event }) => attempt(app, delivery, event).catch(complain)));
  app.later(attempts);
  await within(patienceMs, attempts).catch((slow) => {
    if (!(slow instanceof TimeLimit)) throw slow;
  });
}

function complain(error: unknown): void {
  console.error("deliver: an attempt could not be recorded, its lease will end", String(error));
}

/** One attempt at one delivery, from the claim to the next ring. */
async function attempt(app: App, delivery: Delivery, event: Event): Promise<void> {
  const destination = await destinationOf(app, delivery);
  if (destination?.state === "deleted") return await cancelDelivery(app.db, delivery, "its destination was deleted", app.now());
  if (destination?.state !== "active") return; // held: the sweep rings when the destination is resumed

  const startedAt = app.now();
  const outcome = await request(app, destination, event);
  const counted = { ...delivery, attempts: delivery.attempts + 1 };
  const fate = fateOf(outcome, counted, destination.retrySchedule, app.now(), app.random());
  await recordAttempt(app.db, { ...counted, nextAttemptAt: null, ...fate, updatedAt: app.now() }, outcome, startedAt);

  if (fate.state === "pending") await ring(app, [deliveryId(delivery)], Math.ceil((fate.nextAttemptAt - app.now()) / second));
  if (outcome.status === 410) await retire(app, destination);
}

/** Signs an event and sends it to a destination, now. What keeps it from being sent at all is an outcome like any other. */
export async function request(app: App, destination: Destination, event: Event): Promise<Outcome> {
  const { sources } = await app.catalog.current(app.db);
  const body = payload(event, sources.find(({ id }) => id === event.sourceId)?.name ?? event.sourceId);
  try {
    const url = checkTarget(destination.url, app.config.allowLoopback);
    const secrets = await app.seal.open(destination.sealed);
    const headers = {
      "content-type": "application/json",
      "user-agent": `Postback-Edge/${version}`,
      ...secrets.headers,
      ...sign(event.id, app.now(), body, secrets.signing),
    };
    return await send(app.fetch, { url, method: destination.method, headers, body, timeout: destination.timeout }, app.now);
  } catch (error) {
    const reason =
      error instanceof Problem ? error.message : "its secrets could not be decrypted: ENCRYPTION_KEY is not the one they were sealed with";
    return { delivered: false, status: null, reason, latencyMs: 0, headers: {}, body: "", retryAfterMs: null };
  }
}

/** One that was made elsewhere a moment ago counts too. */
async function destinationOf(app: App, delivery: Delivery): Promise<Destination | undefined> {
  const isIt = ({ id }: Destination) => id === delivery.destinationId;
  return (await app.catalog.current(app.db)).destinations.find(isIt) ?? (await app.catalog.anew(app.db)).destinations.find(isIt);
}

/** 410 Gone is the far side's wish to hear no more. */
async function retire(app: App, destination: Destination): Promise<void> {
  console.warn("deliver: a destination answered 410 and was disabled", destination.id);
  const reason = "It answered 410 Gone. Set its state to active when it is back; its deliveries are held until then.";
  await disableDestination(app.db, destination.id, reason, app.now());
  app.catalog.forget();
}
