import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { findEvent } from "../../src/store/events.ts";
import { bytesOf, microsIn, microsOut } from "../../src/store/rows.ts";
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
