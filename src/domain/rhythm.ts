import { hourOf, type Pulse } from "./pulse.ts";
import { day, hour, type Instant } from "./time.ts";

const hoursOfWeek = 7 * 24;
/** Such a part of all hours, the largest, says nothing of how large an hour typically is. */
const odd = 0.01;

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
  for (let at = hourOf(from); at < to; at += hour) ofCell[cellOf(at)]?.push(counts.get(at) ?? 0);
  const all = ofCell.flat().sort((a, b) => a - b);
  const typical = mean(all.slice(0, Math.ceil(all.length * (1 - odd))));
  return { from, to, total: sum(all), usual: ofCell.map((counts) => usualOf(counts, typical)) };
}

/** How many postbacks are to be expected between two instants. */
export function expectedOf(rhythm: Rhythm, from: Instant, to: Instant): number {
  const weeks = Math.max(0, Math.floor((to - from) / (7 * day)));
  let expected = weeks * sum(rhythm.usual);
  for (let at = from + weeks * 7 * day; at < to; at = hourOf(at) + hour) {
    expected += ((Math.min(to, hourOf(at) + hour) - at) / hour) * usualAt(rhythm, at);
  }
  return expected;
}

/** How many postbacks usually come in the hour that `at` is in. */
export function usualAt({ usual }: Rhythm, at: Instant): number {
  return usual[cellOf(at)] ?? 0;
}

/** The mean of one hour of the week, where the largest counts for no more than some times the others, or a typical hour. */
function usualOf(counts: number[], typical: number): number {
  const largest = Math.max(0, ...counts);
  const rest = sum(counts) - largest;
  const others = counts.length > 1 ? rest / (counts.length - 1) : largest;
  return (rest + Math.min(largest, 10 + 4 * Math.max(others, typical))) / Math.max(1, counts.length);
}

function cellOf(at: Instant): number {
  return Math.floor(at / hour) % hoursOfWeek;
}

function sum(counts: number[]): number {
  return counts.reduce((all, each) => all + each, 0);
}

function mean(counts: number[]): number {
  return sum(counts) / Math.max(1, counts.length);
}
