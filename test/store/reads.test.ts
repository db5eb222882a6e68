import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeliveryState } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import { day, hour, second } from "../../src/domain/time.ts";
import { claimDeliveries } from "../../src/store/claims.ts";
import { cancelDeliveries, listBacklogged, listDue, listUnheard } from "../../src/store/deliveries.ts";
import { listRecoverable } from "../../src/store/recoveries.ts";
import { metered } from "./meter.ts";
import { anActive, aRecovery, count, forgetMany, longAgo, manyDeliveries, retireAll } from "./samples.ts";

const db = env.DB;
const now = longAgo + hour;
const many = 10_000;

/** Rows read by a piece of work, as D1 itself counts: what is looked at in a table or an index, and again in a sorted copy. */
async function reads(work: (counted: D1Database) => Promise<unknown>): Promise<number> {
  const { db: counted, bill } = metered(db);
  await work(counted);
  return bill.rowsRead;
}

/** A destination with 10,000 deliveries, and the ids of the oldest of them. */
async function crowded(cells: Record<string, unknown>, parts: Partial<Destination> = {}) {
  const { id } = await anActive(parts);
  await manyDeliveries(many, id, cells);
  const oldest = async (ids: number) => {
    const { results } = await db
      .prepare("select event_id from deliveries where destination_id = ? order by event_id limit ?")
      .bind(id, ids)
      .all<{ event_id: string }>();
    return results.map(({ event_id }) => `${event_id}:${id}`);
  };
  return { id, oldest };
}

const waiting = { next_at: now + hour, ring_at: now + hour + 15 * second };
const places: Record<"due" | "waiting" | "limited" | "ordered" | "broken" | "exhausted", Awaited<ReturnType<typeof crowded>>> = {} as never;

beforeAll(async () => {
  places.due = await crowded({});
  places.waiting = await crowded(waiting);
  places.limited = await crowded({}, { concurrency: 50, rateLimit: { limit: 100, period: "minute" } });
  places.ordered = await crowded({}, { ordered: true });
  places.broken = await crowded({});
  places.exhausted = await crowded({ state: "exhausted" });
  await db
    .prepare("update destinations set failures = 9, open_until = ? where id = ?")
    .bind(now + 30 * second, places.broken.id)
    .run();
  await lease(places.limited.id, 40);
  // Sixteen events of each action, that follow each other.
  await db.prepare("update deliveries set action = substr(event_id, -5, 4) where destination_id = ?").bind(places.ordered.id).run();
  await lease(places.ordered.id, 40);
});

afterAll(async () => {
  await retireAll();
  await forgetMany();
});

/** Takes so many of a destination's oldest deliveries under way. */
async function lease(destinationId: string, deliveries: number): Promise<void> {
  await db
    .prepare(
      `update deliveries set leased_until = ?2, next_at = ?2 where destination_id = ?1 and event_id in (
         select event_id from deliveries where destination_id = ?1 order by event_id limit ?3)`,
    )
    .bind(destinationId, now + 20 * second, deliveries)
    .run();
}

describe("beside a backlog of 10,000, a claim reads no more for it", () => {
  const claim = (ids: string[], lanes: string[] = []) => reads((counted) => claimDeliveries(counted, ids, lanes, now, 0));

  test.each(["due", "waiting", "exhausted", "broken"] as const)("of one of what is %s", async (place) => {
    expect(await claim(await places[place].oldest(1))).toBeLessThan(60);
  });

  test.each(["due", "waiting", "broken"] as const)("of the backlog of what is %s", async (place) => {
    expect(await claim([], [places[place].id])).toBeLessThan(250);
  });

  test("of ten at a limited destination with 40 under way: each of those is looked at a few times", async () => {
    const ids = (await places.limited.oldest(50)).slice(40);
    expect(await claim(ids)).toBeLessThan(600);
  });

  test("of a hundred at once: what is under way is not looked at for each", async () => {
    const ids = (await places.limited.oldest(150)).slice(50);
    expect(await claim(ids)).toBeLessThan(2500);
  });

  test("of ten at an ordered destination with 40 under way: only what is of their actions is looked at", async () => {
    const ids = (await places.ordered.oldest(500)).filter((_, n) => n > 100 && n % 16 === 0).slice(0, 10);
    expect(await claim(ids)).toBeLessThan(600);
  });

  test("of the backlog of a limited destination", async () => {
    expect(await claim([], [places.limited.id])).toBeLessThan(800);
  });
});

describe("beside 10,000 deliveries, the sweep reads", () => {
  test("of those that wait, none", async () => {
    expect(await reads((counted) => listUnheard(counted, [places.waiting.id], now, 3000))).toBeLessThan(5);
  });

  test("of those that are due, what it rings for", async () => {
    expect(await reads((counted) => listUnheard(counted, [places.due.id], now, 10))).toBeLessThan(100);
  });

  test.each(["due", "waiting", "limited", "broken"] as const)("whether anything of what is %s is due", async (place) => {
    expect(await reads((counted) => listBacklogged(counted, [places[place].id], now))).toBeLessThan(100);
  });

  test("of what a deleted destination left, what it cancels", async () => {
    const { id } = await crowded({});
    expect(await reads((counted) => cancelDeliveries(counted, [id], "gone", now, 10))).toBeLessThan(100);
  });
});

describe("beside 10,000 deliveries of an ordered destination, finding the oldest due", () => {
  test("reads those, and what is of their actions", async () => {
    expect(await reads((counted) => listDue(counted, places.ordered.id, 20, now))).toBeLessThan(700);
  });
});

describe("a slice of a recovery reads", () => {
  const scope = { since: longAgo, until: longAgo + day };
  const slice = (states: DeliveryState[], destinationId: string | null) =>
    reads((counted) => listRecoverable(counted, aRecovery({ ...scope, states, destinationId }), [], 100, now));

  /** The tests of other files leave hundreds of them, each of which is looked at a few times. */
  const destinations = async () => 5 * (await count("destinations", "true"));

  test("of 10,000 exhausted ones of a destination, what it opens", async () => {
    expect(await slice(["exhausted"], places.exhausted.id)).toBeLessThan(1000 + (await destinations()));
  });

  test("of 10,000 exhausted ones of any destination, what it opens", async () => {
    expect(await slice(["exhausted"], null)).toBeLessThan(1000 + (await destinations()));
  });

  test("of other states, a page of the table, however seldom they are", async () => {
    expect(await slice(["delivered"], places.exhausted.id)).toBeLessThan(15_000);
    expect(await slice(["delivered"], null)).toBeLessThan(15_000);
  });
});
