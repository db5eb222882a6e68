import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/domain/delivery.ts";
import { defaultRetrySchedule, fateOf, parseRetryAfter } from "../../src/forward/backoff.ts";

const now = Date.UTC(2026, 10, 24);
const outcome = (parts: Partial<Outcome>): Outcome => ({
  isSent: true,
  delivered: false,
  status: 500,
  reason: "",
  latencyMs: 1,
  requestHeaders: {},
  headers: {},
  body: "",
  retryAfterMs: null,
  ...parts,
});
const fate = (parts: Partial<Outcome>, attempts = 1, random = 0.5, attemptsBefore = 0) =>
  fateOf(outcome(parts), { attempts, attemptsBefore }, defaultRetrySchedule, now, random);
const waitAfter = (parts: Partial<Outcome>, attempts = 1, random = 0.5) => {
  const result = fate(parts, attempts, random);
  return result.state === "pending" ? (result.nextAttemptAt - now) / 1000 : null;
};

test("a success is delivered, whatever came before", () => {
  expect(fate({ delivered: true, status: 200 }, 7)).toEqual({ state: "delivered" });
});

test("a failing server is tried eleven times, with the pauses of the schedule", () => {
  const pauses = Array.from({ length: 11 }, (_, index) => waitAfter({ status: 503 }, index + 1));
  expect(pauses).toEqual([5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
});

test.each([[301], [302], [408], [429], [500], [502], [null]])("status %s has the whole schedule", (status) => {
  expect(fate({ status }, 10).state).toBe("pending");
  expect(fate({ status }, 11).state).toBe("exhausted");
});

test.each([[400], [401], [403], [404], [422]])("status %s, a refusal, has five attempts", (status) => {
  expect(fate({ status }, 4).state).toBe("pending");
  expect(fate({ status }, 5).state).toBe("exhausted");
});

test("410 ends it at once", () => expect(fate({ status: 410 }, 1)).toEqual({ state: "exhausted" }));

test("pauses are spread by a fifth either way", () => {
  expect(waitAfter({}, 2, 0)).toBe(48);
  expect(waitAfter({}, 2, 0.999999)).toBeCloseTo(72, 3);
});

test("is never earlier than the far side asked, and never later than a day for it", () => {
  expect(waitAfter({ status: 429, retryAfterMs: 120_000 })).toBe(120);
  expect(waitAfter({ status: 429, retryAfterMs: 1 })).toBe(5);
  expect(waitAfter({ status: 429, retryAfterMs: 40 * 86_400_000 })).toBe(86_400);
});

test("a retry by hand starts the schedule anew", () => {
  expect(fate({}, 12, 0.5, 11)).toEqual({ state: "pending", nextAttemptAt: now + 5000 });
});

describe("Retry-After", () => {
  test.each([
    ["120", 120_000],
    [" 7 ", 7000],
    ["0", 0],
    [new Date(now + 90_000).toUTCString(), 90_000],
    [new Date(now - 90_000).toUTCString(), 0],
    ["soon", null],
    ["-5", null],
    ["1.5", 1500],
    ["0.0001", 1],
    ["1.5.2", null],
    ["9".repeat(400), Number.POSITIVE_INFINITY],
    ["30, 90", 90_000],
    ["90,30", 90_000],
    ["soon, 30", 30_000],
    [`${new Date(now + 60_000).toUTCString()}, ${new Date(now + 90_000).toUTCString()}`, 90_000],
    [`120, ${new Date(now + 90_000).toUTCString()}`, 120_000],
    ["Tuesday, 24-Nov-26 00:01:30 GMT", 90_000],
    ["Tue Nov 24 00:01:30 2026", 90_000],
    ["Wait 2099", null],
    ["Sun 2099", null],
    ["1,".repeat(100_000), 1000],
    ["", null],
    [null, null],
  ])("%j", (value, expected) => expect(parseRetryAfter(value, now)).toBe(expected));
});
