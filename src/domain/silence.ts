import type { Alert, Finding } from "./alert.ts";
import { callsOf, hourOf, learnedMs, type Pulse, youngestMs } from "./pulse.ts";
import { expectedOf, type Rhythm, rhythmOf, usualAt } from "./rhythm.ts";
import { day, formatInstant, hour, type Instant, minute } from "./time.ts";

/** Nobody is told of a silence that is shorter. */
const shortestMs = 30 * minute;
/** From fewer postbacks in the learned weeks no rhythm can be told. */
const fewestLearned = 50;
/** By chance such a silence would come once in so many stretches of learned weeks. */
const seldom = 100;
/** So many silences of the learned weeks may have been outages; the next longest is taken for usual, and what is hardly longer too. */
const outages = 2;
const hardlyLonger = 1.25;
/** A day on which next to nothing came is no measure for the next. */
const lowestLevel = 0.1;

/**
 * Whether a source has been silent for longer than it ever usually is: more postbacks should have come since its last call than chance
 * leaves out, and than it left out itself before. `pulses` are those of the last five weeks, in any order; `lastAt` is its last call,
 * or null when only the hour of that is known, and then the end of that hour counts.
 */
export function judgeSilence(pulses: Pulse[], lastAt: Instant | null, now: Instant): Finding {
  const alive = pulses.filter((pulse) => callsOf(pulse) > 0 && pulse.hour >= now - learnedMs).map((pulse) => pulse.hour);
  const lastHour = alive.reduce((last, each) => Math.max(last, each), now - learnedMs);
  const heard = Math.min(now, lastAt ?? lastHour + hour);
  const from = alive.reduce((first, each) => Math.min(first, each), heard);
  const rhythm = rhythmOf(pulses, from, hourOf(heard));
  const expected = levelOf(pulses, rhythm, heard) * expectedOf(rhythm, heard, now);
  const together = togetherOf(pulses, rhythm);
  const byChance = together * Math.log(seldom * Math.max(1, rhythm.total / together));
  const bySelf = hardlyLonger * usualSilence(rhythm, alive);
  const limit = Math.max(byChance, bySelf);
  const isKnown = now - from >= youngestMs && rhythm.total >= fewestLearned;
  return {
    isFar: isKnown && now - heard >= shortestMs && expected >= limit,
    figures: {
      last_received_at: formatInstant(heard),
      silent_minutes: Math.floor((now - heard) / minute),
      expected: round(expected),
      limit: round(limit),
      learned_from: formatInstant(from),
      learned_postbacks: rhythm.total,
    },
  };
}

/** Whether no call has come since a silence was told. */
export function isSilentSince(
  { figures, openedAt }: Pick<Alert, "figures" | "openedAt">,
  pulses: Pulse[],
  lastAt: Instant | null,
): boolean {
  const known = Date.parse(String(figures["last_received_at"]));
  return !(lastAt !== null && lastAt > known) && !pulses.some((pulse) => callsOf(pulse) > 0 && pulse.hour >= openedAt);
}

/** How many postbacks its longest silences left out, the few longest set aside. A silence begins and ends somewhere within an hour. */
function usualSilence(rhythm: Rhythm, alive: Instant[]): number {
  const hours = [...new Set(alive)].filter((at) => at < rhythm.to).sort((a, b) => a - b);
  const silences = hours
    .slice(1)
    .map((at, nth) => [(hours[nth] as Instant) + hour, at] as const)
    .filter(([from, to]) => to > from)
    .map(([from, to]) => expectedOf(rhythm, from - hour / 2, to + hour / 2))
    .sort((a, b) => b - a);
  return silences[outages] ?? 0;
}

/** How the last day compares with what it usually is: on holidays, and after a campaign has ended, less is to be expected. */
function levelOf(pulses: Pulse[], rhythm: Rhythm, heard: Instant): number {
  const to = hourOf(heard);
  const came = pulses.filter((pulse) => pulse.hour >= to - day && pulse.hour < to).reduce((sum, { received }) => sum + received, 0);
  const atMost = came + 2 * Math.sqrt(came + 1) + 1; // what came by chance may be less than what was to come
  return Math.max(lowestLevel, Math.min(1, atMost / Math.max(1, expectedOf(rhythm, to - day, to))));
}

/**
 * How many postbacks come together, as when a brand tells a day's sales at once: 1 where each comes for itself. From the variance of
 * the hours around what is usual, on a day in the middle of all days, so that one odd day counts for nothing.
 */
function togetherOf(pulses: Pulse[], rhythm: Rhythm): number {
  const counts = new Map(pulses.map((pulse) => [pulse.hour, pulse.received]));
  const ratios: number[] = [];
  for (let begin = hourOf(rhythm.from); begin + day <= rhythm.to; begin += day) {
    let variance = 0;
    let mean = 0;
    for (let at = begin; at < begin + day; at += hour) {
      const usual = usualAt(rhythm, at);
      variance += ((counts.get(at) ?? 0) - usual) ** 2;
      mean += usual;
    }
    ratios.push(mean > 0 ? variance / mean : 1);
  }
  ratios.sort((a, b) => a - b);
  return Math.max(1, ((ratios[Math.floor(ratios.length / 2)] ?? 1) + 1) / 2);
}

function round(figure: number): number {
  return Number(figure.toPrecision(3));
}
