import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { type Delivery, deliveryId, type Outcome } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import { minute, second } from "../../src/domain/time.ts";
import { claimDeliveries, pruneSendings } from "../../src/store/claims.ts";
import { saveDestination } from "../../src/store/destinations.ts";
import { recordAttempt } from "../../src/store/outcomes.ts";
import { metered } from "./meter.ts";
import { aDestination, anEvent, count, save } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");
const success: Outcome = {
  isSent: true,
  delivered: true,
  status: 200,
  reason: "answered 200",
  latencyMs: 1,
  requestHeaders: {},
  headers: {},
  body: "",
  retryAfterMs: null,
};
const failure: Outcome = { ...success, delivered: false, status: 503, reason: "answered 503" };

afterAll(async () => void (await db.prepare("update destinations set state = 'paused' where name like 'store %'").run()));

/** An active destination with so many deliveries due; their ids, oldest first. */
async function backlog(deliveries: number, parts: Partial<Destination> = {}): Promise<{ destination: Destination; ids: string[] }> {
  const destination = aDestination({ state: "active", stateReason: null, filter: "false", timeout: 10, ...parts });
  await saveDestination(db, destination);
  const ids: string[] = [];
  for (let n = 0; n < deliveries; n++) {
    const event = anEvent({ receivedAt: start + n });
    await save(event, { to: [destination.id] });
    ids.push(deliveryId({ eventId: event.id, destinationId: destination.id }));
  }
  return { destination, ids };
}

async function claim(ids: string[], now: number, lanes: string[] = []) {
  const { claimed, waiting } = await claimDeliveries(db, ids, lanes, now, Math.random());
  return { claimed: claimed.map(({ delivery }) => delivery), ids: claimed.map(({ delivery }) => deliveryId(delivery)), waiting };
}

async function conclude(delivery: Delivery, outcome: Outcome, now: number) {
  const state = outcome.delivered ? ("delivered" as const) : ("pending" as const);
  const nextAttemptAt = outcome.delivered ? null : now + minute;
  return await recordAttempt(db, { ...delivery, state, nextAttemptAt, updatedAt: now }, outcome, now, 1);
}

describe("a rate limit", () => {
  test("lets so many through in a period, says when to come again, and then lets the next through", async () => {
    const { destination, ids } = await backlog(12, { rateLimit: { limit: 5, period: "minute" } });
    const first = await claim(ids, start + second);
    expect(first.ids).toEqual(ids.slice(0, 5));
    expect(first.waiting).toEqual([{ destinationId: destination.id, at: start + minute + 3 * second + 100 }]);
    for (const delivery of first.claimed) await conclude(delivery, success, start + 2 * second);
    expect((await claim(ids, start + minute)).ids).toEqual([]);
    expect((await claim(ids, start + minute + 4 * second)).ids).toEqual(ids.slice(5, 10));
  });

  test("counts over any window of its period, not from full minute to full minute", async () => {
    const { ids } = await backlog(12, { rateLimit: { limit: 5, period: "minute" } });
    expect((await claim(ids.slice(0, 3), start + 50 * second)).ids).toHaveLength(3);
    expect((await claim(ids, start + 70 * second)).ids).toHaveLength(2);
    expect((await claim(ids, start + 114 * second)).ids).toHaveLength(3);
  });

  test("holds among 20 consumers at once", async () => {
    const { ids } = await backlog(20, { rateLimit: { limit: 7, period: "hour" } });
    const all = await Promise.all(ids.map((id) => claim([id], start + second)));
    expect(all.flatMap((one) => one.ids)).toHaveLength(7);
  });

  test("is forgotten when its window is over", async () => {
    const { destination, ids } = await backlog(1, { rateLimit: { limit: 1, period: "second" } });
    await claim(ids, start + second);
    const sendings = () => count("sendings", "destination_id = ?", destination.id);
    await pruneSendings(db, [destination.id], start + 2 * second);
    expect(await sendings()).toBe(1);
    await pruneSendings(db, [destination.id], start + 2 * second + 150);
    expect(await sendings()).toBe(0);
  });
});

describe("a concurrency limit", () => {
  test("lets so many be under way, and the next when one of them has ended", async () => {
    const { destination, ids } = await backlog(5, { concurrency: 2 });
    const first = await claim(ids, start + second);
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(first.waiting).toEqual([{ destinationId: destination.id, at: null }]);
    expect((await claim(ids, start + 2 * second)).ids).toEqual([]);
    await conclude(first.claimed[0] as Delivery, success, start + 3 * second);
    expect((await claim(ids, start + 4 * second)).ids).toEqual([ids[2]]);
  });

  test("counts one that never came back no longer than its lease", async () => {
    const { ids } = await backlog(2, { concurrency: 1 });
    await claim(ids, start + second);
    expect((await claim([ids[1] as string], start + 20 * second)).ids).toEqual([]);
    expect((await claim([ids[1] as string], start + 28 * second)).ids).toEqual([ids[1]]);
  });
});

