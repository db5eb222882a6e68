import type { App, Ring } from "./app.ts";
import type { Destination } from "./domain/destination.ts";
import type { Event } from "./domain/event.ts";
import type { Warning } from "./domain/fields.ts";
import { within } from "./domain/limit.ts";
import { Problem } from "./domain/problem.ts";
import type { Receipt, ReceiptStatus } from "./domain/receipt.ts";
import type { Source } from "./domain/source.ts";
import type { Count } from "./domain/tally.ts";
import { select } from "./forward/select.ts";
import { admit, authenticate, withoutSecretHeader } from "./postback/authenticate.ts";
import { decode } from "./postback/decode.ts";
import { normalise } from "./postback/normalise.ts";
import { ring, ringsOf } from "./ring.ts";
import type { Copy } from "./store/catalog.ts";
import { type Posting, type Saved, type Selected, saveAll } from "./store/outbox.ts";
import { addDuplicates } from "./store/pulses.ts";
import type { Refusal } from "./store/quarantine.ts";

/** How a receipt ended. `id` is its event's: its own, or for a duplicate the first one's. */
export interface Received {
  status: ReceiptStatus;
  id: string;
  /** Null when it was put off before anybody could tell whose it is. */
  source: Source | null;
  /** Why it is in quarantine, or will be. */
  problem?: Problem;
}

/** A receipt that was looked into: the event it becomes, or the problem that keeps it from being one. Nothing is stored yet. */
export type Understood = (Heard | Refusal) & { source: Source };

/** An event with those to ring for: what paused and disabled destinations are to get is stored, and rung for when they are active. */
type Heard = Posting & { rings: Ring[] };

type Lane = (app: App, receipt: Receipt) => Promise<Received>;

/**
 * One postback at the door, by one of two lanes: into D1, and by the intake Queue when D1 fails or is slow; the other way round when
 * INGEST_MODE is `queue`. Either way it is durable before it is answered. Throws `unauthorized`, and `unavailable` when both fail.
 */
export async function receive(app: App, receipt: Receipt): Promise<Received> {
  const [first, second]: [Lane, Lane] = app.config.ingestMode === "queue" ? [enqueue, store] : [store, defer];
  try {
    return await first(app, receipt);
  } catch (error) {
    if (error instanceof Problem) throw error;
    console.warn("receive: the first lane did not take a postback, it goes by the second", receipt.id, String(error));
  }
  try {
    return await second(app, receipt);
  } catch (error) {
    if (error instanceof Problem) throw error;
    console.error("receive: the second lane failed too, the sender is asked to come again", receipt.id, String(error));
    throw new Problem("unavailable", "The postback could not be stored. Send it again.", [], { "retry-after": "30" });
  }
}

/** Into D1. */
async function store(app: App, receipt: Receipt): Promise<Received> {
  return await within(app.config.storeTimeLimitMs, take(app, receipt));
}

/** Into the intake Queue, though a token that nobody knows is refused. */
async function enqueue(app: App, receipt: Receipt): Promise<Received> {
  await sourceOf(app, receipt).catch((error) => {
    if (error instanceof Problem) throw error; // anything else: D1 is away, which is not needed here
  });
  return await defer(app, receipt);
}

/**
 * Into the intake Queue, with the id and the time of arrival that it has, so that a commit whose answer was lost is not repeated.
 * What is wrong with it, its sender hears at once, as far as anybody here knows; it will be in quarantine.
 */
async function defer(app: App, receipt: Receipt): Promise<Received> {
  await within(app.config.intakeTimeLimitMs, app.queues.intake.send(receipt, { contentType: "v8" }));
  const known = app.catalog.lastKnown();
  const source = authenticate(receipt, known.sources);
  const problem = source && problemOf(receipt, source);
  return { status: problem ? "quarantined" : "deferred", id: receipt.id, source, ...(problem && { problem }) };
}

