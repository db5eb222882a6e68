import type { App } from "./app.ts";
import { deliveryId } from "./domain/delivery.ts";
import type { Destination } from "./domain/destination.ts";
import type { Event } from "./domain/event.ts";
import type { Warning } from "./domain/fields.ts";
import { within } from "./domain/limit.ts";
import { Problem } from "./domain/problem.ts";
import type { Receipt, ReceiptStatus } from "./domain/receipt.ts";
import type { Source } from "./domain/source.ts";
import { select } from "./forward/select.ts";
import { admit, authenticate, withoutSecretHeader } from "./postback/authenticate.ts";
import { decode } from "./postback/decode.ts";
import { normalise } from "./postback/normalise.ts";
import { ring } from "./ring.ts";
import { type Selected, saveEvent } from "./store/outbox.ts";
import { saveQuarantined } from "./store/quarantine.ts";

/** How a receipt ended. `id` is its event's: its own, or for a duplicate the first one's. */
export interface Received {
  status: ReceiptStatus;
  id: string;
  /** Null when it was put off before anybody could tell whose it is. */
  source: Source | null;
  /** Why it is in quarantine. */
  problem?: Problem;
}

/**
 * One postback at the door: D1 first, the intake Queue when D1 fails or is slow. Either way it is durable before it is answered.
 * Throws `unauthorized`, and `unavailable` when both lanes failed.
 */
export async function receive(app: App, receipt: Receipt): Promise<Received> {
  try {
    return await within(app.config.storeTimeLimitMs, take(app, receipt));
  } catch (error) {
    if (error instanceof Problem) throw error;
    return await defer(app, receipt, error);
  }
}

/** One postback, from the door to the bell. Bad input ends in quarantine. */
export async function take(app: App, receipt: Receipt): Promise<Received> {
  const source = await sourceOf(app, receipt);
  const kept = withoutSecretHeader(receipt, source);
  try {
    return await ingest(app, kept, source, admit(receipt, source));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    await saveQuarantined(app.db, kept, source.id, problem);
    return { status: "quarantined", id: receipt.id, source, problem };
  }
}

/** A receipt whose source is known: decode, normalise, select, store, ring. A repeat ends at `saveEvent`. Throws what is wrong with it. */
export async function ingest(app: App, receipt: Receipt, source: Source, noted: Warning[] = []): Promise<Received> {
  const event = normalise(decode(receipt), receipt, source);
  event.warnings.push(...noted);
  const { destinations } = await app.catalog.current(app.db);
  const selected = select(event, source.name, destinations).map((destination) => selectedOf(event, destination));

  const saved = await saveEvent(app.db, event, receipt, selected, source.dedupeWindow);
  if (saved.isDuplicate) return { status: "duplicate", id: saved.id, source };

  const deliveryIds = selected.map(({ destinationId }) => deliveryId({ eventId: event.id, destinationId }));
  app.later(ring(app, deliveryIds));
  return { status: "accepted", id: saved.id, source };
}

/** The action goes along where a destination wants order, or only the first event of each. */
function selectedOf(event: Event, { id, ordered, oncePerAction }: Destination): Selected {
  const action = event.actionId !== null && (ordered || oncePerAction) ? `${event.sourceId}/${event.actionId}` : null;
  return { destinationId: id, action, once: oncePerAction };
}

/** The source that the receipt's token names; one that was made elsewhere a moment ago counts too. Throws `unauthorized`. */
export async function sourceOf(app: App, receipt: Pick<Receipt, "tokenHash" | "receivedAt">): Promise<Source> {
  const known = authenticate(receipt, (await app.catalog.current(app.db)).sources);
  const source = known ?? authenticate(receipt, (await app.catalog.anew(app.db)).sources);
  if (source) return source;
  throw new Problem(
    "unauthorized",
    "No source has this token. Copy the URL of the source again; a rotated token ends after its grace time.",
  );
}

/** The second lane. The receipt keeps its id and its time of arrival, so a commit whose answer was lost is not repeated. */
async function defer(app: App, receipt: Receipt, cause: unknown): Promise<Received> {
  console.warn("intake: D1 did not store a postback, it goes to the intake queue", receipt.id, String(cause));
  try {
    await within(app.config.intakeTimeLimitMs, app.queues.intake.send(receipt, { contentType: "v8" }));
    return { status: "deferred", id: receipt.id, source: authenticate(receipt, app.catalog.lastKnown().sources) };
  } catch (error) {
    console.error("intake: the intake queue failed too, the sender is asked to come again", receipt.id, String(error));
    throw new Problem("unavailable", "The postback could not be stored. Send it again.", [], { "retry-after": "30" });
  }
}

/** A receipt out of the intake Queue, on the same road as at the door. Throws when D1 is still away: the message stays. */
export async function takeDeferred(app: App, receipt: Receipt): Promise<void> {
  try {
    await take(app, receipt);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.warn("intake: a deferred call had no valid token and was dropped", receipt.id);
  }
}
