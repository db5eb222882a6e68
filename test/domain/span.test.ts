import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bucket, bucketsOf, divide, spanOf } from "../../src/domain/span.ts";
import { formatInstant, hour, minute } from "../../src/domain/time.ts";
import { findZone, type Zone } from "../../src/domain/zone.ts";
import { runs } from "../fuzz.ts";

const berlin = findZone("Europe/Berlin") as Zone;
const now = Date.parse("2026-05-13T23:30:00Z");

function span(since?: string, until?: string): string[] {
  const read = spanOf({ since, until }, berlin, now);
  return [read.since, read.until].map(formatInstant);
}

describe("the bounds of a report", () => {
  test.each<[string | undefined, string | undefined, string, string]>([
    ["2026-05-01", "2026-05-02", "2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z"],
    ["2026-05-01T10:00:00Z", "2026-05-01T10:00:00.001Z", "2026-05-01T10:00:00Z", "2026-05-01T10:00:00.001Z"],
    ["2026-05-01T12:00", "2026-05-01T12:00:00-02:00", "2026-05-01T10:00:00Z", "2026-05-01T14:00:00Z"],
    ["2026-05-01T12:00:00 05:30", "2026-05-02", "2026-05-01T06:30:00Z", "2026-05-01T22:00:00Z"],
    ["2026-05-01", undefined, "2026-04-30T22:00:00Z", "2026-05-13T23:30:00Z"],
    [undefined, undefined, "2026-04-14T22:00:00Z", "2026-05-13T23:30:00Z"],
    [undefined, "2026-05-31", "2026-04-30T22:00:00Z", "2026-05-30T22:00:00Z"],
    ["2023-05-13", "2026-05-13", "2023-05-12T22:00:00Z", "2026-05-12T22:00:00Z"],
  ])("from %s to %s are %s and %s", (since, until, from, to) => expect(span(since, until)).toEqual([from, to]));

  test.each<[string | undefined, string | undefined, string]>([
    ["2026-05-02", "2026-05-02", "since must lie before until"],
    ["2026-05-14T00:00:00Z", undefined, "since must lie before until"],
    ["2023-05-09", "2026-05-13", "since must not lie more than three years"],
    ["last week", undefined, "since must be a date"],
    ["2026-02-30", undefined, "since must be a date"],
    [undefined, "13.5.2026", "until must be a date"],
    ["1969-12-31", "1970-02-01", "since must be a date from 1970 on"],
    ["", undefined, "since must be a date"],
  ])("from %s to %s are refused: %s", (since, until, words) => expect(() => span(since, until)).toThrow(words));
});

const zones = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana", "Africa/Cairo", "America/St_Johns"].map(
  (name) => findZone(name) as Zone,
);
const moments = fc.integer({ min: Date.parse("2009-01-01"), max: Date.parse("2030-01-01") });
const spans = fc.tuple(moments, fc.integer({ min: 1, max: 5000 * hour })).map(([since, long]) => ({ since, until: since + long }));

function areInARow(buckets: { since: number; until: number }[], { since, until }: { since: number; until: number }): boolean {
  const edges = buckets.every((bucket, nth) => bucket.since < bucket.until && bucket.since === (buckets[nth - 1]?.until ?? since));
  return edges && buckets.at(-1)?.until === until;
}

describe("the days and months of a span", () => {
  test("lie in a row, without gap, overlap, or one that comes twice", () => {
    fc.assert(
      fc.property(spans, fc.constantFrom(...zones), fc.constantFrom("day" as const, "month" as const), (one, zone, by) => {
        const buckets = bucketsOf(by, one, zone);
        return areInARow(buckets, one) && new Set(buckets.map(({ label }) => label)).size === buckets.length;
      }),
      runs(),
    );
  });

  test("are cut where the span is", () => {
    const buckets = bucketsOf("month", { since: Date.parse("2026-01-31T22:59:00Z"), until: Date.parse("2026-02-28T23:01:00Z") }, berlin);
    expect(buckets.map(({ label, since, until }) => [label, (until - since) / minute])).toEqual([
      ["2026-01", 1],
      ["2026-02", 28 * 24 * 60],
      ["2026-03", 1],
    ]);
  });
});

test("what is divided is whole units and edges that are none, and all of it", () => {
  fc.assert(
    fc.property(spans, fc.constantFrom(...zones), fc.constantFrom(15 * minute, 24 * hour), (one, zone, unit) => {
      const buckets = bucketsOf("month", one, zone);
      const { whole, cut } = divide(buckets, unit);
      const all = [...whole, ...cut].sort((some: Bucket, other) => some.since - other.since);
      return (
        areInARow(all, one) &&
        whole.every(({ since, until }) => since % unit === 0 && until % unit === 0) &&
        cut.every(({ since, until }) => until - since < 2 * unit)
      );
    }),
    runs(),
  );
});
