import { day, hour, type Instant } from "./time.ts";

/** What came from a source in the hour that begins at `hour`. `received` are the postbacks that became events; repeats are apart. */
export interface Pulse {
  hour: Instant;
  received: number;
  reversed: number;
  unknown: number;
  duplicates: number;
  quarantined: number;
}

/** So far back goes what is learned of a source. */
export const learnedMs = 35 * day;
/** A source that is younger is not judged. */
export const youngestMs = 14 * day;

/** The beginning of the hour that `at` is in. */
export function hourOf(at: Instant): Instant {
  return Math.floor(at / hour) * hour;
}

/** Every call of a source that somebody made with its token, whatever became of it. */
export function callsOf({ received, duplicates, quarantined }: Pulse): number {
  return received + duplicates + quarantined;
}
