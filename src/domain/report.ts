import type { Micros } from "./money.ts";
import { convert, type Rates } from "./rates.ts";
import { type Bucket, divide } from "./span.ts";
import { type Dimension, dimensions } from "./standing.ts";
import { day, hour } from "./time.ts";
import { quarter, type Rollup, week } from "./total.ts";

/** What a report can be by. */
export const groupings = ["day", "month", "state", ...(Object.keys(dimensions) as Dimension[])] as const;
export type Grouping = (typeof groupings)[number];

/** What its lines can be sorted by: the largest first, values from A to Z. */
export const orders = ["value", "actions", "payout", "amount"] as const;
export type Order = (typeof orders)[number];

/** How many actions, and for how much. */
export interface Figures {
  actions: number;
  payout: Micros;
  amount: Micros;
}

/** The figures of one value, in one currency ("" for none) and one state ("" for none). */
export interface Cell extends Figures {
  value: string;
  currency: string;
  state: string;
  /** What a campaign or an action tracker is called. */
  name: string | null;
}

/** The states with figures of their own in each line; every other state, and none, is in `other`. */
export const states = ["pending", "approved", "reversed", "other"] as const;

/** One line of a report: the figures of a value in a currency, all in all and by state. */
export interface Line extends Figures, Record<(typeof states)[number], Figures> {
  value: string;
  currency: string;
  name: string | null;
}

/**
 * Makes lines of cells, in the order in which their values come. With rates there is one line for a value: each of its cells is converted
 * (and rounded) once, and then summed. Throws `invalid_input` where a rate is missing.
 */
export function linesOf(cells: Cell[], rates: Rates | null): Line[] {
  const lines = new Map<string, Line>();
  for (const cell of cells) {
    const currency = rates?.currency ?? cell.currency;
    const key = JSON.stringify([cell.value, currency]);
    const line = lines.get(key) ?? emptyLine(cell, currency);
    const state = states.find((name) => name === cell.state.toLowerCase()) ?? "other";
    for (const figures of [line, line[state]]) {
      figures.actions += cell.actions;
      figures.payout += rates ? convert(cell.payout, cell.currency, rates) : cell.payout;
      figures.amount += rates ? convert(cell.amount, cell.currency, rates) : cell.amount;
    }
    lines.set(key, line);
  }
  return [...lines.values()];
}

function emptyLine({ value, name }: Cell, currency: string): Line {
  const none = (): Figures => ({ actions: 0, payout: 0n, amount: 0n });
  return { value, name, currency, ...none(), pending: none(), approved: none(), reversed: none(), other: none() };
}

/** Where a page ends: its last line, and what it was sorted by. */
export interface Place {
  rank: bigint;
  value: string;
  currency: string;
}

/** What a line is sorted by. */
export function rankOf(line: Figures, order: Order): bigint {
  return order === "value" ? 0n : BigInt(line[order]);
}

/** The lines behind a place, in an order: the largest first, equals from A to Z. */
export function sorted(lines: Line[], order: Order, after: Place | undefined): Line[] {
  const places = lines.map((line) => ({ line, rank: rankOf(line, order), value: line.value, currency: line.currency }));
  const later = after ? places.filter((place) => compare(after, place) < 0) : places;
  return later.sort(compare).map(({ line }) => line);
}

function compare(one: Place, other: Place): number {
  if (one.rank !== other.rank) return one.rank > other.rank ? -1 : 1;
  const [mine, others] = one.value === other.value ? [one.currency, other.currency] : [one.value, other.value];
  return mine === others ? 0 : mine < others ? -1 : 1;
}

/** A part of a report, and the totals that answer it. */
export interface Counted extends Bucket {
  dimension: Rollup;
}

/** Divides a report into what totals answer, the largest units first, and what is left for the actions themselves. */
export function divideReport(buckets: Bucket[], rollups: ReturnType<typeof rollupsOf>): { whole: Counted[]; cut: Bucket[] } {
  let cut = buckets;
  const whole: Counted[] = [];
  for (const { dimension, unit } of rollups) {
    const divided = divide(cut, unit);
    whole.push(...divided.whole.map((bucket) => ({ ...bucket, dimension })));
    cut = divided.cut;
  }
  return { whole, cut };
}

/**
 * Which of the totals answer a report, and by what unit of time they count, the largest first; none when only the actions themselves can.
 * One value of `sub_id1` is found among the actions by an index, and among the totals only by reading all values. `isByHours`: the days that
 * are asked for begin at full hours.
 */
export function rollupsOf(
  by: Grouping,
  filters: Partial<Record<Dimension, string>>,
  isByHours: boolean,
): { dimension: Rollup; unit: number }[] {
  const own = (Object.keys(dimensions) as Dimension[]).filter((dimension) => dimension === by || filters[dimension] !== undefined);
  const [dimension, ...others] = own;
  if (others.length > 0 || filters.sub_id1) return [];
  if (dimension === undefined) return [isByHours ? { dimension: "hour", unit: hour } : { dimension: "", unit: quarter }];
  const byDay = { dimension, unit: day };
  return dimension === "sub_id1" ? [{ dimension: "sub_id1/week", unit: week }, byDay] : [byDay];
}
