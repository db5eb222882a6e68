import fc from "fast-check";
import { expect, test } from "vitest";
import { day, formatInstant, hour, minute, parseDate } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";

/** The date as UTC text, or null. */
function utcOf(text: string): string | null {
  const read = parseDate(text);
  return read && formatInstant(read.at);
}

test.each([
  ["2026-05-13T11:37:49+08:00", "2026-05-13T03:37:49Z"],
  ["2024-09-10T10:42:38-07:00", "2024-09-10T17:42:38Z"],
  ["2020-07-15T03:25:10-05:00", "2020-07-15T08:25:10Z"],
  ["2026-01-01T01:30:00+03:00", "2025-12-31T22:30:00Z"],
  ["2026-01-01T00:00:00+05:45", "2025-12-31T18:15:00Z"],
  ["2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00Z"],
  ["2026-01-01T00:00:00-00:30", "2026-01-01T00:30:00Z"],
  ["2026-05-13T11:37:49+0800", "2026-05-13T03:37:49Z"],
  ["2026-05-13T11:37:49Z", "2026-05-13T11:37:49Z"],
  ["2026-05-13t11:37:49z", "2026-05-13T11:37:49Z"],
])("reads the offset of %s", (text, utc) => {
  expect(utcOf(text)).toBe(utc);
});

test.each([
  ["a blank for the T", "2026-05-13 11:37:49+08:00", "2026-05-13T03:37:49Z"],
  ["a blank before the offset", "2026-05-13 11:37:49 +08:00", "2026-05-13T03:37:49Z"],
  ["no seconds", "2026-05-13T11:37+08:00", "2026-05-13T03:37:00Z"],
  ["a fraction", "2026-05-13T11:37:49.5+08:00", "2026-05-13T03:37:49.500Z"],
  ["a fraction with a comma", "2026-05-13T11:37:49,25Z", "2026-05-13T11:37:49.250Z"],
  ["nanoseconds", "2026-05-13T11:37:49.123456789Z", "2026-05-13T11:37:49.123Z"],
  ["blanks around it", " 2026-05-13T11:37:49Z ", "2026-05-13T11:37:49Z"],
])("reads a date with %s", (_, text, utc) => {
  expect(utcOf(text)).toBe(utc);
});

test("takes a date alone as midnight in UTC", () => {
  expect(parseDate("2026-05-13")).toEqual({ at: Date.UTC(2026, 4, 13), assumedUtc: true });
});

test("takes a time without an offset as UTC, and says so", () => {
  expect(parseDate("2026-05-13T11:37:49")).toEqual({ at: Date.UTC(2026, 4, 13, 11, 37, 49), assumedUtc: true });
});

test.each(["2026-05-13T11:37:49Z", "2026-05-13T11:37:49+00:00"])("takes nothing for granted about %s", (text) => {
  expect(parseDate(text)?.assumedUtc).toBe(false);
});

test.each(["2024-02-29", "2000-02-29", "2024-02-29T23:59:59-12:00"])("knows the leap day in %s", (text) => {
  expect(parseDate(text)).not.toBeNull();
});

test.each([
  "2023-02-29",
  "1900-02-29",
  "2026-02-30",
  "2026-04-31",
  "2026-13-01",
  "2026-00-10",
  "2026-01-00",
  "2026-01-32",
  "2026-01-01T24:00:00Z",
  "2026-01-01T12:60:00Z",
  "2026-01-01T12:00:60Z",
  "2026-01-01T12:00:00+15:00",
  "2026-01-01T12:00:00+08:60",
])("refuses %s, which does not exist", (text) => {
  expect(parseDate(text)).toBeNull();
});

test.each([
  "",
  "0",
  "now",
  "13/05/2026",
  "05/13/2026 11:37",
  "2026-5-3",
  "20260513",
  "1778643469",
  "2026-05-13T",
  "2026-05-13T11",
  "2026-05-13T11:37:49 08:00",
  "2026-05-13+08:00",
  "2026-05-13T11:37:49 PST",
  "Wed, 13 May 2026 11:37:49 GMT",
  "n/a",
])("refuses %j, which is no such date", (text) => {
  expect(parseDate(text)).toBeNull();
});

const instants = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(9999, 11, 30) });

test("reads back every instant that it writes", () => {
  fc.assert(
    fc.property(instants, (at) => parseDate(formatInstant(at))?.at === at),
    runs(),
  );
});

test("an instant is the same instant in every zone", () => {
  const offsets = fc.integer({ min: -12 * 60, max: 14 * 60 });
  const inZone = (at: number, minutes: number) => {
    const size = Math.abs(minutes);
    const two = (count: number) => String(Math.trunc(count)).padStart(2, "0");
    const wall = new Date(at + minutes * minute).toISOString().slice(0, -1);
    return `${wall}${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
  };
  const later = instants.filter((at) => at > day);
  fc.assert(
    fc.property(later, offsets, (at, offset) => parseDate(inZone(at, offset))?.at === at),
    runs(),
  );
});

test("never throws, whatever it is given", () => {
  const nearDates = fc.stringMatching(/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([+-]\d{2}:?\d{2})?)?$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearDates), (text) => Number.isFinite(parseDate(text)?.at ?? 0)),
    runs(),
  );
});

test("writes UTC to the second, and milliseconds only where there are any", () => {
  expect([0, hour, 1].map(formatInstant)).toEqual(["1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z", "1970-01-01T00:00:00.001Z"]);
});
