import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { hour, minute, second } from "../../src/domain/time.ts";
import { noteLimits, takeCall } from "../../src/store/budgets.ts";
import { metered } from "./meter.ts";

const db = env.DB;
const now = Date.parse("2026-11-20T08:20:00Z");
const nextHour = Date.parse("2026-11-20T09:00:00Z");
const silent = { remaining: null, resetAt: null, retryAt: null };

/** An account that has made so many calls in the present hour. */
async function anAccount(calls = 0): Promise<string> {
  const account = crypto.randomUUID();
  for (let n = 0; n < calls; n++) await takeCall(db, account, now, 1000);
  return account;
}

const takeMany = async (account: string, count: number, at: number, ceiling: number) =>
  (await Promise.all(Array.from({ length: count }, () => takeCall(db, account, at, ceiling)))).filter(({ ok }) => ok).length;

test("twenty who ask at once get no more calls than there are", async () => {
  const account = await anAccount();
  expect(await takeMany(account, 20, now, 7)).toBe(7);
  expect(await takeMany(account, 20, now, 7)).toBe(0);
});

test("who gets none is told to come again in the next hour, which has all of its calls", async () => {
  const account = await anAccount(3);
  expect(await takeCall(db, account, now, 3)).toEqual({ ok: false, retryAt: nextHour });
  expect(await takeMany(account, 20, nextHour, 3)).toBe(3);
});

test("accounts do not share", async () => {
  const [one, other] = [await anAccount(3), await anAccount()];
  expect([await takeCall(db, one, now, 3), await takeCall(db, other, now, 3)]).toEqual([{ ok: false, retryAt: nextHour }, { ok: true }]);
});

test("taking is one round trip", async () => {
  const { db: counted, bill } = metered(db);
  await takeCall(counted, await anAccount(), now, 3);
  expect([bill.roundTrips, bill.rowsWritten]).toEqual([1, 1]);
});

describe("what impact.com says", () => {
  test("with Retry-After closes the account for all until then, and then opens it", async () => {
    const account = await anAccount(1);
    await noteLimits(db, account, { ...silent, retryAt: now + 30 * second }, now);
    expect(await takeCall(db, account, now + 29 * second, 100)).toEqual({ ok: false, retryAt: now + 30 * second });
    expect(await takeCall(db, account, now + 30 * second, 100)).toEqual({ ok: true });
  });

  test("counts again once the account was opened again", async () => {
    const account = await anAccount(1);
    await noteLimits(db, account, { ...silent, retryAt: now + 30 * second }, now);
    await takeCall(db, account, now + 30 * second, 100);
    await noteLimits(db, account, { ...silent, remaining: 2 }, now + 31 * second);
    expect(await takeMany(account, 20, now + 32 * second, 100)).toBe(2);
  });

  test("closes it beyond the hour, too", async () => {
    const account = await anAccount(1);
    await noteLimits(db, account, { ...silent, retryAt: now + 2 * hour }, now);
    expect(await takeCall(db, account, nextHour, 100)).toEqual({ ok: false, retryAt: now + 2 * hour });
  });

  test("about the calls that remain leaves no more than those", async () => {
    const account = await anAccount(5);
    await noteLimits(db, account, { ...silent, remaining: 2 }, now);
    expect(await takeMany(account, 20, now, 400)).toBe(2);
    expect(await takeCall(db, account, now, 400)).toEqual({ ok: false, retryAt: now + minute });
    expect(await takeMany(account, 20, nextHour, 10)).toBe(10);
  });

  test("about calls that remain gives none beyond what is usual", async () => {
    const account = await anAccount(5);
    await noteLimits(db, account, { ...silent, remaining: 5000 }, now);
    expect(await takeMany(account, 20, now, 8)).toBe(3);
  });

  test("of no call that remains closes it until its hour ends, where it says when", async () => {
    const account = await anAccount(5);
    await noteLimits(db, account, { ...silent, remaining: 1 }, now);
    await takeCall(db, account, now, 400);
    await noteLimits(db, account, { ...silent, remaining: 0, resetAt: now + 10 * minute }, now);
    expect(await takeCall(db, account, now + 9 * minute, 400)).toEqual({ ok: false, retryAt: now + 10 * minute });
    expect(await takeMany(account, 20, now + 10 * minute, 400)).toBe(20);
  });

  test("of no call that remains closes it for our hour, where it does not say when", async () => {
    const account = await anAccount(5);
    await noteLimits(db, account, { ...silent, remaining: 0 }, now);
    expect(await takeCall(db, account, now, 400)).toEqual({ ok: false, retryAt: nextHour });
  });

  test("never opens what was closed for longer", async () => {
    const account = await anAccount(1);
    await noteLimits(db, account, { ...silent, retryAt: now + hour }, now);
    await noteLimits(db, account, { ...silent, retryAt: now + second }, now);
    await noteLimits(db, account, { ...silent, remaining: 300 }, now);
    expect(await takeCall(db, account, now + minute, 400)).toEqual({ ok: false, retryAt: now + hour });
  });

  test("costs nothing where it changes nothing", async () => {
    const account = await anAccount(1);
    const { db: counted, bill } = metered(db);
    await noteLimits(counted, account, { ...silent, resetAt: now + hour }, now);
    expect(bill.roundTrips).toBe(0);
    await noteLimits(counted, account, { ...silent, remaining: 5000 }, now);
    expect(bill.rowsWritten).toBe(0);
  });
});
