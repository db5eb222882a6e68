import { hourOf, type Pulse } from "../../src/domain/pulse.ts";
import { day, hour, type Instant, minute } from "../../src/domain/time.ts";

/** A Monday. */
export const monday = Date.parse("2026-01-05T00:00:00Z");
export const week = 7 * day;

/** Numbers in [0, 1), the same for the same seed. Source: mulberry32. */
export function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When the postbacks of a source come: by chance, so many an hour as `rate` says, never more than `most`. */
export function arrivals(rate: (at: Instant) => number, most: number, from: Instant, to: Instant, chance: () => number): Instant[] {
  const all: Instant[] = [];
  for (let at = from; at < to; ) {
    at += (-Math.log(1 - chance()) / most) * hour;
    if (at < to && chance() < rate(at) / most) all.push(Math.floor(at));
  }
  return all;
}

export function aPulse(at: Instant, parts: Partial<Pulse> = {}): Pulse {
  return { hour: hourOf(at), received: 0, reversed: 0, unknown: 0, duplicates: 0, quarantined: 0, ...parts };
}

/** The pulses of postbacks. */
export function pulsesOf(received: Instant[]): Pulse[] {
  const hours = Map.groupBy(received, hourOf);
  return [...hours].map(([at, all]) => aPulse(at, { received: all.length }));
}

/** So many postbacks in each hour of so many weeks before `until`. */
export function steady(perHour: number, until: Instant, weeks = 5, parts: Partial<Pulse> = {}): Pulse[] {
  const hours = Math.floor((weeks * week) / hour);
  return Array.from({ length: hours }, (_, nth) => aPulse(until - (nth + 1) * hour, { received: perHour, ...parts }));
}

export const rates: Record<string, [rate: (at: Instant) => number, most: number]> = {
  "once in three hours": [() => 1 / 3, 1],
  "ten an hour": [() => 10, 10],
  "by day, on working days": [(at) => (isWork(at) ? 30 : 0), 30],
  "by day and a little by night": [(at) => (isDay(at) ? 20 : 1), 20],
};

function isDay(at: Instant): boolean {
  const { hours } = partsOf(at);
  return hours >= 8 && hours < 18;
}

function isWork(at: Instant): boolean {
  const { weekday } = partsOf(at);
  return isDay(at) && weekday > 0 && weekday < 6;
}

function partsOf(at: Instant): { hours: number; weekday: number } {
  const date = new Date(at);
  return { hours: date.getUTCHours(), weekday: date.getUTCDay() };
}

/** Every quarter of an hour between two instants. */
export function* looks(from: Instant, to: Instant): Generator<Instant> {
  for (let at = from; at < to; at += 15 * minute) yield at;
}
