import { Problem } from "./problem.ts";
import { day, type Instant, parseDate } from "./time.ts";
import { instantOf, startOfDay, wallOf, type Zone } from "./zone.ts";

/** From `since`, up to `until` and without it. */
export interface Span {
  since: Instant;
  until: Instant;
}

/** A span that stands under one name in a report. */
export interface Bucket extends Span {
  label: string;
}

/** Three years, a leap day, and the hours by which two zones can differ. */
const longest = 1097 * day;

/**
 * Reads the bounds of a report. A date, and a time without an offset, is one of the zone. Without `until` it is now; without `since` it is
 * the thirty days of the zone that end with it. Throws `invalid_input`.
 */
export function spanOf(texts: { since?: string | undefined; until?: string | undefined }, zone: Zone, now: Instant): Span {
  const until = texts.until === undefined ? now : readBound("until", texts.until, zone);
  const since = texts.since === undefined ? startOfDay(zone, until - 1, -29) : readBound("since", texts.since, zone);
  if (since >= until) throw refusal("since", "must lie before until");
  if (until - since > longest) throw refusal("since", "must not lie more than three years before until");
  return { since, until };
}

function readBound(field: string, text: string, zone: Zone): Instant {
  const read = parseDate(text.replace(/T(.*) (\d\d:?\d\d)$/i, "T$1+$2")); // a + in a URL becomes a blank
  if (read === null || read.at < 0) throw refusal(field, "must be a date from 1970 on, like 2026-05-13 or 2026-05-13T11:37:49Z");
  return read.assumedUtc ? instantOf(zone, read.at) : read.at;
}

/** The days or months of a zone in a span, the first and the last of them as far as they lie in it. */
export function bucketsOf(by: "day" | "month", { since, until }: Span, zone: Zone): Bucket[] {
  const buckets: Bucket[] = [];
  for (let from = since; from < until; ) {
    const date = new Date(wallOf(zone, from));
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    const next = by === "day" ? Date.UTC(year, month, date.getUTCDate() + 1) : Date.UTC(year, month + 1, 1);
    const to = Math.min(until, instantOf(zone, next));
    buckets.push({ label: date.toISOString().slice(0, by === "day" ? 10 : 7), since: from, until: to });
    from = to;
  }
  return buckets;
}

/** Divides buckets into what consists of whole units (quarters of an hour, or UTC days), and what is left at the edges. */
export function divide(buckets: Bucket[], unit: number): { whole: Bucket[]; cut: Bucket[] } {
  const pieces = buckets.map((bucket) => {
    const from = Math.ceil(bucket.since / unit) * unit;
    const to = Math.floor(bucket.until / unit) * unit;
    if (from >= to) return { whole: [], cut: [bucket] };
    return {
      whole: [{ ...bucket, since: from, until: to }],
      cut: [
        { ...bucket, until: from },
        { ...bucket, since: to },
      ].filter(({ since, until }) => since < until),
    };
  });
  return { whole: pieces.flatMap(({ whole }) => whole), cut: pieces.flatMap(({ cut }) => cut) };
}

/** A mistake in one field of a report's question. */
export function refusal(field: string, reason: string): Problem {
  return new Problem("invalid_input", `${field} ${reason}`, [{ field, reason }]);
}
