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
  kind: "update" | "approval" | "clearing" | "correction";
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
 * Finds the event that tells each reading which nobody has told of, among an action's events (in order of arrival). An event comes after what it
 * tells, and says the same: the change, or where it has none the value, and the state. impact.com's documents call an update's State "the
 * current state of the action", so that an update's may be a later one: what agrees in its changes alone will do, where nothing agrees in both.
 * Several updates at one instant (of an order's items) may be told by one event.
 */
export function match(readings: Reading[], events: Event[]): Map<string, Event> {
  const taken = new Set(readings.map(({ eventId }) => eventId));
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
  for (const one of untold) take([one], (event) => (event.status === null || event.status === one.status) && saysAs(event, one));
  for (const one of untold) take([one], (event) => hasChange(event) && saysAs(event, one));
  for (const group of Map.groupBy(untold, ({ at }) => at).values())
    if (group.length > 1) take(group, (event) => saysAs(event, sumOf(group)));
  return found;
}

/** Whether an event and a reading agree, as far as both say something. */
function saysAs(event: Event, reading: Worth & Deltas): boolean {
  return measures.every((measure) => {
    const [delta, changed] = [deltaOf(event, measure), deltaOf(reading, measure)];
    if (delta !== null && changed !== null) return delta === changed;
    const [value, known] = [event[measure], reading[measure]];
    return value === null || known === null || value === known;
  });
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
export function withWorth(updates: Reading[], told: Map<string, Told>, now: Snapshot | null, isFinal: boolean): Reading[] {
  const worths = Object.fromEntries(measures.map((measure) => [measure, valuesOf(measure)])) as Record<Measure, (Micros | null)[]>;
  return updates.map((update, nth) => ({ ...update, payout: worths.payout[nth] ?? null, amount: worths.amount[nth] ?? null }));

  function valuesOf(measure: Measure): (Micros | null)[] {
    const deltas = updates.map((update) => deltaOf(update, measure));
    const known = updates.map(
      (update) => update[measure] ?? (update.eventId === null ? null : (told.get(update.eventId)?.[measure] ?? null)),
    );
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

function plus(value: Micros | null, delta: Micros | null): Micros | null {
  return value === null || delta === null ? null : value + delta;
}

function negative(delta: Micros | null): Micros | null {
  return delta === null ? null : -delta;
}
