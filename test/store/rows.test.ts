import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findEvent } from "../../src/store/events.ts";
import { bytesOf, microsIn, microsOut } from "../../src/store/rows.ts";
import { patience, runs } from "../fuzz.ts";
import { anEvent, save } from "./samples.ts";

test.each([
  0n,
  1n,
  -1n,
  880_000n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  -(2n ** 53n + 1n),
  9_007_199_254_740_993_000n,
  10n ** 18n,
  -(10n ** 18n),
  999_999_999_999_999_999n,
])("carries %s micros into D1 and back without losing one", async (micros) => {
  const event = anEvent({ payout: micros, deltaPayout: -micros, amount: micros, deltaAmount: -micros });
  await save(event);
  expect((await findEvent(env.DB, event.id))?.event).toMatchObject({
    payout: micros,
    deltaPayout: -micros,
    amount: micros,
    deltaAmount: -micros,
  });
});

test("stores micros as integers, so that sums are exact", async () => {
  const events = [2n ** 53n + 1n, 2n ** 53n + 3n].map((payout) => anEvent({ payout }));
  for (const event of events) await save(event);
  const row = await env.DB.prepare("select cast(sum(payout) as text) as total, min(typeof(payout)) as type from events where id in (?, ?)")
    .bind(...events.map(({ id }) => id))
    .first();
  expect(row).toEqual({ total: (2n ** 54n + 4n).toString(), type: "integer" });
});

/** Up to 10^12, but mostly near where a double would round. */
const most = 10n ** 18n;
const micros = fc
  .oneof(fc.bigInt({ min: -most, max: most }), fc.bigInt({ min: 2n ** 53n - 9n, max: 2n ** 53n + 9n }), fc.bigInt({ min: -99n, max: 99n }))
  .chain((value) => fc.constantFrom(value, -value));

test("any amounts come back from D1 as they were, and SQL's sum of eight is the sum", patience, async () => {
  const areKept = async (payouts: bigint[]) => {
    const events = payouts.map((payout) => anEvent({ payout }));
    await Promise.all(events.map((event) => save(event)));
    const { results } = await env.DB.prepare(
      `select cast(payout as text) as payout, cast(sum(payout) over () as text) as total from events
        where id in (select value from json_each(?)) order by events.payout`,
    )
      .bind(JSON.stringify(events.map(({ id }) => id)))
      .all<{ payout: string; total: string }>();
    const total = payouts.reduce((sum, payout) => sum + payout, 0n);
    const sorted = payouts.toSorted((a, b) => (a < b ? -1 : 1));
    return results.map(({ payout }) => payout).join() === sorted.join() && results.every((row) => BigInt(row.total) === total);
  };
  await fc.assert(fc.asyncProperty(fc.array(micros, { minLength: 8, maxLength: 8 }), areKept), runs(10));
});

test("carries an amount that is not there as null, not as 0", async () => {
  const event = anEvent({ payout: null, deltaPayout: null, amount: null, deltaAmount: null });
  await save(event);
  expect((await findEvent(env.DB, event.id))?.event).toMatchObject({ payout: null, deltaPayout: null, amount: null, deltaAmount: null });
});

test("writes micros as text, never as a number that D1 would take for a double", () => {
  expect([microsIn(5n), microsIn(null)]).toEqual(["5", null]);
});

test("reads micros from text", () =>
  expect([microsOut("9007199254740993"), microsOut(null), microsOut(undefined)]).toEqual([2n ** 53n + 1n, null, null]));

test("reads a blob, which D1 gives as an array of numbers", () => {
  expect(bytesOf({ body: [0, 255] }, "body")).toEqual(new Uint8Array([0, 255]));
  expect(bytesOf({ body: new Uint8Array([1]).buffer }, "body")).toEqual(new Uint8Array([1]));
});
