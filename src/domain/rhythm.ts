import { hourOf, type Pulse } from "./pulse.ts";
import { day, hour, type Instant } from "./time.ts";

const hoursOfWeek = 7 * 24;

/** How a source usually calls: how many postbacks in each hour of the week, in UTC, learned from the hours between `from` and `to`. */
export interface Rhythm {
  from: Instant;
  to: Instant;
  /** How many postbacks it was learned from. */
  total: number;
  usual: number[];
}

/** Learns the rhythm of a source: the mean of each hour of the week, where one hour that is beyond all others counts as a large one. */
export function rhythmOf(pulses: Pulse[], from: Instant, to: Instant): Rhythm {
  const counts = new Map(pulses.map(({ hour: at, received }) => [at, received]));
  const ofCell: number[][] = Array.from({ length: hoursOfWeek }, () => []);
  let total = 0;
  for (let at = hourOf(from); at < to; at += hour) {
    const count = counts.get(at) ?? 0;
    ofCell[cellOf(at)]?.push(count);
    total += count;
  }
  return { from, to, total, usual: ofCell.map(meanOf) };
}

/**
 * How many postbacks are to be expected between two instants. People change their clocks, so it is the least of what the rhythm says
 * as it is, an hour earlier and an hour later.
 */
export function expectedOf(rhythm: Rhythm, from: Instant, to: Instant): number {
  return Math.min(...[-hour, 0, hour].map((shift) => sumOf(rhythm, from + shift, to + shift)));
}

/** How many postbacks usually come in the hour that `at` is in. */
export function usualAt({ usual }: Rhythm, at: Instant): number {
  return usual[Math.floor(at / hour) % hoursOfWeek] ?? 0;
}

function sumOf(rhythm: Rhythm, from: Instant, to: Instant): number {
  const week = rhythm.usual.reduce((sum, each) => sum + each, 0);
  const weeks = Math.max(0, Math.floor((to - from) / (7 * day)));
  let sum = weeks * week;
  for (let at = from + weeks * 7 * day; at < to; at = hourOf(at) + hour) {
    sum += ((Math.min(to, hourOf(at) + hour) - at) / hour) * usualAt(rhythm, at);
  }
  return sum;
}

function meanOf(counts: number[]): number {
  if (counts.length === 0) return 0;
  const sum = counts.reduce((all, each) => all + each, 0);
  const largest = Math.max(...counts);
  const others = counts.length > 1 ? (sum - largest) / (counts.length - 1) : largest;
  return (sum - largest + Math.min(largest, 10 + 4 * others)) / counts.length;
}

function cellOf(at: Instant): number {
  return Math.floor(at / hour) % hoursOfWeek;
}
