import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { DeliveryState } from "../../src/domain/delivery.ts";
import type { Cursor, Recovery } from "../../src/domain/recovery.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { listRecoverable } from "../../src/store/recoveries.ts";
import { metered } from "./meter.ts";
import { anActive, anEvent, aRecovery, backlog, forgetMany, longAgo, manyDeliveries, retireAll, save } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");
const now = start + hour;
type Key = [eventId: string, destinationId: string];

afterAll(async () => {
  await retireAll();
  await forgetMany();
});

/** A destination with deliveries in one state, oldest first. */
async function made(deliveries: number, state: DeliveryState = "exhausted") {
  const { destination, ids } = await backlog(deliveries);
  await db.prepare("update deliveries set state = ?, attempts = 11 where destination_id = ?").bind(state, destination.id).run();
  return { destination, destinationId: destination.id, keys: ids.map((id) => id.split(":") as Key) };
}

describe("what a recovery is about", () => {
  const listed = async (parts: Partial<Recovery>, cursor: Cursor = [], limit = 100) =>
    await listRecoverable(db, aRecovery(parts), cursor, limit, now);

  test.each(["exhausted", "delivered", "cancelled"] as const)("is what is %s, where that was asked for, oldest first", async (state) => {
    const { destinationId, keys } = await made(3, state);
    expect(await listed({ destinationId, states: [state] })).toEqual({ keys, end: null });
  });

  test.each(["exhausted", "delivered", "cancelled", "pending"] as const)(
    "is not what is %s, where another was asked for",
    async (state) => {
      const { destinationId } = await made(2, state);
      const states = (["exhausted", "delivered", "cancelled", "pending"] as const).filter((other) => other !== state);
      expect((await listed({ destinationId, states })).keys).toEqual([]);
    },
  );

  test("is of each state that was asked for", async () => {
    const { destinationId, keys } = await made(3);
    await db.prepare("update deliveries set state = 'delivered' where event_id = ?").bind(keys[1]?.[0]).run();
    expect((await listed({ destinationId, states: ["exhausted", "delivered"] })).keys).toEqual(keys);
  });

  test("is what is pending and due only later", async () => {
    const { destinationId, keys } = await made(1, "pending");
    await db
      .prepare("update deliveries set next_at = ? where destination_id = ?")
      .bind(now + minute + 1, destinationId)
      .run();
    expect((await listed({ destinationId, states: ["pending"] })).keys).toEqual(keys);
  });

  test("is not what is pending and under way, or due within a minute anyway", async () => {
    const { destinationId } = await made(1, "pending");
    await db
      .prepare("update deliveries set next_at = ? where destination_id = ?")
      .bind(now + minute, destinationId)
      .run();
    expect((await listed({ destinationId, states: ["pending"] })).keys).toEqual([]);
  });

  test.each([["exhausted"], ["exhausted", "delivered"]] as DeliveryState[][])("is of its own destination (%s)", async (...states) => {
    const [mine] = [await made(1), await made(1)];
    expect((await listed({ destinationId: mine.destinationId, states })).keys).toEqual(mine.keys);
  });

  test.each([["exhausted"], ["exhausted", "delivered"]] as DeliveryState[][])("is of all where none was named (%s)", async (...states) => {
    const both = [await made(1), await made(1)];
    const { keys } = await listed({ states }, [], 5000);
    expect(keys).toEqual(expect.arrayContaining(both.flatMap((one) => one.keys)));
    expect(keys).toEqual([...keys].sort());
  });

  test.each([["exhausted"], ["exhausted", "delivered"]] as DeliveryState[][])("is not of a deleted destination (%s)", async (...states) => {
    const { destinationId } = await made(1);
    await db.prepare("update destinations set state = 'deleted' where id = ?").bind(destinationId).run();
    expect((await listed({ destinationId, states })).keys).toEqual([]);
  });

  test.each([["exhausted"], ["exhausted", "delivered"]] as DeliveryState[][])(
    "is of events that were received from its beginning on and before its end, to the millisecond (%s)",
    async (...states) => {
      const { id: destinationId } = await anActive();
      const at = longAgo + 300 * day;
      await manyDeliveries(5, destinationId, { state: "exhausted" }, at);
      const all = (await listed({ destinationId, states, since: at })).keys;
      expect(all).toHaveLength(5);
      expect((await listed({ destinationId, states, since: at + 1, until: at + 4 })).keys).toEqual(all.slice(1, 4));
    },
  );

  test("of one event is of all its destinations, in pages of one too", async () => {
    const event = anEvent({ receivedAt: start - day });
    const to = [(await anActive()).id, (await anActive()).id, (await anActive()).id].sort();
    await save(event, { to });
    await db.prepare("update deliveries set state = 'exhausted' where event_id = ?").bind(event.id).run();
    const found: Key[] = [];
    let cursor: Cursor | null = [];
    for (let pages = 0; cursor && pages < 10; pages++) {
      const page: { keys: Key[]; end: Cursor | null } = await listed({ since: start - day, until: start - day + 1 }, cursor, 1);
      found.push(...page.keys);
      cursor = page.end;
    }
    expect(found).toEqual(to.map((id) => [event.id, id]));
  });

  test.each([["exhausted"], ["exhausted", "delivered"]] as DeliveryState[][])("is walked through in pages (%s)", async (...states) => {
    const { destinationId, keys } = await made(5);
    const first = await listed({ destinationId, states }, [], 2);
    expect(first).toEqual({ keys: keys.slice(0, 2), end: keys[1] });
    const second = await listed({ destinationId, states }, first.end as Cursor, 2);
    expect(second).toEqual({ keys: keys.slice(2, 4), end: keys[3] });
    expect(await listed({ destinationId, states }, second.end as Cursor, 2)).toEqual({ keys: keys.slice(4), end: null });
  });

  test("is looked for in one round trip", async () => {
    const { db: counted, bill } = metered(db);
    await listRecoverable(counted, aRecovery(), [], 10, now);
    expect(bill.roundTrips).toBe(1);
  });
});

