import { chain, type Gap, gapBefore, measures, type Worth, worthAfter } from "./chain.ts";
import type { Event } from "./event.ts";
import type { Fields } from "./fields.ts";
import type { Micros } from "./money.ts";
import type { Deltas } from "./reading.ts";
import type { Instant } from "./time.ts";

/** What can happen to an action. */
export const stages = ["tracked", "modified", "approved", "reversed", "reinstated", "cleared", "paid"] as const;

/** What an event did to its action; one that only repeats another did nothing. */
export type Step = (typeof stages)[number] | "repeated";

/** What impact.com's API says of something that an event told, too: when it took effect, what the action was worth after it. */
export interface Dated extends Worth, Deltas {
  at: Instant;
  /** Which of the action's readings it is: those of one second stand in the order of impact.com's ids. */
  nth: number;
  fields: Fields;
  /** True when another event tells it, and this one says the same again. */
  isRepeat: boolean;
}

/** An event of an action, with what the API says of it, where that was read. */
export interface Told extends Event {
  reading?: Dated;
}

/** One line of an action's history. */
export interface Entry {
  event: Event;
  step: Step;
  /** When it took effect: by impact.com's API, else by the event itself; null when nobody says. */
  effectiveAt: Instant | null;
}

/** An action's history: its events in order of effect, where it stands, and what seems to be missing. */
export interface Ledger {
  entries: Entry[];
  events: Event[];
  current: Standing;
  gaps: Gap[];
}

/** Where an action stands. */
export interface Standing extends Worth {
  state: string | null;
  currency: string | null;
  isCleared: boolean;
  clearedDate: Instant | null;
}

/**
 * The ledger of one action, from its events in order of arrival (at least one).
 *
 * An event that impact.com's API dates stands at its date. The others stand between those by the time of their arrival, which is never
 * before their effect, and among themselves as their chain tells. Clearings stand last: an action is cleared after all that is said of it.
 */
export function ledgerOf(arrived: Told[]): Ledger {
  const clearings = arrived.filter(({ kind }) => kind === "action-clearing");
  const lifecycle = inTime(arrived.filter(({ kind }) => kind !== "action-clearing"));

  const ordered: Told[] = [];
  const gaps: Gap[] = [];
  let worth: Worth = { payout: 0n, amount: 0n };
  for (const { isDated, events } of stretches(lifecycle)) {
    if (!isDated) {
      const stretch = chain(events, worth);
      ordered.push(...(stretch.order as Told[]));
      gaps.push(...stretch.gaps);
      worth = stretch.end;
      continue;
    }
    for (const event of atOneInstant(events, worth)) {
      ordered.push(event);
      if (event.reading?.isRepeat) continue;
      gaps.push(...gapBefore(event, worth));
      worth = worthAfter(worth, [readWorth(event), event]);
    }
  }
  const events = [...ordered, ...clearings];
  return {
    entries: entriesOf(events),
    events,
    current: standing(
      events.filter(({ reading }) => !reading?.isRepeat),
      clearings,
    ),
    gaps,
  };
}

/** The API dates to the second: of several in one second, their chain tells which was first. */
function atOneInstant(events: Told[], start: Worth): Told[] {
  let worth = start;
  return [...Map.groupBy(events, ({ reading }) => reading?.at).values()].flatMap((group) => {
    const [repeats, own] = [group.filter(({ reading }) => reading?.isRepeat), group.filter(({ reading }) => !reading?.isRepeat)];
    const order = own.length > 1 ? inChain(own, worth) : own;
    worth = order.reduce((before, event) => worthAfter(before, [readWorth(event), event]), worth);
    return [...order, ...repeats];
  });
}

/** In the order of the API, unless that is no chain and another one is; values and changes that an event does not tell are the API's. */
function inChain(own: Told[], start: Worth): Told[] {
  const byId = new Map(own.map((event) => [event.id, event]));
  const steps = own
    .toSorted((one, other) => (one.reading?.nth ?? 0) - (other.reading?.nth ?? 0))
    .map((event) => ({
      ...event,
      payout: event.payout ?? event.reading?.payout ?? null,
      amount: event.amount ?? event.reading?.amount ?? null,
      deltaPayout: event.deltaPayout ?? event.reading?.deltaPayout ?? null,
      deltaAmount: event.deltaAmount ?? event.reading?.deltaAmount ?? null,
    }));
  const { order, gaps } = isChain(steps, start) ? { order: steps, gaps: [] } : chain(steps, start);
  return (gaps.length > 0 ? steps : order).map(({ id }) => byId.get(id) as Told);
}

