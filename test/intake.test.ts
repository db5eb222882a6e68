import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { App } from "../src/app.ts";
import type { Receipt } from "../src/domain/receipt.ts";
import { takeDeferred } from "../src/intake.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { findEvent } from "../src/store/events.ts";
import { findQuarantined } from "../src/store/quarantine.ts";
import { aReceipt, faulty, newApp, newDestination, newSource, operate, queueInto, receiptFor } from "./kit.ts";
import { metered } from "./store/meter.ts";

const many = 100;

/** A receipt for each number, all of one source. */
async function receipts(count: number, name: string, query = "status=PENDING"): Promise<Receipt[]> {
  const source = await newSource();
  return await Promise.all(Array.from({ length: count }, (_, nth) => receiptFor({ query: `action_id=${name}.${nth}&${query}` }, source)));
}

async function stored(some: Receipt[]): Promise<number> {
  return (await Promise.all(some.map(({ id }) => findEvent(env.DB, id)))).filter(Boolean).length;
}

test("100 receipts are 100 events after one round trip, with a ring for each delivery", async () => {
  const { id: destination } = await newDestination({ filter: 'action_id.startsWith("hundred.")' });
  const batch = await receipts(many, "hundred");
  const { db, bill } = metered(env.DB);
  const rung: string[] = [];
  const app = newApp({ db, queues: { ...newApp().queues, deliveries: queueInto(rung) } });
  await app.catalog.anew(env.DB);
  expect(await takeDeferred(app, batch)).toEqual([]);
  await app.settle();
  expect(bill).toMatchObject({ roundTrips: 1, rowsWritten: many * (3 + 2) });
  expect(await stored(batch)).toBe(many);
  expect(rung.sort()).toEqual(batch.map(({ id }) => `${id}:${destination}`).sort());
});

test("repeats within a batch, and of what is stored, are no events and ring nobody", async () => {
  const source = await newSource();
  const sale = (status: string) => receiptFor({ query: `action_id=within.1&status=${status}` }, source);
  const [first, twin, reversal, other] = [await sale("PENDING"), await sale("PENDING"), await sale("REVERSED"), await sale("REVERSED")];
  expect(await takeDeferred(newApp(), [first, twin, reversal])).toEqual([]);
  expect(await takeDeferred(newApp(), [other, first])).toEqual([]);
  const { body } = await operate(`/actions/within.1?source=${source.id}`);
  expect(body.events.map(({ id }: { id: string }) => id)).toEqual([first.id, reversal.id]);
});

test("what is no event goes to quarantine in the same round trip", async () => {
  const [good, bad] = [await receipts(1, "mixed"), await receipts(1, "mixed", "payout=a+lot")];
  const { db, bill } = metered(env.DB);
  const app = newApp({ db });
  await app.catalog.anew(env.DB);
  expect(await takeDeferred(app, [...good, ...bad])).toEqual([]);
  expect(bill.roundTrips).toBe(1);
  expect(await stored(good)).toBe(1);
  expect(await findQuarantined(env.DB, bad[0]?.id ?? "")).toMatchObject({ code: "invalid" });
});

test("a call without a valid token is dropped, not tried for ever", async () => {
  expect(await takeDeferred(newApp(), [aReceipt({ tokenHash: hashSecret("nobody's") })])).toEqual([]);
});

test("a receipt that D1 does not take holds up no other", async () => {
  const batch = await receipts(5, "poison");
  const [, , poison] = batch;
  const left = await takeDeferred(newApp({ db: refusing(poison?.id ?? "") }), batch);
  expect(left).toEqual([poison?.id]);
  expect(await stored(batch)).toBe(4);
});

test("a receipt that our own code fails on holds up no other", async () => {
  const batch = await receipts(3, "broken");
  const broken = { ...batch[1], headers: null } as unknown as Receipt;
  expect(await takeDeferred(newApp(), [batch[0], broken, batch[2]] as Receipt[])).toEqual([broken.id]);
  expect(await stored(batch)).toBe(2);
});

test("while D1 is away, all come again, and nobody asks it more than three times", async () => {
  const batch = await receipts(20, "away");
  let asked = 0;
  const away = faulty(env.DB, () => Promise.reject(new Error(`overloaded ${++asked}`)));
  const usual = newApp();
  await usual.catalog.anew(usual.db);
  expect(await takeDeferred({ ...usual, db: away }, batch)).toEqual(batch.map(({ id }) => id));
  expect(asked).toBe(3);
});

/** A D1 that refuses every batch with this id among its values. */
function refusing(id: string): App["db"] {
  const refused = new WeakSet<D1PreparedStatement>();
  const prepare = (sql: string) => {
    const statement = env.DB.prepare(sql);
    const bind = (...values: unknown[]) => {
      const bound = env.DB.prepare(sql).bind(...values);
      if (values[0] === id) refused.add(bound);
      return bound;
    };
    return Object.assign(statement, { bind });
  };
  const batch = (statements: D1PreparedStatement[]) => {
    if (statements.some((one) => refused.has(one))) return Promise.reject(new Error("D1_ERROR: refused"));
    return env.DB.batch(statements);
  };
  return { prepare, batch } as unknown as App["db"];
}
