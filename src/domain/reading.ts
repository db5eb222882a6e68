import { type Measure, measures, type Worth } from "./chain.ts";
import type { Event, Origin } from "./event.ts";
import type { Fields } from "./fields.ts";
import { listOrders, together } from "./items.ts";
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

/** impact.com promises its calls within a quarter of an hour. */
const promptMs = 30 * minute;

/** What is known of readings beside what they say: whose value is beyond doubt, and whose state may be a later one. */
export interface Doubts {
  isSure?: (reading: Reading) => boolean;
  isOpen?: (reading: Reading) => boolean;
}

const nowhere = () => false;

/**
 * Finds the event that tells each reading which nobody has told of, among an action's events (in order of arrival). An event comes
 * after what it tells, and says the same: state, change and value at best, else state and change. impact.com's documents call an update's
 * State "the current state of the action", so that it may be a later one: what agrees in its change alone will do, where nothing agrees in more.
 * Of a reading whose value `isSure`, an event that tells another value is not taken: it repeats another one. Neither is an event that says
 * just what another one told already, unless the reading's state `isOpen` and the event came promptly after it.
 * Several updates at one instant (of an order's items) may be told by one event.
 */
export function match(readings: Reading[], events: Event[], { isSure = nowhere, isOpen = nowhere }: Doubts = {}): Map<string, Event> {
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

  const told = toldOnes(readings.map((one) => ({ ...one, eventId: found.get(one.id)?.id ?? one.eventId })));
  const isAgain = (event: Event) => told.some((one) => isOfState(event, one) && changesAs(event, one) && isKnownOf(event, one));
  const isOwn = (event: Event, one: Reading) => (isOpen(one) && event.receivedAt <= one.at + promptMs) || !isAgain(event);
  const says = (event: Event) => hasChange(event) || hasWorth(event);
  for (const one of untold) take([one], (event) => isOpen(one) && says(event) && isSame(event, one) && isOwn(event, one));
  for (const one of untold) take([one], (event) => says(event) && isSame(event, one) && isOwn(event, one));
  for (const one of untold) take([one], (event) => !isSure(one) && isOfState(event, one) && saysAs(event, one) && !isAgain(event));
  for (const one of untold) take([one], (event) => !isSure(one) && hasChange(event) && saysAs(event, one) && !isAgain(event));
  for (const one of untold) take([one], (event) => !says(event) && isOpen(one) && isOwn(event, one));

  const orders = listOrders(untold).map((group) => ({ group, all: together(group.toReversed() as [Reading]) }));
  for (const { group, all } of orders) take(group, (event) => isOfState(event, all) && isSame(event, all) && !isAgain(event));
  const moments = [...Map.groupBy(untold, ({ at }) => at).values()].filter(({ length }) => length > 1);
  const groups = [...orders, ...moments.map((group) => ({ group, all: together(group.toReversed() as [Reading]) }))];
  for (const { group, all } of groups) take(group, (event) => !isSure(all) && saysAs(event, all) && !isAgain(event));
  return withItems(found, readings, events);
}

/** Of an order of which one item was found to be told by an event that tells all of it, the others are told by that, too. */
function withItems(found: Map<string, Event>, readings: Reading[], events: Event[]): Map<string, Event> {
  for (const group of listOrders(readings.filter(({ kind }) => kind === "update"))) {
    const rest = group.filter(({ id, toldBy }) => toldBy === null && !found.has(id));
    const tellers = new Set(group.flatMap(({ id, eventId }) => found.get(id)?.id ?? eventId ?? []));
    const event = events.find(({ id }) => tellers.has(id));
    if (!event || rest.length === 0 || tellers.size > 1 || !saysAs(event, together(group as [Reading]))) continue;
    for (const { id } of rest) found.set(id, event);
  }
  return found;
}

/** What each event tells that tells updates: one, or several together. */
function toldOnes(readings: Reading[]): Reading[] {
  const told = readings.filter(({ kind, eventId }) => kind === "update" && eventId !== null);
  return [...Map.groupBy(told, ({ eventId }) => eventId).values()].map((group) => together(group as [Reading]));
}

/**
 * Events of an action (postbacks, in order of arrival) that no reading needs, since another event tells the same: redeliveries that looked
 * like a return to an earlier state when they came. Each is a reading of its own that dates it.
 */
export function repeats(readings: Reading[], events: Event[]): Reading[] {
  const taken = new Set(readings.map(({ eventId }) => eventId));
  const told = toldOnes(readings);
  const spare = events.filter(({ id, kind, origin }) => kind === "action-lifecycle" && origin === "postback" && !taken.has(id));
  return spare.flatMap((event) => {
    const twins = told.filter((one) => one.at <= event.receivedAt + skewMs && changesAs(event, one) && leavesAs(event, one));
    const isApproval = event.status === "APPROVED"; // which is no update, so that none needs to tell it
    const twin = twins.findLast(({ status }) => status === event.status) ?? (isApproval ? undefined : twins.at(-1));
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

/** Whether a reading's value is known, as far as an event tells one, and the same. */
function isKnownOf(event: Event, reading: Worth): boolean {
  return measures.every((measure) => event[measure] === null || event[measure] === reading[measure]);
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

/** How much an action changed by. */
export interface Deltas {
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
}

/** The change of a measure. */
export function deltaOf(one: Deltas, measure: Measure): Micros | null {
  return measure === "payout" ? one.deltaPayout : one.deltaAmount;
}