function isChain(steps: Event[], start: Worth): boolean {
  let worth = start;
  return steps.every((step) => {
    const closes = measures.every((measure) => {
      const [value, delta, before] = [step[measure], measure === "payout" ? step.deltaPayout : step.deltaAmount, worth[measure]];
      return value === null || delta === null || before === null || value - delta === before;
    });
    worth = worthAfter(worth, [step]);
    return closes;
  });
}

/** What the API dates at its dates, and what it does not where it arrived. */
function inTime(arrived: Told[]): Told[] {
  const dated = arrived.flatMap((event) => (event.reading ? [{ event, at: event.reading.at }] : [])).sort((a, b) => a.at - b.at);
  const merged = arrived.flatMap((event) => {
    if (event.reading) return [];
    const before = dated.findIndex(({ at }) => at >= event.receivedAt); // an approval is dated by what it comes after
    return [...dated.splice(0, before < 0 ? dated.length : before).map((one) => one.event), event];
  });
  return [...merged, ...dated.map(({ event }) => event)];
}

/** Neighbours that the API dates, and neighbours that it does not. */
function stretches(events: Told[]): { isDated: boolean; events: Told[] }[] {
  const found: { isDated: boolean; events: Told[] }[] = [];
  for (const event of events) {
    const isDated = event.reading !== undefined;
    const last = found.at(-1);
    if (last?.isDated === isDated) last.events.push(event);
    else found.push({ isDated, events: [event] });
  }
  return found;
}

function readWorth({ reading }: Told): Worth {
  return reading ?? { payout: null, amount: null };
}

function standing(events: Told[], clearings: Told[]): Standing {
  const latest = <T>(of: (event: Told) => T | null | undefined): T | null =>
    events.map(of).findLast((value) => value !== null && value !== undefined) ?? null;
  return {
    state: latest(({ status }) => status),
    payout: latest(({ payout, reading }): Micros | null => payout ?? reading?.payout ?? null),
    amount: latest(({ amount, reading }): Micros | null => amount ?? reading?.amount ?? null),
    currency: latest(({ currency, reading }) => currency ?? reading?.fields["Currency"]),
    isCleared: clearings.length > 0,
    clearedDate: clearings.findLast(({ occurredAt }) => occurredAt !== null)?.occurredAt ?? null,
  };
}

function entriesOf(events: Told[]): Entry[] {
  let before: { status: string | null; isPaid: boolean } | null = null;
  return events.map((event) => {
    const isPaid: boolean = isPaidNow(event) || (before?.isPaid ?? false);
    const step = stepOf(event, before);
    before = { status: event.status ?? before?.status ?? null, isPaid };
    const own = step === "tracked" || step === "cleared" ? event.occurredAt : null;
    return { event, step, effectiveAt: event.reading?.at ?? own };
  });
}

function stepOf(event: Told, before: { status: string | null; isPaid: boolean } | null): Step {
  if (event.reading?.isRepeat && before) return "repeated";
  if (event.kind === "action-clearing") return "cleared";
  if (isPaidNow(event) && before && !before.isPaid) return "paid";
  if (event.status === "REVERSED" && before?.status !== "REVERSED") return "reversed";
  if (event.status === "APPROVED" && before?.status !== "APPROVED") return "approved";
  if (before === null) return "tracked";
  if (before.status === "REVERSED" && event.status !== null && event.status !== "REVERSED") return "reinstated";
  return "modified";
}

/** impact.com's StatusDetail of an approved action: OPEN, PAYMENT_PENDING, PAID, OVERDUE. */
function isPaidNow({ fields }: Event): boolean {
  return fields["StatusDetail"]?.trim().toUpperCase() === "PAID";
}
