import type { Event } from "./event.ts";
import type { Micros } from "./money.ts";

/** An action's history: its events in order of effect, where it stands, and what seems to be missing. */
export interface Ledger {
  events: Event[];
  current: { state: string | null; payout: Micros | null; amount: Micros | null; currency: string | null; isCleared: boolean };
  /** Places where one event ends at a payout (or amount) that no other begins at. */
  gaps: Gap[];
}

export interface Gap {
  of: Measure;
  from: Micros;
  to: Micros;
  /** The id of the event that stands behind the gap. */
  before: string;
}

/** What a chain is made of: impact.com tells both as a value and its change. */
export type Measure = "payout" | "amount";

/**
 * The ledger of one action, from its events in order of arrival (at least one).
 *
 * impact.com numbers nothing, but an event that carries Payout and DeltaPayout (or Amount and DeltaAmount) is a step from
 * `payout − delta` to `payout`, and the steps of an action form one chain from 0, whatever order they arrived in. Where every
 * lifecycle event carries both, the chain decides; among steps that could come next the earlier arrival goes first. Otherwise
 * the order of arrival stands. Clearings stand last: an action is cleared after all that is said of it.
 */
export function ledgerOf(arrived: Event[]): Ledger {
  const clearings = arrived.filter(({ kind }) => kind === "action-clearing");
  const lifecycle = arrived.filter(({ kind }) => kind !== "action-clearing");
  const { order, gaps } = chain(lifecycle);
  const events = [...order, ...clearings];
  const latest = <Key extends keyof Event>(key: Key) => events.findLast((event) => event[key] !== null)?.[key] ?? null;
  return {
    events,
    current: {
      state: latest("status"),
      payout: latest("payout"),
      amount: latest("amount"),
      currency: latest("currency"),
      isCleared: clearings.length > 0,
    },
    gaps,
  };
}

/** One event as a step between two places of the chain, which are named by their values. */
interface Step {
  event: Event;
  from: string;
  to: string;
}

/**
 * All events in one walk from 0. Payout and amount together tell steps apart best; where they do not close, the payout decides, or the
 * amount where there is no payout. Late redeliveries that keep a walk from closing are set aside, and each stands behind its twin.
 * When nothing closes, the pieces stand in a row and the gaps between them are told.
 */
function chain(events: Event[]): { order: Event[]; gaps: Gap[] } {
  const of = (["payout", "amount"] as const).find((measure) => stepsOf(events, [measure]));
  const steps = of && stepsOf(events, [of]);
  if (!steps) return { order: events, gaps: [] };

  for (const reading of [stepsOf(events, ["payout", "amount"]) ?? steps, steps]) {
    for (const aside of redeliveries(events)) {
      const walk = trail(reading.filter(({ event }) => !aside.has(event)));
      if (walk) return { order: withTwins(walk, aside), gaps: [] };
    }
  }

  const row = pieces(steps);
  const gaps = row.flatMap(({ from, event }, index) => {
    const expected = row[index - 1]?.to ?? zero;
    return expected === from ? [] : [{ of, from: BigInt(expected), to: BigInt(from), before: event.id }];
  });
  return { order: row.map(({ event }) => event), gaps };
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
function stepsOf(events: Event[], measures: Measure[]): Step[] | null {
  const steps = events.flatMap((event) => {
    const values = measures.map((measure) => event[measure]);
    const deltas = measures.map((measure) => event[measure === "payout" ? "deltaPayout" : "deltaAmount"]);
    if ([...values, ...deltas].includes(null)) return [];
    const before = values.map((value, index) => (value ?? 0n) - (deltas[index] ?? 0n));
    return [{ event, from: place(before), to: place(values) }];
  });
  return steps.length === events.length ? steps : null;
}

/** Where all is nothing, it is the 0 that every chain begins at. */
function place(values: (Micros | null)[]): string {
  return values.every((value) => value === 0n) ? zero : values.join("/");
}

/** A walk over every step once (an Euler trail, by Hierholzer), the earliest arrival first where it has a choice; null when there is none. */
function trail(steps: Step[]): Step[] | null {
  const leaving = byStart(steps);
  const walk: Step[] = [];
  const path: Step[] = [];
  let here = zero;
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
  const isWhole = walk.length === steps.length && walk.every(({ from }, index) => from === (walk[index - 1]?.to ?? zero));
  return isWhole ? walk : null;
}

/** Walks as far as the steps lead, then goes on at the earliest step that nothing leads to. */
function pieces(steps: Step[]): Step[] {
  const left = new Set(steps);
  const arriving = new Map<string, number>();
  const count = ({ from, to }: Step, change: number) => from !== to && arriving.set(to, (arriving.get(to) ?? 0) + change);
  for (const step of steps) count(step, 1);

  const row: Step[] = [];
  let here = zero;
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

function byStart(steps: Step[]): Map<string, Step[]> {
  const leaving = new Map<string, Step[]>();
  for (const step of steps) {
    const others = leaving.get(step.from);
    if (others) others.push(step);
    else leaving.set(step.from, [step]);
  }
  return leaving;
}
