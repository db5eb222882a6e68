import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { Delivery } from "../../src/domain/delivery.ts";
import { minute, second } from "../../src/domain/time.ts";
import { claimDeliveries, pruneSendings } from "../../src/store/claims.ts";
import { backlog, claim, conclude, count, failure, retireAll, success } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");

afterAll(retireAll);

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

  test("that is used up says to come again when the earliest of its requests is out of the window", async () => {
    const { destination, ids } = await backlog(8, { rateLimit: { limit: 5, period: "minute" } });
    await claim(ids.slice(0, 2), start + 9 * second);
    await claim(ids.slice(2, 5), start + 42 * second);
    const { waiting } = await claim(ids.slice(5), start + 50 * second);
    expect(waiting).toEqual([{ destinationId: destination.id, at: start + 72 * second + 100 }]);
  });

  test("holds among 20 consumers at once", async () => {
    const { ids } = await backlog(20, { rateLimit: { limit: 7, period: "hour" } });
    const all = await Promise.all(ids.map((id) => claim([id], start + second)));
    expect(all.flatMap((one) => one.ids)).toHaveLength(7);
  });

  test("counts each request once, though two consumers' leases end in the same millisecond", async () => {
    const { destination, ids } = await backlog(3, { rateLimit: { limit: 5, period: "minute" } });
    for (const id of ids) await claimDeliveries(db, [id], [], start + second, 0);
    const row = await db.prepare("select sum(requests) as sum from sendings where destination_id = ?").bind(destination.id).first();
    expect(row).toEqual({ sum: 3 });
  });

  test("counts what its backlog gives, too", async () => {
    const { destination, ids } = await backlog(8, { rateLimit: { limit: 4, period: "minute" } });
    expect((await claim([], start + second, [destination.id])).ids).toEqual(ids.slice(0, 4));
    expect((await claim([], start + 2 * second, [destination.id])).ids).toEqual([]);
  });

  test("does not count what its claim could not get", async () => {
    const { destination, ids } = await backlog(8, { rateLimit: { limit: 4, period: "minute" } });
    await claim(ids, start + second);
    await claim(ids, start + 2 * second);
    expect(await count("sendings", "destination_id = ? and requests = 4", destination.id)).toBe(1);
  });

  test("of one destination does not hold another", async () => {
    const limited = await backlog(2, { rateLimit: { limit: 1, period: "hour" } });
    const free = await backlog(2);
    expect((await claim([...limited.ids, ...free.ids], start + second)).ids.sort()).toEqual([limited.ids[0], ...free.ids].sort());
  });

  test("is forgotten when its window is over", async () => {
    const { destination, ids } = await backlog(1, { rateLimit: { limit: 1, period: "second" } });
    await claim(ids, start + second);
    const sendings = () => count("sendings", "destination_id = ?", destination.id);
    await pruneSendings(db, [destination.id], start + 2 * second + 149);
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

  test("lets the first through at the time that it named, no earlier and no later", async () => {
    const { ids } = await broken(3, start + second);
    expect((await claim(ids, start + 61 * second - 1)).ids).toEqual([]);
    expect((await claim(ids, start + 61 * second)).ids).toHaveLength(2);
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
