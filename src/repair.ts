import type { App, Ring } from "./app.ts";
import { rebook } from "./book.ts";
import type { Missing } from "./domain/case.ts";
import { type Event, madeEvent } from "./domain/event.ts";
import type { Fields } from "./domain/fields.ts";
import type { Gap } from "./domain/gap.ts";
import type { Kind } from "./domain/kind.ts";
import type { Reading } from "./domain/reading.ts";
import type { Reconciliation } from "./domain/reconciliation.ts";
import type { Source } from "./domain/source.ts";
import { type Instant, parseDate } from "./domain/time.ts";
import { gapsOf } from "./explain.ts";
import { select } from "./forward/select.ts";
import { classify } from "./postback/classify.ts";
import { fingerprint } from "./postback/fingerprint.ts";
import { jobIsFetched, selectedOf } from "./receive.ts";
import { ring, ringsOf } from "./ring.ts";
import type { Key } from "./store/ledgers.ts";
import { type Repair, saveRepairs } from "./store/repairs.ts";

/** The walk on whose behalf something is repaired. */
export interface Errand {
  source: Source;
  reconciliation: Reconciliation;
}

/** Something that no postback told: what it says, and the reading that says it (inquiries have none). */
export interface Untold extends Pick<Missing, "fields" | "payout" | "deltaPayout" | "amount" | "deltaAmount"> {
  kind: Kind;
  nested: Record<string, unknown>;
  effectiveAt: Instant | null;
  reading: Reading | null;
  /** The other rows of its order. */
  others?: Reading[];
  /** Of a job whose result is to be fetched: the event is a hint then, goes to nobody, and another one tells. */
  jobId?: string;
}

/**
 * Makes events of what no postback told, and sends them down the same road as all others, once; what may have been told by a postback that
 * does not say what it is about goes to nobody. `readings` is what else was found out.
 */
export async function repair(app: App, errand: Errand, seen: number, untold: Untold[], readings: Reading[]): Promise<void> {
  if (untold.length + readings.length === 0) return;
  const { destinations } = await app.catalog.current(app.db);
  const isImport = errand.reconciliation.origin === "import";
  const made = untold.map((one) => ({ one, event: eventOf(errand, one, app.now()) }));
  const gaps = isImport ? new Map<string, Gap>() : await gapsOf(app, errand, made);
  const repairs = made.map(({ one, event }): Repair & { rings: Ring[] } => {
    const gap = gaps.get(event.id) ?? null;
    const isForNobody = isImport || one.jobId !== undefined || gap?.reason === "template_without_id";
    const wanting = isForNobody ? [] : select(event, errand.source.name, destinations);
    const selected = wanting.map((destination) => selectedOf(event, destination));
    return { event, reading: one.reading, others: one.others ?? [], selected, gap, jobId: one.jobId, rings: ringsOf(event.id, wanting) };
  });
  const saved = await saveRepairs(app.db, seen, repairs, readings, app.now());
  const written = repairs.filter(({ event }) => saved.has(event.id));
  const rings = written.flatMap((one) => one.rings);
  if (rings.length > 0) await ring(app, rings);
  await rebook(app, keysOf(errand, written, readings));
}

function keysOf({ source }: Errand, repairs: Repair[], readings: Reading[]): Key[] {
  const subjects = [...repairs.map(({ event }) => event.subject), ...readings.map(({ actionId }) => `action:${actionId}`)];
  return [...new Set(subjects)].flatMap((subject) => (subject === null ? [] : [[source.id, subject] as Key]));
}

function eventOf(
  { source, reconciliation }: Errand,
  { kind, fields, nested, effectiveAt, jobId, ...amounts }: Untold,
  now: Instant,
): Event {
  const { type, status, subject } = classify(kind, fields, []);
  const { payout, deltaPayout, amount, deltaAmount } = amounts;
  return madeEvent({
    sourceId: source.id,
    origin: reconciliation.origin,
    kind,
    type,
    subject,
    fingerprint: fingerprint(source.id, kind, fields, nested),
    actionId: fields["ActionId"]?.trim() || null,
    status,
    receivedAt: now,
    occurredAt: momentOf(fields, kind) ?? effectiveAt,
    currency: fields["Currency"]?.trim().toUpperCase() ?? null,
    payout,
    deltaPayout,
    amount,
    deltaAmount,
    fields,
    nested,
    warnings: jobId === undefined ? [] : [jobIsFetched],
  });
}

/** The same that a postback of this kind would name. */
function momentOf(fields: Fields, kind: Kind): Instant | null {
  const name = kind === "action-lifecycle" ? "EventDate" : kind === "action-clearing" ? "ClearedDate" : null;
  return (name && parseDate(fields[name] ?? "")?.at) ?? null;
}