describe("a breaker", () => {
  const broken = async (deliveries: number, at: number) => {
    const made = await backlog(deliveries + 5);
    const { claimed } = await claim(made.ids.slice(0, 5), at);
    for (const delivery of claimed) await conclude(delivery, failure, at);
    return { ...made, ids: made.ids.slice(5) };
  };

  test("opens after five failures in a row, for a minute, and spends no attempt of those that wait", async () => {
    const { destination, ids } = await broken(3, start + second);
    const held = await claim(ids, start + 2 * second);
    expect(held.ids).toEqual([]);
    expect(held.waiting).toEqual([{ destinationId: destination.id, at: start + 61 * second }]);
    expect(await count("deliveries", "destination_id = ? and attempts = 0 and state = 'pending'", destination.id)).toBe(3);
  });

  test("then lets two through to see whether it is back", async () => {
    const { ids } = await broken(4, start + second);
    expect((await claim(ids, start + 62 * second)).ids).toEqual(ids.slice(0, 2));
    expect((await claim(ids, start + 63 * second)).ids).toEqual([]);
  });

  test("closes when one of them arrives", async () => {
    const { ids } = await broken(4, start + second);
    const { claimed } = await claim(ids, start + 62 * second);
    const { before, after } = await conclude(claimed[0] as Delivery, success, start + 63 * second);
    expect([before.failures, after]).toEqual([5, { failures: 0, failingSince: null, openUntil: null, warnedAt: null }]);
    expect((await claim(ids, start + 63 * second)).ids).toEqual(ids.slice(2));
  });

  test("opens for another minute when one of them fails", async () => {
    const { ids } = await broken(4, start + second);
    const { claimed } = await claim(ids, start + 62 * second);
    await conclude(claimed[0] as Delivery, failure, start + 63 * second);
    expect((await claim(ids, start + 100 * second)).ids).toEqual([]);
    expect((await claim(ids, start + 124 * second)).ids).toHaveLength(2);
  });

  test("does not count what never left us", async () => {
    const { ids } = await backlog(6);
    const { claimed } = await claim(ids.slice(0, 5), start + second);
    for (const delivery of claimed) await conclude(delivery, { ...failure, isSent: false, status: null }, start + second);
    expect((await claim(ids.slice(5), start + 2 * second)).ids).toEqual(ids.slice(5));
  });
});

describe("a backlog", () => {
  test("is worked off by handfuls, the oldest first, no delivery by two", async () => {
    const { destination, ids } = await backlog(15);
    const [one, two] = await Promise.all([claim([], start + minute, [destination.id]), claim([], start + minute, [destination.id])]);
    expect([...one.ids, ...two.ids].sort()).toEqual(ids.slice(0, 12).sort());
    expect(one.waiting).toEqual([{ destinationId: destination.id, at: start + minute }]);
    const rest = await claim([], start + minute, [destination.id]);
    expect(rest.ids).toEqual(ids.slice(12));
    expect(rest.waiting).toEqual([]);
  });

  test("of several destinations is worked off of each", async () => {
    const a = await backlog(2);
    const b = await backlog(2, { concurrency: 1 });
    const { ids } = await claim([], start + minute, [a.destination.id, b.destination.id]);
    expect(ids.sort()).toEqual([...a.ids, b.ids[0]].sort());
  });

  test("comes with its events", async () => {
    const { destination } = await backlog(1);
    const { claimed } = await claimDeliveries(db, [], [destination.id], start + minute, 0);
    expect(claimed[0]?.event.id).toBe(claimed[0]?.delivery.eventId);
  });
});

test.each(["paused", "disabled", "deleted"] as const)("a %s destination gets nothing, and holds what it has", async (state) => {
  const { destination, ids } = await backlog(2, { state });
  expect((await claim(ids, start + minute, [destination.id])).ids).toEqual([]);
  expect(await count("deliveries", "destination_id = ? and next_at < ?", destination.id, start + second)).toBe(2);
});

describe("in rows written, as D1 counts them", () => {
  test("a destination without limits costs nothing for having none", async () => {
    const { ids } = await backlog(3);
    const { db: counted, bill } = metered(db);
    await claimDeliveries(counted, ids, [], start + second, 0);
    expect([bill.roundTrips, bill.rowsWritten]).toEqual([1, 3]);
  });

  test("a limited one costs 2 rows more a delivery", async () => {
    const { ids } = await backlog(1, { rateLimit: { limit: 5, period: "minute" }, concurrency: 2 });
    const { db: counted, bill } = metered(db);
    const { claimed } = await claimDeliveries(counted, ids, [], start + second, 0);
    const before = bill.rowsWritten;
    await recordAttempt(counted, { ...(claimed[0]?.delivery as Delivery), state: "delivered", updatedAt: start }, success, start, 1);
    expect([before, bill.rowsWritten - before]).toEqual([3, 2]);
  });
});
