import type { Told } from "./action.ts";
import { type Measure, measures, type Worth } from "./chain.ts";
import type { Event, Origin } from "./event.ts";
import type { Fields } from "./fields.ts";
import type { Micros } from "./money.ts";
import { type Instant, minute } from "./time.ts";

/** Something that impact.com's API says of an action: one of its updates, or where it has come without one. */
export interface Reading extends Worth {
  sourceId: string;
  actionId: string;
  /** impact.com's id of the update, or a name of our own for what has none. */
  id: string;
  kind: "update" | "approval" | "clearing" | "correction" | "repeat";
  at: Instant;
  status: string | null;
  statusDetail: string | null;
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
  fields: Fields;
  /** Who told of it, and by which event; null while nobody has. */
  toldBy: Origin | null;
  eventId: string | null;
}

/** An action as impact.com's API has it now. */
export interface Snapshot extends Worth {
  status: string;
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
  currency: string | null;
  lockingDate: Instant | null;
  clearedDate: Instant | null;
  fields: Fields;
}

/** Clocks differ by so much at the most. */
const skewMs = 15 * minute;

/**
 * Finds the event that tells each reading which nobody has told of, among an action's events (in order of arrival). An event comes
 * after what it tells, and says the same: state, change and value at best, else state and change. impact.com's documents call an update's
 * State "the current state of the action", so that it may be a later one: what agrees in its change alone will do, where nothing agrees in more.
 * Several updates at one instant (of an order's items) may be told by one event.
 */
export function match(readings: Reading[], events: Event[]): Map<string, Event> {
  const taken = new Set(readings.flatMap(({ kind, eventId }) => (kind === "repeat" ? [] : [eventId])));
  const free = new Set(events.filter(({ id, kind, origin }) => kind === "action-lifecycle" && origin === "postback" && !taken.has(id)));
  const untold = readings.filter(({ toldBy, kind }) => toldBy === null && kind === "update").reverse();
  const found = new Map<string, Event>();
  const take = (wanted: Reading[], isTold: (event: Event) => boolean) => {
    if (wanted.length === 0 || wanted.some(({ id }) => found.has(id))) return;
    const event = [...free].find((one) => one.receivedAt >= (wanted[0] as Reading).at - skewMs && isTold(one));
    if (!event) return;
    free.delete(event);
    for (const { id } of wanted) found.set(id, event);
  };
  const isOfState = (event: Event, one: Reading) => event.status === null || event.status === one.status;
  for (const one of untold) take([one], (event) => isSame(event, one));
  for (const one of untold) take([one], (event) => isOfState(event, one) && saysAs(event, one));
  for (const one of untold) take([one], (event) => hasChange(event) && saysAs(event, one));
  for (const group of Map.groupBy(untold, ({ at }) => at).values())
    if (group.length > 1) take(group, (event) => saysAs(event, sumOf(group)));
  return found;
}

/**
 * Events of an action (postbacks, in order of arrival) that no reading needs, since another event tells the same: redeliveries that looked
 * like a return to an earlier state when they came. Each is a reading of its own that dates it.
 */
export function repeats(readings: Reading[], events: Event[]): Reading[] {
  const taken = new Set(readings.map(({ eventId }) => eventId));
  const spare = events.filter(({ id, kind, origin }) => kind === "action-lifecycle" && origin === "postback" && !taken.has(id));
  return spare.flatMap((event) => {
    const twin = readings.findLast(
      (one) => one.kind === "update" && one.toldBy !== null && one.at <= event.receivedAt + skewMs && isSame(event, one),
    );
    return twin ? [{ ...twin, id: `repeat ${event.id}`, kind: "repeat", toldBy: event.origin, eventId: event.id }] : [];
  });
}

function isSame(event: Event, one: Reading): boolean {
  return (event.status === null || event.status === one.status) && changesAs(event, one) && leavesAs(event, one);
}

/** Whether an event and a reading agree: in the change, or in the value where one of them tells no change. */
function saysAs(event: Event, reading: Worth & Deltas): boolean {
  return measures.every((measure) => {
    const isTold = deltaOf(event, measure) !== null && deltaOf(reading, measure) !== null;
    return isTold ? isEqual(deltaOf(event, measure), deltaOf(reading, measure)) : isEqual(event[measure], reading[measure]);
  });
}

function changesAs(event: Event, reading: Deltas): boolean {
  return measures.every((measure) => isEqual(deltaOf(event, measure), deltaOf(reading, measure)));
}

function leavesAs(event: Event, reading: Worth): boolean {
  return measures.every((measure) => isEqual(event[measure], reading[measure]));
}

