import { describe, expect, test } from "vitest";
import { day, hour, minute, second } from "../../src/domain/time.ts";
import { limitsOf, noLimits } from "../../src/impact/limits.ts";

const now = Date.parse("2026-11-20T08:00:00Z");
const limitsIn = (headers: Record<string, string>) => limitsOf(new Headers(headers), now);

test("an answer that says nothing of limits sets none", () => expect(limitsIn({})).toEqual(noLimits));

test("the documented headers are read", () => {
  const headers = { "X-RateLimit-Limit-hour": "500", "X-RateLimit-Remaining-hour": "0", "RateLimit-Reset": "600", "Retry-After": "30" };
  expect(limitsIn(headers)).toEqual({ limit: 500, remaining: 0, resetAt: now + 10 * minute, retryAt: now + 30 * second });
});

test("the end of the hour is read from the header that was seen in practice, too", () =>
  expect(limitsIn({ "x-ratelimit-reset": "90" }).resetAt).toBe(now + 90 * second));

describe("Retry-After", () => {
  const retryAt = (value: string) => limitsIn({ "retry-after": value }).retryAt;

  test("may be seconds, also broken ones, or a date", () => {
    expect(retryAt("5")).toBe(now + 5 * second);
    expect(retryAt("0.5")).toBe(now + 500);
    expect(retryAt("Fri, 20 Nov 2026 08:01:00 GMT")).toBe(now + minute);
  });

  test("in the past is now", () => expect(retryAt("Fri, 20 Nov 2026 07:00:00 GMT")).toBe(now));
  test("is not longer than a day", () => {
    expect(retryAt("999999")).toBe(now + day);
    expect(retryAt("Fri, 20 Nov 2099 07:00:00 GMT")).toBe(now + day);
  });
  test.each(["", "soon", "-5", "Wait 2099"])("of %j says nothing", (value) => expect(retryAt(value)).toBeNull());
});

test("an hour has no more than an hour left, also where its end is told as a moment", () => {
  expect(limitsIn({ "ratelimit-reset": "99999" }).resetAt).toBe(now + hour);
  expect(limitsIn({ "ratelimit-reset": String(now / second + 60) }).resetAt).toBe(now + minute);
});

test.each(["", "many", "-1", "1.5"])("%j calls that remain say nothing", (value) =>
  expect(limitsIn({ "x-ratelimit-remaining-hour": value }).remaining).toBeNull(),
);
