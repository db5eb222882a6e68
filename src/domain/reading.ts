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
 * Of a reading whose value `isSure`, an event that tells another value is not taken: it repeats another one.
 * Several updates at one instant (of an order's items) may be told by one event.
 */
export function match(readings: Reading[], events: Event[], isSure: (reading: Reading) => boolean = () => false): Map<string, Event> {
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
  const isSame = (event: Event, one: Reading) => changesAs(event, one) && leavesAs(event, one);
  for (const one of untold) take([one], (event) => isOfState(event, one) && isSame(event, one));
  for (const one of untold) take([one], (event) => (hasChange(event) || hasWorth(event)) && isSame(event, one));
  for (const one of untold) take([one], (event) => !isSure(one) && isOfState(event, one) && saysAs(event, one));
  for (const one of untold) take([one], (event) => !isSure(one) && hasChange(event) && saysAs(event, one));
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
    const twins = readings.filter(
      (one) =>
        one.kind === "update" &&
        one.toldBy !== null &&
        one.at <= event.receivedAt + skewMs &&
        changesAs(event, one) &&
        leavesAs(event, one),
    );
    const twin = twins.findLast(({ status }) => status === event.status) ?? twins.at(-1);
    return twin ? [{ ...twin, id: `repeat ${event.id}`, kind: "repeat", toldBy: event.origin, eventId: event.id }] : [];
  });
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

/** Whether two amounts agree, as far as both say something. */
export function isEqual(one: Micros | null, other: Micros | null): boolean {
  return one === null || other === null || one === other;
}

function hasWorth(event: Event): boolean {
  return measures.some((measure) => event[measure] !== null);
}

function hasChange(event: Event): boolean {
  return measures.some((measure) => deltaOf(event, measure) !== null);
}

function sumOf(group: Reading[]): Worth & Deltas {
  const sum = (measure: Measure) => group.reduce((total, one) => total + (deltaOf(one, measure) ?? 0n), 0n);
  return { payout: null, amount: null, deltaPayout: sum("payout"), deltaAmount: sum("amount") };
}

/** How much an action changed by. */
export interface Deltas {
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
}

/** The change of a measure. */
export function deltaOf(one: Deltas, measure: Measure): Micros | null {
  return measure === "payout" ? one.deltaPayout : one.deltaAmount;
}