/** As far as both say something. */
function isEqual(one: Micros | null, other: Micros | null): boolean {
  return one === null || other === null || one === other;
}

function hasChange(event: Event): boolean {
  return measures.some((measure) => deltaOf(event, measure) !== null);
}

function sumOf(group: Reading[]): Worth & Deltas {
  const sum = (measure: Measure) => group.reduce((total, one) => total + (deltaOf(one, measure) ?? 0n), 0n);
  return { payout: null, amount: null, deltaPayout: sum("payout"), deltaAmount: sum("amount") };
}

interface Deltas {
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
}

/** The change of a measure. */
export function deltaOf(one: Deltas, measure: Measure): Micros | null {
  return measure === "payout" ? one.deltaPayout : one.deltaAmount;
}

/**
 * What an action was worth after each of its updates (in order of time), which impact.com tells the changes of only. Known are the values that
 * postbacks told, and those worked out before; from them it goes forward and back. Where none is known, the changes begin at 0 if they lead to
 * what the action is worth now; else they end there, provided that its latest change is the last of them, or that `isFinal`: the record will not become clearer.
 */
export function withWorth(byDate: Reading[], told: Map<string, Told>, now: Snapshot | null, isFinal: boolean): Reading[] {
  const updates = inTies(byDate, (update, measure) => knownOf(update, measure, told));
  const worths = Object.fromEntries(measures.map((measure) => [measure, valuesOf(measure)])) as Record<Measure, (Micros | null)[]>;
  return updates.map((update, nth) => ({ ...update, payout: worths.payout[nth] ?? null, amount: worths.amount[nth] ?? null }));

  function valuesOf(measure: Measure): (Micros | null)[] {
    const deltas = updates.map((update) => deltaOf(update, measure));
    const known = updates.map((update) => knownOf(update, measure, told));
    const current = now?.[measure] ?? null;
    if (!known.some((value) => value !== null) && current !== null && updates.length > 0) {
      const sum = deltas.reduce((total: Micros, delta) => total + (delta ?? 0n), 0n);
      const isLatest = now !== null && deltaOf(now, measure) === deltas.at(-1);
      if (sum === current || isLatest || isFinal) known[known.length - 1] = current;
    }
    for (let nth = 1; nth < known.length; nth++) known[nth] ??= plus(known[nth - 1] ?? null, deltas[nth] ?? null);
    for (let nth = known.length - 1; nth > 0; nth--) known[nth - 1] ??= plus(known[nth] ?? null, negative(deltas[nth] ?? null));
    return known;
  }
}

/** What was worked out before, or what the event that tells it says. */
function knownOf(update: Reading, measure: Measure, told: Map<string, Told>): Micros | null {
  return update[measure] ?? (update.eventId === null ? null : (told.get(update.eventId)?.[measure] ?? null));
}

type Known = (update: Reading, measure: Measure) => Micros | null;

/** More at one instant stay as they are: all their orders would be too many. */
const mostAtOnce = 5;

/** impact.com dates updates to the second: those of one second in the first order that agrees with what is known of them. */
function inTies(updates: Reading[], known: Known): Reading[] {
  let worth: Worth = { payout: null, amount: null };
  return [...Map.groupBy(updates, ({ at }) => at).values()].flatMap((group) => {
    const orders = group.length > mostAtOnce ? [group] : ordersOf(group);
    const order = orders.find((one) => walk(one, worth, known) !== null) ?? group;
    worth = walk(order, worth, known) ?? { payout: null, amount: null };
    return order;
  });
}

/** Where updates in this order lead; null when that is not what is known of one of them. */
function walk(order: Reading[], start: Worth, known: Known): Worth | null {
  let worth = start;
  for (const update of order) {
    const [payout, amount] = measures.map((measure) => [plus(worth[measure], deltaOf(update, measure)), known(update, measure)] as const);
    if (![payout, amount].every((one) => isEqual(one?.[0] ?? null, one?.[1] ?? null))) return null;
    worth = { payout: payout?.[1] ?? payout?.[0] ?? null, amount: amount?.[1] ?? amount?.[0] ?? null };
  }
  return worth;
}

function ordersOf(group: Reading[]): Reading[][] {
  if (group.length < 2) return [group];
  return group.flatMap((first) => ordersOf(group.filter((other) => other !== first)).map((rest) => [first, ...rest]));
}

function plus(value: Micros | null, delta: Micros | null): Micros | null {
  return value === null || delta === null ? null : value + delta;
}

function negative(delta: Micros | null): Micros | null {
  return delta === null ? null : -delta;
}
