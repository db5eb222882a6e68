import fc from "fast-check";
import { expect, test } from "vitest";
import { day, hour, second } from "../../src/domain/time.ts";
import { halves, windows } from "../../src/impact/spans.ts";
import { runs } from "../fuzz.ts";

const start = Date.parse("2024-01-01T00:00:00Z");

test("a time of up to 44 days is one window", () => {
  expect(windows(start, start + 44 * day)).toEqual([{ since: start, until: start + 44 * day }]);
  expect(windows(start, start)).toEqual([{ since: start, until: start }]);
});

test("a longer one is several, oldest first", () => {
  expect(windows(start, start + 100 * day)).toEqual([
    { since: start, until: start + 44 * day },
    { since: start + 44 * day, until: start + 88 * day },
    { since: start + 88 * day, until: start + 100 * day },
  ]);
});

test("whatever the time, its windows cover it without a hole, and none is longer than 45 days", () => {
  const length = fc.integer({ min: 0, max: 3 * 366 * day });
  fc.assert(
    fc.property(length, (ms) => {
      const all = windows(start, start + ms);
      const isWhole = all[0]?.since === start && all.at(-1)?.until === start + ms;
      const isClosed = all.every(({ since }, nth) => nth === 0 || since === all[nth - 1]?.until);
      return isWhole && isClosed && all.every(({ since, until }) => until >= since && until - since < 45 * day - 2 * second);
    }),
    runs(200),
  );
});

test("a span is halved at a whole second", () => {
  expect(halves({ since: start, until: start + hour + 333 })).toEqual([
    { since: start, until: start + hour / 2 },
    { since: start + hour / 2, until: start + hour + 333 },
  ]);
});

test("halving comes to an end", () => {
  expect(halves({ since: start, until: start + second })).toBeNull();
  let [span, steps] = [{ since: start, until: start + 44 * day }, 0];
  for (let half = halves(span); half !== null; half = halves(span), steps++) span = half[steps % 2] as typeof span;
  expect(steps).toBeLessThan(30);
  expect(span.until - span.since).toBeLessThanOrEqual(2 * second);
});
