import { describe, expect, test } from "vitest";
import { latencyBoundsMs, percentile } from "../../src/domain/destination-pulse.ts";

/** Counts by class: `{ 100: 3 }` is three requests of 51 to 100 ms. */
function pulse(counts: Record<number, number>) {
  return { latencies: [...latencyBoundsMs, Number.POSITIVE_INFINITY].map((bound) => counts[bound] ?? 0) };
}

describe("a percentile", () => {
  test("is nothing without requests", () => expect(percentile([pulse({})], 0.95)).toBeNull());

  test("is the end of the class that its request is in, over all hours together", () => {
    const hours = [pulse({ 50: 90 }), pulse({ 1000: 9, 10000: 1 })];
    expect([0.5, 0.9, 0.95, 0.99, 1].map((share) => percentile(hours, share))).toEqual([50, 50, 1000, 1000, 10_000]);
  });

  test("of what took longer than the last class is the last bound", () => {
    expect(percentile([pulse({ [Number.POSITIVE_INFINITY]: 1 })], 0.5)).toBe(10_000);
  });
});
