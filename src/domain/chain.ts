import type { Event } from "./event.ts";
import type { Micros } from "./money.ts";

/** What a chain is made of: impact.com tells both as a value and its change. */
export const measures = ["payout", "amount"] as const;
export type Measure = (typeof measures)[number];

/** How much an action is worth at one point of its life; null where nothing told. */
export type Worth = Record<Measure, Micros | null>;

/** A place where one event ends at a value that no other begins at. */
export interface Gap {
  of: Measure;
  from: Micros;
  to: Micros;
  /** The id of the event that stands behind the gap. */
  before: string;
}

/** Events in order of effect, the gaps between them, and what they leave. */
export interface Stretch {
  order: Event[];
  gaps: Gap[];
  end: Worth;
}

/** One event as a step between two places of the chain, which are named by their values. */
interface Step {
  event: Event;
  from: string;
  to: string;
}

/**
 * Puts events of one action in order of effect, from what the action was worth before them.
 *
 * impact.com numbers nothing, but an event that carries Payout and DeltaPayout (or Amount and DeltaAmount) is a step from
 * `payout − delta` to `payout`, and the steps of an action form one chain, whatever order they arrived in. Where every event carries
 * both, the chain decides; among steps that could come next the earlier arrival goes first. Otherwise the order of arrival stands.
 *
 * Payout and amount together tell steps apart best; where they do not close, the payout decides, or the amount where there is no
 * payout. Late redeliveries that keep a walk from closing are set aside, and each stands behind its twin. When nothing closes, the
 * pieces stand in a row and the gaps between them are told.
 */
export function chain(events: Event[], start: Worth): Stretch {
  const of = measures.find((measure) => stepsOf(events, [measure]));
  const steps = of && stepsOf(events, [of]);
  if (!steps) return { order: events, gaps: [], end: worthAfter(start, events) };

  for (const wanted of [[...measures], [of]]) {
    const reading = stepsOf(events, wanted);
    if (!reading) continue;
    for (const aside of redeliveries(events)) {
      const walk = trail(
        reading.filter(({ event }) => !aside.has(event)),
        placeOf(start, wanted),
      );
      if (walk) return { order: withTwins(walk, aside), gaps: [], end: worthAfter(start, walk.map(eventOf)) };
    }
  }

  const first = placeOf(start, [of]);
  const row = pieces(steps, first);
  const gaps = row.flatMap(({ from, event }, index) => {
    const expected = row[index - 1]?.to ?? first;
    return expected === from ? [] : [{ of, from: BigInt(expected), to: BigInt(from), before: event.id }];
  });
  const order = row.map(eventOf);
  return { order, gaps, end: worthAfter(start, order) };
}

/** The gap before an event whose place is known, if there is one: where its step does not begin at `start`. */
export function gapBefore(event: Event, start: Worth): Gap[] {
  const of = measures.find((measure) => stepsOf([event], [measure]));
  const [step] = (of && stepsOf([event], [of])) ?? [];
  const expected = of && placeOf(start, [of]);
  return !of || !step || step.from === expected ? [] : [{ of, from: BigInt(expected ?? 0), to: BigInt(step.from), before: event.id }];
}

/** What an action is worth after events in order, the last that tells. */
export function worthAfter(start: Worth, order: Worth[]): Worth {
  const latest = (measure: Measure) => order.findLast((event) => event[measure] !== null)?.[measure] ?? start[measure];
  return { payout: latest("payout"), amount: latest("amount") };
}

const zero = "0";

/** Each try goes over all events, of which impact.com allows a thousand. */
const mostTried = 20;

/**
 * What to set aside, to be tried in turn: nothing; of one event that came several times its latest arrivals, as few as will do; all but
 * the first of each. No more than it takes, since an action may well come back to where it was, and say the same again.
 */
function* redeliveries(events: Event[]): Generator<Set<Event>> {
  yield new Set();
  const known = new Set<string>();
  const repeats = events.filter(({ fingerprint }) => known.size === known.add(fingerprint).size).reverse();
  for (const [index, { fingerprint }] of repeats.slice(0, mostTried).entries())
    yield new Set(repeats.slice(0, index + 1).filter((other) => other.fingerprint === fingerprint));
  if (repeats.length > 0) yield new Set(repeats);
}

function withTwins(walk: Step[], aside: Set<Event>): Event[] {
  const left = [...aside].reverse();
  return walk.flatMap(({ event }) => [event, ...takeFrom(left, event.fingerprint)]);
}

function takeFrom(left: Event[], fingerprint: string): Event[] {
  const twins = left.filter((event) => event.fingerprint === fingerprint);
  for (const twin of twins) left.splice(left.indexOf(twin), 1);
  return twins;
}

/** Each event as a step by all of these measures; null when one of them does not tell a value and its change. */
function stepsOf(events: Event[], wanted: Measure[]): Step[] | null {
  const steps = events.flatMap((event) => {
    const values = wanted.map((measure) => event[measure]);
    const deltas = wanted.map((measure) => event[measure === "payout" ? "deltaPayout" : "deltaAmount"]);
    if ([...values, ...deltas].includes(null)) return [];
    const before = values.map((value, index) => (value ?? 0n) - (deltas[index] ?? 0n));
    return [{ event, from: place(before), to: place(values) }];
  });
  return steps.length === events.length ? steps : null;
}

function placeOf(worth: Worth, wanted: Measure[]): string {
  return place(wanted.map((measure) => worth[measure] ?? 0n));
}

/** Where all is nothing, it is the 0 that every life begins at. */
function place(values: (Micros | null)[]): string {
  return values.every((value) => value === 0n) ? zero : values.join("/");
}

/** A walk over every step once (an Euler trail, by Hierholzer), the earliest arrival first where it has a choice; null when there is none. */
function trail(steps: Step[], start: string): Step[] | null {
  const leaving = Map.groupBy(steps, ({ from }) => from);
  const walk: Step[] = [];
  const path: Step[] = [];
  let here = start;
  for (;;) {
    const next = leaving.get(here)?.shift();
    if (next) {
      path.push(next);
      here = next.to;
      continue;
    }
    const done = path.pop();
    if (!done) break;
    walk.push(done);
    here = done.from;
  }
  walk.reverse();
  const isWhole = walk.length === steps.length && walk.every(({ from }, index) => from === (walk[index - 1]?.to ?? start));
  return isWhole ? walk : null;
}

/** Walks as far as the steps lead, then goes on at the earliest step that nothing leads to. */
function pieces(steps: Step[], start: string): Step[] {
  const left = new Set(steps);
  const arriving = new Map<string, number>();
  const count = ({ from, to }: Step, change: number) => from !== to && arriving.set(to, (arriving.get(to) ?? 0) + change);
  for (const step of steps) count(step, 1);

  const row: Step[] = [];
  let here = start;
  while (left.size > 0) {
    const rest = [...left];
    const next = rest.find(({ from }) => from === here) ?? rest.find(({ from }) => !arriving.get(from)) ?? (rest[0] as Step);
    row.push(next);
    left.delete(next);
    count(next, -1);
    here = next.to;
  }
  return row;
}

function eventOf({ event }: Step): Event {
  return event;
}
