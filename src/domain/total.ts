import type { Micros } from "./money.ts";
import { type Action, type Dimension, dimensions } from "./standing.ts";
import { day, hour, type Instant, minute } from "./time.ts";

/** Every time zone's days begin at one. */
export const quarter = 15 * minute;

/** Seven UTC days, counted from 1970-01-01 on. */
export const week = 7 * day;

/**
 * What totals are kept by: all actions by quarter of an hour and by hour, and the values of each dimension by UTC day. Those of `sub_id1` are
 * kept by week as well: it is the one that tends to have thousands of values, of which a day holds as many as it has actions.
 */
export type Rollup = "" | "hour" | "sub_id1/week" | Dimension;

/** How many actions there are of a source, at a time, with a value of a dimension, in a currency and a state, and for how much. */
export interface Total {
  sourceId: string;
  dimension: Rollup;
  at: Instant;
  value: string;
  currency: string;
  state: string;
  actions: number;
  payout: Micros;
  amount: Micros;
}

/** An action before and after something happened to it. */
export interface Change {
  before: Action | null;
  after: Action | null;
}

/** What changes add to the totals: less what the actions were, and what they are now. Test calls are no sales. */
export function totalsOf(changes: Change[]): Total[] {
  const sums = new Map<string, Total>();
  for (const { before, after } of changes) {
    if (before) add(sums, before, -1);
    if (after) add(sums, after, 1);
  }
  return [...sums.values()].filter(({ actions, payout, amount }) => actions !== 0 || payout !== 0n || amount !== 0n);
}

function add(sums: Map<string, Total>, action: Action, sign: 1 | -1): void {
  if (action.isTest) return;
  for (const place of placesOf(action)) {
    const key = JSON.stringify(Object.values(place));
    const sum = sums.get(key) ?? { ...place, actions: 0, payout: 0n, amount: 0n };
    sum.actions += sign;
    sum.payout += BigInt(sign) * (action.payout ?? 0n);
    sum.amount += BigInt(sign) * (action.amount ?? 0n);
    sums.set(key, sum);
  }
}

/** Where an action is counted. What it does not have counts as "". */
function placesOf(action: Action): Omit<Total, "actions" | "payout" | "amount">[] {
  const { sourceId, eventDate } = action;
  const kind = { currency: action.currency ?? "", state: action.state ?? "" };
  const own = (Object.keys(dimensions) as Dimension[]).map((dimension) => ({ dimension, value: action[dimension] ?? "" }));
  return [
    { sourceId, dimension: "", at: floor(eventDate, quarter), value: "", ...kind },
    { sourceId, dimension: "hour", at: floor(eventDate, hour), value: "", ...kind },
    { sourceId, dimension: "sub_id1/week", at: floor(eventDate, week), value: action.sub_id1 ?? "", ...kind },
    ...own.map((one) => ({ sourceId, dimension: one.dimension, at: floor(eventDate, day), value: one.value, ...kind })),
  ];
}

function floor(at: Instant, span: number): Instant {
  return Math.floor(at / span) * span;
}
