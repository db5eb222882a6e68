import { day, type Instant, second } from "../domain/time.ts";

/** From then until then, both of them included. */
export interface Span {
  since: Instant;
  until: Instant;
}

/** impact.com allows 45 days; whole seconds are added at both ends, and a day is left for what counts days otherwise. */
const longestSpan = 44 * day;

/** impact.com knows nothing that is older: three years, of which none need be a leap year. */
export const longestHistory = 3 * 365 * day;

/** A time of any length in spans that impact.com answers for, oldest first. Neighbours share their bound, so that nothing lies between. */
export function windows(since: Instant, until: Instant): Span[] {
  const count = Math.max(1, Math.ceil((until - since) / longestSpan));
  return Array.from({ length: count }, (_, nth) => ({
    since: since + nth * longestSpan,
    until: Math.min(until, since + (nth + 1) * longestSpan),
  }));
}

/** A span in two, oldest first, cut at a whole second; null when it is too short for that. */
export function halves({ since, until }: Span): [Span, Span] | null {
  const middle = Math.floor((since + until) / 2 / second) * second;
  if (middle <= since) return null;
  return [
    { since, until: middle },
    { since: middle, until },
  ];
}
