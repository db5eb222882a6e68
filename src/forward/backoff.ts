import type { Delivery, Outcome } from "../domain/delivery.ts";
import { day, type Instant, second } from "../domain/time.ts";

/** Pauses after a failed attempt, in seconds: eleven attempts within about 76 hours. */
export const defaultRetrySchedule = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** A refusal (most 4xx) seldom mends itself, so it gets the first pauses only: five attempts in about 36 minutes. */
const refusedPauses = 4;
const jitter = 0.2;
const longestWait = day;

/** What becomes of a delivery after an attempt. */
export type Fate = { state: "delivered" } | { state: "exhausted" } | { state: "pending"; nextAttemptAt: Instant };

/** Decides the fate of a delivery: never earlier than the far side asked (capped at a day), spread by ±20 %. `random` is in [0, 1). */
export function fateOf(
  outcome: Outcome,
  delivery: Pick<Delivery, "attempts" | "attemptsBefore">,
  schedule: number[],
  now: Instant,
  random: number,
): Fate {
  if (outcome.delivered) return { state: "delivered" };
  if (outcome.status === 410) return { state: "exhausted" };
  const pauses = isRefusal(outcome.status) ? schedule.slice(0, refusedPauses) : schedule;
  const pause = pauses[delivery.attempts - delivery.attemptsBefore - 1];
  if (pause === undefined) return { state: "exhausted" };
  const spread = pause * second * (1 - jitter + 2 * jitter * random);
  const asked = Math.min(outcome.retryAfterMs ?? 0, longestWait);
  return { state: "pending", nextAttemptAt: now + Math.round(Math.max(spread, asked)) };
}

/**
 * Reads Retry-After (seconds or an HTTP date, RFC 9110 §10.2.3; fractions too, and of several the longest) as ms from `now`; null when
 * there is none or it is nonsense.
 */
export function parseRetryAfter(value: string | null, now: Instant): number | null {
  const waits = (value ?? "").split(betweenValues).flatMap((one) => waitOf(one.trim(), now) ?? []);
  return waits.reduce<number | null>((longest, wait) => Math.max(longest ?? 0, wait), null);
}

/** A comma, but not the one within a date. */
const betweenValues = /,(?=\s*(?:[\d.]+\s*(?:,|$)|[A-Z]))/;
const seconds = /^\d+(\.\d+)?$/;
/** As `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms. Date.parse alone takes "Wait 2099" for one. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

function waitOf(value: string, now: Instant): number | null {
  if (seconds.test(value)) return Math.ceil(Number(value) * second);
  const at = httpDate.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

function isRefusal(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
}
