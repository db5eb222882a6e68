import type { App } from "./app.ts";
import type { Destination } from "./domain/destination.ts";
import { type Event, madeEvent } from "./domain/event.ts";
import type { EventType } from "./domain/kind.ts";
import type { Receipt } from "./domain/receipt.ts";
import type { Instant } from "./domain/time.ts";
import { select } from "./forward/select.ts";
import { ring, ringsOf } from "./ring.ts";
import { saveAll } from "./store/outbox.ts";

/** What our own news say of where they come from, in place of a source's name. */
const ownName = "operational";

/** News of our own. `about` is the id of what it is about; news of one type about one thing with the same `once` is told once. */
export interface News {
  type: EventType;
  about: string;
  /** Flat text; `reason` is a sentence for people. */
  fields: Record<string, string>;
  once: string;
}

/**
 * Tells news: into the log, and as an event on the same road as all others, to each destination that selects it and that `mayHear` allows.
 * What was told already is a repeat like any other.
 */
export async function tellAll(app: App, news: News, mayHear: (destination: Destination) => boolean = () => true): Promise<void> {
  const event = newsEvent(news, app.now());
  const { destinations } = await app.catalog.current(app.db);
  const wanting = select(event, ownName, destinations.filter(mayHear));
  const selected = wanting.map(({ id }) => ({ destinationId: id, action: null, once: false }));
  const [saved] = await saveAll(app.db, [{ event, receipt: noReceipt(event), selected, dedupeWindow: 0 }]);
  if (saved?.isDuplicate) return;
  console.warn(`news: ${news.type}`, news.about, news.fields["reason"]);
  const rings = ringsOf(event.id, wanting);
  if (rings.length > 0) app.later(ring(app, rings));
}

function newsEvent({ type, about, fields, once }: News, now: Instant): Event {
  return madeEvent({
    sourceId: ownName,
    origin: "postback",
    kind: "operational",
    type,
    subject: `${type}:${about}`,
    fingerprint: `${type}:${about}:${once}`,
    receivedAt: now,
    occurredAt: now,
    fields,
  });
}

/** News was not received from anybody. */
function noReceipt({ id, kind, receivedAt }: Event): Receipt {
  return {
    id,
    receivedAt,
    tokenHash: "",
    kind,
    method: "",
    query: "",
    headers: {},
    ip: "",
    body: new Uint8Array(),
    truncated: false,
  };
}