describe("among more deliveries than one page looks through", () => {
  test("the one that fits is found in the end, after an empty page", async () => {
    const { id: destinationId } = await anActive();
    const at = longAgo + 100 * day;
    await manyDeliveries(6000, destinationId, { state: "cancelled" }, at);
    const last = await newestOf(destinationId);
    await db.prepare("update deliveries set state = 'delivered' where destination_id = ? and event_id = ?").bind(destinationId, last).run();
    const scope = aRecovery({ destinationId, states: ["delivered"], since: at, until: at + day });
    const first = await listRecoverable(db, scope, [], 10, now);
    expect([first.keys, first.end === null]).toEqual([[], false]);
    expect(await listRecoverable(db, scope, first.end as Cursor, 10, now)).toEqual({ keys: [[last, destinationId]], end: null });
  });

  test("all that fit are found, without a gap", async () => {
    const { id: destinationId } = await anActive();
    const at = longAgo + 200 * day;
    await manyDeliveries(5500, destinationId, { state: "delivered" }, at);
    const scope = aRecovery({ destinationId, states: ["delivered"], since: at, until: at + day });
    const found = new Set<string>();
    let cursor: Cursor | null = [];
    for (let pages = 0; cursor && pages < 20; pages++) {
      const page: { keys: Key[]; end: Cursor | null } = await listRecoverable(db, scope, cursor, 1000, now);
      for (const [eventId] of page.keys) found.add(eventId);
      cursor = page.end;
    }
    expect(found.size).toBe(5500);
  });

  async function newestOf(destinationId: string): Promise<string> {
    const row = await db.prepare("select max(event_id) as id from deliveries where destination_id = ?").bind(destinationId).first();
    return row?.["id"] as string;
  }
});
