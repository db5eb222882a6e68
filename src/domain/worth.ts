import type { Told } from "./action.ts";
import { type Measure, measures, type Worth } from "./chain.ts";
import { unitsOf } from "./items.ts";
import type { Micros } from "./money.ts";
import { deltaOf, isEqual, type Reading, type Snapshot } from "./reading.ts";

/**
 * What an action was worth after each of its updates (in order of time), which impact.com tells the changes of only. Known are the values that
 * postbacks told (of several updates together, after the last), and those worked out before (unless all is worked out anew, from 0); from them it goes forward and back. The changes begin at 0 if they lead from there to what the
 * action is worth now; else, where no value is known, they end at that, provided that its latest change is the last of them, or that `isFinal`:
 * the record will not become clearer.
 */
export function withWorth(byDate: Reading[], told: Map<string, Told>, now: Snapshot | null, isFinal: boolean): Reading[] {
  const start = startOf(byDate, now);
  const ends = new Map(byDate.map(({ eventId, id }) => [eventId, id]));
  const tellerOf = ({ id, eventId }: Reading) => (eventId !== null && ends.get(eventId) === id ? told.get(eventId) : undefined);
  const known: Known = (update, measure) => (start[measure] === null ? update[measure] : null) ?? tellerOf(update)?.[measure] ?? null;
  const updates = inTies(byDate, start, known, now?.status);
  const worths = Object.fromEntries(measures.map((measure) => [measure, valuesOf(measure)])) as Record<Measure, (Micros | null)[]>;
  return updates.map((update, nth) => ({ ...update, payout: worths.payout[nth] ?? null, amount: worths.amount[nth] ?? null }));

  function valuesOf(measure: Measure): (Micros | null)[] {
    const deltas = updates.map((update) => deltaOf(update, measure));
    const values = updates.map((update) => known(update, measure));
    const isLatest = now !== null && (isLast(updates, deltaOf(now, measure), measure) || isFinal);
    if (start[measure] !== null) values[0] ??= deltas[0] ?? null;
    else if (isLatest && !values.some((value) => value !== null) && values.length > 0) values[values.length - 1] = now[measure];
    for (let nth = 1; nth < values.length; nth++) values[nth] ??= plus(values[nth - 1] ?? null, deltas[nth] ?? null);
    for (let nth = values.length - 1; nth > 0; nth--) values[nth - 1] ??= plus(values[nth] ?? null, negative(deltas[nth] ?? null));
    return values;
  }
}

/** 0 where all changes together lead from there to what the action is worth now: then none is missing. */
function startOf(updates: Reading[], now: Snapshot | null): Worth {
  const of = (measure: Measure) => {
    const sum = updates.reduce((total: Micros, update) => total + (deltaOf(update, measure) ?? 0n), 0n);
    return now !== null && sum === now[measure] ? 0n : null;
  };
  return { payout: of("payout"), amount: of("amount") };
}

/** The ids of updates whose values are beyond doubt: none is missing before them, and none happened in the same second (but for the items of its order). */
export function sureOnes(updates: Reading[], now: Snapshot | null): Set<string> {
  const start = startOf(updates, now);
  if (start.payout === null || start.amount === null) return new Set();
  const times = [...Map.groupBy(updates, ({ at }) => at).values()];
  return new Set(times.flatMap((group) => (unitsOf(group).length === 1 ? [(group.at(-1) as Reading).id] : [])));
}

/** Whether the latest change of the record is that of the last update, or of all that are dated like it (an order's items). */
function isLast(updates: Reading[], change: Micros | null, measure: Measure): boolean {
  const last = updates.at(-1);
  const together = updates.filter(({ at }) => at === last?.at).map((one) => deltaOf(one, measure));
  return change === together.at(-1) || change === together.reduce((sum: Micros, one) => sum + (one ?? 0n), 0n);
}

type Known = (update: Reading, measure: Measure) => Micros | null;

/** More at one instant stay as they are: all their orders would be too many. */
const mostAtOnce = 5;

/**
 * impact.com dates updates to the second: those of one second stand in an order that agrees with what is known of them; best in one
 * that takes nothing away which was not there, and that ends in the state which the action is in now.
 */
function inTies(updates: Reading[], start: Worth, known: Known, status: string | undefined): Reading[] {
  let worth = start;
  const groups = [...Map.groupBy(updates, ({ at }) => at).values()];
  return groups.flatMap((group, nth) => {
    const isLast = nth === groups.length - 1;
    const units = unitsOf(group);
    const all = units.length > mostAtOnce ? [units] : ordersOf(units);
    const orders = all.map((order) => order.flat()).filter((order) => units.length > mostAtOnce || walk(order, worth, known) !== null);
    const plausible = orders.filter((order) => isPossible(order, worth));
    const ending = isLast ? plausible.find((one) => one.at(-1)?.status === status) : undefined;
    const order = ending ?? plausible[0] ?? orders[0] ?? group;
    worth = walk(order, worth, known) ?? { payout: null, amount: null };
    return order;
  });
}

/** Whether nothing is taken away that was not there, as far as the changes tell. */
function isPossible(order: Reading[], start: Worth): boolean {
  return measures.every((measure) => {
    let value = start[measure] ?? 0n;
    const isDebt = start[measure] === null || value < 0n;
    return order.every((update) => {
      value += deltaOf(update, measure) ?? 0n;
      return isDebt || value >= 0n;
    });
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

function ordersOf<T>(group: T[]): T[][] {
  if (group.length < 2) return [group];
  return group.flatMap((first) => ordersOf(group.filter((other) => other !== first)).map((rest) => [first, ...rest]));
}

function plus(value: Micros | null, delta: Micros | null): Micros | null {
  return value === null || delta === null ? null : value + delta;
}

function negative(delta: Micros | null): Micros | null {
  return delta === null ? null : -delta;
}