/** What is wrong with a receipt that is in the Queue by now. Where our own code fails on it, that is for its consumer to find. */
function problemOf(receipt: Receipt, source: Source): Problem | null {
  try {
    const understood = understand(receipt, source, { destinations: [] });
    return "problem" in understood ? understood.problem : null;
  } catch {
    return null;
  }
}

/** One postback, from the door to the bell. Bad input ends in quarantine, a repeat at `saveAll`. Throws `unauthorized`. */
export async function take(app: App, receipt: Receipt): Promise<Received> {
  const source = await sourceOf(app, receipt);
  const [received] = await keep(app, [understand(receipt, source, await app.catalog.current(app.db))]);
  return received as Received;
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

/** A receipt of this source as it will be kept: admit, decode, normalise, select. */
export function understand(receipt: Receipt, source: Source, { destinations }: Pick<Copy, "destinations">): Understood {
  const kept = withoutSecretHeader(receipt, source);
  try {
    return postingOf(kept, source, destinations, admit(receipt, source));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { receipt: kept, source, sourceId: source.id, problem };
  }
}

/** A receipt that may come in: decode, normalise, select. Throws what is wrong with it. */
export function postingOf(
  receipt: Receipt,
  source: Source,
  destinations: Destination[],
  noted: Warning[] = [],
): Heard & { source: Source } {
  const event = normalise(decode(receipt), receipt, source);
  event.warnings.push(...noted);
  const wanting = select(event, source.name, destinations);
  return {
    receipt,
    source,
    event,
    selected: wanting.map((destination) => selectedOf(event, destination)),
    rings: ringsOf(event.id, wanting),
    dedupeWindow: source.dedupeWindow,
  };
}

/** The action goes along where a destination wants order, or only the first event of each. */
export function selectedOf(event: Event, { id, ordered, oncePerAction }: Destination): Selected {
  const action = event.actionId !== null && (ordered || oncePerAction) ? `${event.sourceId}/${event.actionId}` : null;
  return { destinationId: id, action, once: oncePerAction };
}

/** What is said of a hint. */
export const jobIsFetched: Warning = {
  code: "job_is_fetched",
  detail: "This is a hint and goes to nobody: the result is fetched first, and told by an event of its own. See GET /jobs/:id.",
};

/**
 * A job's completion is a hint where its result can be fetched: what is told is the event that follows from that, made from the job's
 * own record.
 */
function asHint(one: Understood): Understood {
  if ("problem" in one || one.event.type !== "job.completed" || one.event.isTest || !one.source.fetchesJobs) return one;
  const jobId = one.event.fields["JobId"]?.trim();
  if (!jobId) return one;
  const event: Event = { ...one.event, warnings: [...one.event.warnings, jobIsFetched] };
  return { ...one, event, selected: [], rings: [], jobId };
}

/** Stores what was understood, all of it in one round trip, and rings for what is new. */
export async function keep(app: App, understood: Understood[]): Promise<Received[]> {
  const all = app.archive === null ? understood : understood.map(asHint);
  const saved = await saveAll(app.joint(), all);
  const kept = all.map((one, nth) => ({ one, ...(saved[nth] as Saved) }));
  const rings = kept.flatMap(({ one, isDuplicate }) => ("problem" in one || isDuplicate ? [] : one.rings));
  if (rings.length > 0) app.later(ring(app, rings));
  for (const { one, isDuplicate } of kept) if (isDuplicate) app.tally.note(one.source.id, one.receipt.receivedAt, app.now());
  const counts = app.tally.due(app.now());
  if (counts.length > 0) app.later(writeDown(app, counts));
  return kept.map(({ one, id, isDuplicate }) => {
    if ("problem" in one) return { status: "quarantined", id, source: one.source, problem: one.problem };
    return { status: isDuplicate ? "duplicate" : "accepted", id, source: one.source };
  });
}

/** Whose answer is lost may be counted twice: they are there for a rate. */
async function writeDown(app: App, counts: Count[]): Promise<void> {
  await addDuplicates(app.db, counts).catch((error) => {
    app.tally.giveBack(counts, app.now());
    console.warn("receive: repeats could not be counted, it is tried again in a minute", String(error));
  });
}
