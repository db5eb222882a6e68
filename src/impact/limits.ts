import type { Account } from "../domain/source.ts";
import { day, hour, type Instant, second } from "../domain/time.ts";

/** What an answer says of how often we may ask; null where it says nothing. */
export interface Limits {
  /** Calls in an hour, and how many of them are left. */
  limit: number | null;
  remaining: number | null;
  /** When the hour is over, as impact.com counts it. */
  resetAt: Instant | null;
  /** Not before then. */
  retryAt: Instant | null;
}

export const noLimits: Limits = { limit: null, remaining: null, resetAt: null, retryAt: null };

/**
 * Reads the headers of an answer. Sources: impact.com, "Rate limits" (`RateLimit-Reset` in seconds; `X-RateLimit-Reset` was seen);
 * RFC 9110 §10.2.3 for Retry-After, a date or seconds. No wait is longer than a day, none for the hour's end longer than an hour.
 */
export function limitsOf(headers: Headers, now: Instant): Limits {
  return {
    limit: countIn(headers.get("x-ratelimit-limit-hour")),
    remaining: countIn(headers.get("x-ratelimit-remaining-hour")),
    resetAt: momentIn(headers.get("ratelimit-reset") ?? headers.get("x-ratelimit-reset"), now, hour),
    retryAt: momentIn(headers.get("retry-after"), now, day),
  };
}

function countIn(text: string | null): number | null {
  return /^\d{1,9}$/.test(text?.trim() ?? "") ? Number(text) : null;
}

/** More seconds than that are no wait but a moment of their own, since 1970. */
const longestSeconds = 1e9;
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/;

function momentIn(text: string | null, now: Instant, longest: number): Instant | null {
  const value = text?.trim() ?? "";
  const seconds = /^\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : null;
  const moment = seconds === null ? (httpDate.test(value) ? Date.parse(value) : Number.NaN) : seconds * second;
  if (Number.isNaN(moment)) return null;
  const at = seconds !== null && seconds < longestSeconds ? now + moment : moment;
  return Math.ceil(Math.min(Math.max(at, now), now + longest));
}

/**
 * How many calls an account gets from us in an hour, all jobs taken together: four fifths of what impact.com allows ("Rate limits": 500
 * for partners' actions, 1,000 for brands), since the account's owner may have programs of their own.
 */
export const callsPerHour = { partner: 400, brand: 800 } satisfies Record<Account, number>;
