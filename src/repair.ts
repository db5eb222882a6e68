import type { App } from "./app.ts";
import { rebook } from "./book.ts";
import type { Missing } from "./domain/case.ts";
import { deliveryId } from "./domain/delivery.ts";
import type { Destination } from "./domain/destination.ts";
import type { Event } from "./domain/event.ts";
import type { Fields } from "./domain/fields.ts";
import { type Gap, type GapReason, gapReasons } from "./domain/gap.ts";
import { newEventId, newTimedId } from "./domain/id.ts";
import type { Kind } from "./domain/kind.ts";
import type { Micros } from "./domain/money.ts";
import type { Reading } from "./domain/reading.ts";
import type { Reconciliation } from "./domain/reconciliation.ts";
import type { Source } from "./domain/source.ts";
import { type Instant, parseDate } from "./domain/time.ts";
import { select } from "./forward/select.ts";
import { classify } from "./postback/classify.ts";
import { fingerprint } from "./postback/fingerprint.ts";
import { selectedOf } from "./receive.ts";
import { ring } from "./ring.ts";
import { type Hints, readHints } from "./store/gaps.ts";
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
}

/**
 * Makes events of what no postback told, and sends them down the same road as all others, once. `readings` is what else was found out.
 * Returns how many notifications had been missed: what impact.com never tells (an approval by date) is not counted.
 */
export async function repair(app: App, errand: Errand, seen: number, untold: Untold[], readings: Reading[]): Promise<number> {
  if (untold.length + readings.length === 0) return 0;
  const { destinations } = await app.catalog.current(app.db);
  const isImport = errand.reconciliation.origin === "import";
  const made = untold.map((one) => ({ one, event: eventOf(errand, one, app.now()) }));
  const gaps = isImport ? new Map<string, Gap>() : await gapsOf(app, errand, made);
  const repairs = made.map(({ one, event }): Repair => {
    const wanting = isImport ? [] : select(event, errand.source.name, destinations);
    const selected = wanting.map((destination) => selectedOf(event, destination));
    return { event, reading: one.reading, selected, gap: gaps.get(event.id) ?? null };
  });
  const saved = await saveRepairs(app.db, seen, repairs, readings, app.now());
  const written = repairs.filter(({ event }) => saved.has(event.id));
  await ringFor(app, written, destinations);
  await rebook(app, keysOf(errand, written, readings));
  return written.filter(({ gap }) => gap !== null).length;
}

async function ringFor(app: App, repairs: Repair[], destinations: Destination[]): Promise<void> {
  const active = new Set(destinations.filter(({ state }) => state === "active").map(({ id }) => id));
  const rings = repairs.flatMap(({ event, selected }) =>
    selected.filter(({ destinationId }) => active.has(destinationId)).map((one) => deliveryId({ eventId: event.id, ...one })),
  );
  if (rings.length > 0) await ring(app, rings);
}

function keysOf({ source }: Errand, repairs: Repair[], readings: Reading[]): Key[] {
  const subjects = [...repairs.map(({ event }) => event.subject), ...readings.map(({ actionId }) => `action:${actionId}`)];
  return [...new Set(subjects)].flatMap((subject) => (subject === null ? [] : [[source.id, subject] as Key]));
}

function eventOf({ source, reconciliation }: Errand, { kind, fields, nested, effectiveAt, ...amounts }: Untold, now: Instant): Event {
  const { type, status, subject } = classify(kind, fields, []);
  const { payout, deltaPayout, amount, deltaAmount } = amounts;
  return {
    id: newEventId(now),
    sourceId: source.id,
    origin: reconciliation.origin,
    kind,
    type,
    subject,
    fingerprint: fingerprint(source.id, kind, fields, nested),
    actionId: fields["ActionId"]?.trim() || null,
    status,
    isTest: false,
    receivedAt: now,
    occurredAt: momentOf(fields, kind) ?? effectiveAt,
    currency: fields["Currency"]?.trim().toUpperCase() ?? null,
    payout,
    deltaPayout,
    amount,
    deltaAmount,
    fields,
    nested,
    warnings: [],
  };
}

/** The same that a postback of this kind would name. */
function momentOf(fields: Fields, kind: Kind): Instant | null {
  const name = kind === "action-lifecycle" ? "EventDate" : kind === "action-clearing" ? "ClearedDate" : null;
  return (name && parseDate(fields[name] ?? "")?.at) ?? null;
}

interface Made {
  one: Untold;
  event: Event;
}

/** A gap for each that a postback should have told, by the id of its event. impact.com never tells an approval by date. */
async function gapsOf(app: App, errand: Errand, made: Made[]): Promise<Map<string, Gap>> {
  const { source, reconciliation } = errand;
  const missed = made.filter(({ one }) => one.reading?.kind !== "approval");
  const isUnclear = (one: Made) => plainReason(errand, one) === null;
  const unclear = missed.filter(isUnclear);
  const lost = unclear.map(({ one, event }) => ({ thing: thingOf(event), kind: one.kind, at: momentOfLoss({ one, event }) }));
  const hints = lost.length > 0 ? await readHints(app.db, source.id, lost) : [];
  return new Map(
    missed.map((each): [string, Gap] => {
      const { one, event } = each;
      const found = hints[unclear.indexOf(each)];
      const reason = plainReason(errand, each) ?? (found ? reasonOf(found, each) : "call_lost");
      const more = reason === "quarantined" ? ` It is ${found?.quarantined}.` : "";
      const about = {
        sourceId: source.id,
        subject: event.subject ?? "",
        type: event.type,
        effectiveAt: one.effectiveAt,
        eventId: event.id,
      };
      const gap = {
        id: newTimedId("gap", app.now()),
        ...about,
        reason,
        detail: gapReasons[reason] + more,
        reconciliationId: reconciliation.id,
      };
      return [event.id, gap];
    }),
  );
}

/** So many are looked into closely in one walk; of an outage, all have the same reason. */
const mostLookedInto = 200;

/** What can be told without looking around. */
function plainReason({ source, reconciliation }: Errand, made: Made): GapReason | null {
  if (made.one.reading?.kind === "correction") return "differs";
  if (momentOfLoss(made) < source.createdAt) return "before_source";
  return reconciliation.repaired > mostLookedInto ? "call_lost" : null;
}

function reasonOf(hints: Hints, { one: { kind, reading }, event }: Made): GapReason {
  if (hints.quarantined !== null) return "quarantined";
  if (!hints.hasKind) return "kind_never_sent";
  const isChange = kind === "action-lifecycle" && (event.status === "REVERSED" || !isFirst(reading));
  if (isChange && !hints.hasChanges) return "tracking_only";
  return hints.hasNeighbours ? "call_lost" : "nothing_came";
}

function momentOfLoss({ one, event }: Made): Instant {
  return one.effectiveAt ?? event.receivedAt;
}

function thingOf({ subject }: Event): string {
  return subject?.slice(subject.indexOf(":") + 1) ?? "";
}

/** Tracking is the step that begins at nothing. */
function isFirst(reading: Reading | null): boolean {
  const isAll = (value: Micros | null | undefined, delta: Micros | null | undefined) => value === delta;
  return isAll(reading?.payout, reading?.deltaPayout) && isAll(reading?.amount, reading?.deltaAmount);
}
