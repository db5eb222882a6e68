import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { type Delivery, deliveryId, type Outcome } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import { minute, second } from "../../src/domain/time.ts";
import { claimDeliveries } from "../../src/store/claims.ts";
import { listUnheard, reopenDelivery } from "../../src/store/deliveries.ts";
import type { Selected } from "../../src/store/outbox.ts";
import { reopenDeliveries, saveRecovery } from "../../src/store/recoveries.ts";
import { metered } from "./meter.ts";
import {
  aDelivery,
  anActive,
  anEvent,
  aRecovery,
  backlog,
  claimed,
  conclude,
  count,
  failure,
  retireAll,
  save,
  success,
} from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");

afterAll(retireAll);

/** What a piece of work writes, and in how many round trips, as D1 itself counts. */
async function cost(work: (counted: D1Database) => Promise<unknown>): Promise<{ rows: number; roundTrips: number }> {
  const { db: counted, bill } = metered(db);
  await work(counted);
  return { rows: bill.rowsWritten, roundTrips: bill.roundTrips };
}

/** What each step of a delivery writes, from its event to the end of its first attempt. */
async function stepsOf(parts: Partial<Destination>, outcome: Outcome, ofAction: Partial<Selected> = {}): Promise<number[]> {
  const { id: destinationId } = await anActive(parts);
  const event = anEvent({ receivedAt: start });
  const id = deliveryId({ eventId: event.id, destinationId });
  let delivery: Delivery | undefined;
  const stored = await cost(
    async (counted) => await save(event, { db: counted, to: [{ destinationId, action: null, once: false, ...ofAction }] }),
  );
  const taken = await cost(async (counted) => {
    delivery = (await claimDeliveries(counted, [id], [], start, 0)).claimed[0]?.delivery;
  });
  const concluded = await cost(async (counted) => await conclude(delivery as Delivery, outcome, start, { db: counted }));
  return [stored.rows, taken.rows, concluded.rows];
}

describe("an event with one destination writes", () => {
  test("9 rows when it is delivered at the first try: 5 stored, 1 claimed, 3 concluded, one of them its destination's hour", async () => {
    expect(await stepsOf({}, success)).toEqual([5, 1, 3]);
  });

  test("11 when the first try fails: the ring moves, and the destination's own row counts the failure", async () => {
    expect(await stepsOf({}, failure)).toEqual([5, 1, 5]);
  });

  test("9 when nothing was sent: its destination is not to blame", async () => {
    expect(await stepsOf({}, { ...failure, isSent: false })).toEqual([5, 1, 3]);
  });

  test("10 for a destination that hears once of each action", async () => {
    expect(await stepsOf({ oncePerAction: true }, success, { action: "a", once: true })).toEqual([6, 1, 3]);
  });

  test("11 for one that is ordered", async () => {
    expect(await stepsOf({ ordered: true }, success, { action: "a" })).toEqual([6, 2, 3]);
  });

  test("10 for one with a limit of concurrency", async () => {
    expect(await stepsOf({ concurrency: 2 }, success)).toEqual([5, 2, 3]);
  });

  test("11 for one with a rate limit", async () => {
    expect(await stepsOf({ rateLimit: { limit: 5, period: "minute" } }, success)).toEqual([5, 3, 3]);
  });
});

describe("in rows written", () => {
  test("a claim of what is taken costs none", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await claimed(id, start);
    expect(await cost((counted) => claimDeliveries(counted, [id], [], start, 0))).toEqual({ rows: 0, roundTrips: 1 });
  });

  test("a claim of ten costs ten, and one round trip", async () => {
    const { ids } = await backlog(10);
    expect(await cost((counted) => claimDeliveries(counted, ids, [], start + second, 0))).toEqual({ rows: 10, roundTrips: 1 });
  });

  test("a claim of ten at a rate limit counts them in one row", async () => {
    const { ids } = await backlog(10, { rateLimit: { limit: 50, period: "minute" } });
    expect(await cost((counted) => claimDeliveries(counted, ids, [], start + second, 0))).toEqual({ rows: 21, roundTrips: 1 });
  });

  test("what a backlog gives costs two a delivery", async () => {
    const { destination } = await backlog(6);
    expect(await cost((counted) => claimDeliveries(counted, [], [destination.id], start + second, 0))).toEqual({ rows: 12, roundTrips: 1 });
  });

  test("an attempt costs one round trip", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    const delivery = await claimed(id, start);
    expect((await cost((counted) => conclude(delivery, success, start, { db: counted }))).roundTrips).toBe(1);
  });

  test("a success after a failure costs its destination's row", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), failure, start);
    const delivery = await claimed(id, start + minute);
    expect((await cost((counted) => conclude(delivery, success, start + minute, { db: counted }))).rows).toBe(4);
  });

  test("the end of a delivery that a recovery opened costs the recovery's row", async () => {
    const { delivery } = await recovered(1);
    expect((await cost((counted) => conclude(delivery, success, start, { db: counted }))).rows).toBe(4);
  });

  test("a ring that the sweep makes good costs two", async () => {
    const { destinationId } = await aDelivery({ receivedAt: start });
    expect(await cost((counted) => listUnheard(counted, [destinationId], start + minute, 10))).toEqual({ rows: 2, roundTrips: 1 });
  });

  test("a delivery that is opened again costs two", async () => {
    const { id, eventId, destinationId } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), success, start);
    const key = { eventId, destinationId };
    expect(await cost((counted) => reopenDelivery(counted, key, "original", start, start))).toEqual({ rows: 2, roundTrips: 1 });
  });

  test("a slice of a recovery costs two a delivery, the recovery's own row and its place among the running", async () => {
    expect((await recovered(10)).slice).toEqual({ rows: 22, roundTrips: 1 });
  });
});

/** Exhausted deliveries that a recovery opened in one slice; the first of them, claimed anew. */
async function recovered(deliveries: number) {
  const { destination, ids } = await backlog(deliveries);
  await db.prepare("update deliveries set state = 'exhausted' where destination_id = ?").bind(destination.id).run();
  const recovery = aRecovery({ destinationId: destination.id });
  await saveRecovery(db, recovery);
  const keys = ids.map((id) => id.split(":") as [string, string]);
  const slice = await cost((counted) => reopenDeliveries(counted, recovery, keys, keys.at(-1) ?? [], start + minute));
  expect(await count("deliveries", "recovery_id = ?", recovery.id)).toBe(deliveries);
  return { slice, delivery: await claimed(ids[0] as string, start + minute) };
}
