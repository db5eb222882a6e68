import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { DeliveryState } from "../../src/domain/delivery.ts";
import { newShortId } from "../../src/domain/id.ts";
import type { Recovery } from "../../src/domain/recovery.ts";
import { day, hour, second } from "../../src/domain/time.ts";
import {
  cancelRecovery,
  findRecovery,
  listRecoverable,
  listRecoveries,
  listStalled,
  reopenDeliveries,
  saveRecovery,
} from "../../src/store/recoveries.ts";
import { anActive, aRecovery, backlog, count, retireAll } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");
const now = start + hour;
type Key = [eventId: string, destinationId: string];

afterAll(retireAll);

/** A destination with deliveries in one state, oldest first. */
async function made(deliveries: number, state: DeliveryState = "exhausted") {
  const { destination, ids } = await backlog(deliveries);
  await db.prepare("update deliveries set state = ?, attempts = 11 where destination_id = ?").bind(state, destination.id).run();
  return { destination, destinationId: destination.id, keys: ids.map((id) => id.split(":") as Key) };
}

/** A recovery that is written down. */
async function begun(parts: Partial<Recovery>): Promise<Recovery> {
  const recovery = aRecovery(parts);
  await saveRecovery(db, recovery);
  return recovery;
}

/** The next slice of a recovery, as the Worker takes it; false when it could not be had. */
async function slice(id: string): Promise<boolean> {
  const recovery = (await findRecovery(db, id)) as Recovery;
  const { keys, end } = await listRecoverable(db, recovery, recovery.cursor, recovery.rate, now);
  return await reopenDeliveries(db, recovery, keys, end, now);
}

const reopened = async (destinationId: string) => await count("deliveries", "destination_id = ? and state = 'pending'", destinationId);

describe("a slice of a recovery", () => {
  test("opens what it is about: due now, with its schedule anew, and its attempts counted on", async () => {
    const { destinationId, keys } = await made(1);
    const { id } = await begun({ destinationId });
    await slice(id);
    expect(await db.prepare("select * from deliveries where destination_id = ?").bind(destinationId).first()).toMatchObject({
      event_id: keys[0]?.[0],
      state: "pending",
      attempts: 11,
      attempts_before: 11,
      next_at: now,
      ring_at: now + 15 * second,
      updated_at: now,
      recovery_id: id,
    });
  });

  test("counts what it opened, and remembers how far it came", async () => {
    const { destinationId, keys } = await made(5);
    const { id } = await begun({ destinationId, rate: 2 });
    await slice(id);
    expect(await findRecovery(db, id)).toMatchObject({ state: "running", reopened: 2, cursor: keys[1], updatedAt: now });
  });

  test("goes on where the one before ended, until all is open", async () => {
    const { destinationId } = await made(5);
    const { id } = await begun({ destinationId, rate: 2 });
    for (const open of [2, 4, 5]) {
      expect(await slice(id)).toBe(true);
      expect(await reopened(destinationId)).toBe(open);
    }
    expect(await findRecovery(db, id)).toMatchObject({ state: "finished", reopened: 5 });
  });

  test("is the last one where there was nothing to open", async () => {
    const { id } = await begun({ destinationId: (await anActive()).id });
    await slice(id);
    expect(await findRecovery(db, id)).toMatchObject({ state: "finished", reopened: 0 });
  });

  test("of a finished recovery is none", async () => {
    const { destinationId } = await made(1);
    const { id } = await begun({ destinationId });
    await slice(id);
    await db.prepare("update deliveries set state = 'exhausted' where destination_id = ?").bind(destinationId).run();
    expect(await slice(id)).toBe(false);
    expect(await reopened(destinationId)).toBe(0);
  });

  test("leaves open what is open already: the state counts when it is opened", async () => {
    const { destinationId, keys } = await made(2);
    const recovery = await begun({ destinationId });
    await db.prepare("update deliveries set state = 'delivered' where event_id = ?").bind(keys[0]?.[0]).run();
    await reopenDeliveries(db, recovery, keys, null, now);
    expect(await findRecovery(db, recovery.id)).toMatchObject({ reopened: 1 });
    expect(await reopened(destinationId)).toBe(1);
  });

  test("keeps the version of the bodies that were sent first", async () => {
    expect(await versionAfter("original")).toBe(3);
  });

  test("forgets that version where the bodies are to be built anew", async () => {
    expect(await versionAfter("rebuilt")).toBeNull();
  });

  async function versionAfter(payload: Recovery["payload"]) {
    const { destinationId } = await made(1);
    await db.prepare("update deliveries set version = 3 where destination_id = ?").bind(destinationId).run();
    const { id } = await begun({ destinationId, payload });
    await slice(id);
    return (await db.prepare("select version from deliveries where destination_id = ?").bind(destinationId).first())?.["version"];
  }
});

describe("of several that run the same slice", () => {
  test("one wins, and nothing is opened or counted twice", async () => {
    const { destinationId, keys } = await made(4);
    const recovery = await begun({ destinationId, rate: 2 });
    const run = () => reopenDeliveries(db, recovery, keys.slice(0, 2), keys[1] as Key, now);
    expect((await Promise.all(Array.from({ length: 10 }, run))).filter(Boolean)).toHaveLength(1);
    expect(await findRecovery(db, recovery.id)).toMatchObject({ reopened: 2, cursor: keys[1] });
  });

  test("one that comes late does not open again what has failed since", async () => {
    const { destinationId, keys } = await made(4);
    const recovery = await begun({ destinationId, rate: 2 });
    await slice(recovery.id);
    await db.prepare("update deliveries set state = 'exhausted' where destination_id = ?").bind(destinationId).run();
    expect(await reopenDeliveries(db, recovery, keys.slice(0, 2), keys[1] as Key, now)).toBe(false);
    expect(await reopened(destinationId)).toBe(0);
  });

  test("one wins the last slice too", async () => {
    const { destinationId, keys } = await made(2);
    const recovery = await begun({ destinationId });
    const run = () => reopenDeliveries(db, recovery, keys, null, now);
    expect((await Promise.all([run(), run(), run()])).filter(Boolean)).toHaveLength(1);
    expect(await findRecovery(db, recovery.id)).toMatchObject({ state: "finished", reopened: 2 });
  });
});

describe("cancelling a recovery", () => {
  test("opens nothing more, and leaves open what is", async () => {
    const { destinationId } = await made(4);
    const { id } = await begun({ destinationId, rate: 2 });
    await slice(id);
    expect(await cancelRecovery(db, id, now + 1)).toBe(true);
    expect(await slice(id)).toBe(false);
    expect(await reopened(destinationId)).toBe(2);
    expect(await findRecovery(db, id)).toMatchObject({ state: "cancelled", reopened: 2, updatedAt: now + 1 });
  });

  test("is refused when it has ended", async () => {
    const { id } = await begun({ destinationId: (await anActive()).id });
    await slice(id);
    expect(await cancelRecovery(db, id, now)).toBe(false);
    expect(await findRecovery(db, id)).toMatchObject({ state: "finished" });
  });

  test("stops no other", async () => {
    const [one, other] = [await begun({}), await begun({})];
    await cancelRecovery(db, one.id, now);
    expect(await findRecovery(db, other.id)).toMatchObject({ state: "running" });
  });
});

describe("a recovery", () => {
  test("comes back as it was saved", async () => {
    const recovery = await begun({ destinationId: "dst_1", states: ["exhausted", "cancelled"], filter: "payout > 1.0", total: 7, rate: 3 });
    expect(await findRecovery(db, recovery.id)).toEqual(recovery);
  });

  test("is null where there is none", async () => expect(await findRecovery(db, newShortId("rcv"))).toBeNull());

  test("is listed with the latest first", async () => {
    const late = 10 * 365 * day;
    const [older, newer] = [await begun({ createdAt: start + late }), await begun({ createdAt: start + late + 1 })];
    const first = await listRecoveries(db, { limit: 1 });
    const second = await listRecoveries(db, { cursor: first.next ?? undefined, limit: 1 });
    expect([...first.recoveries, ...second.recoveries].map(({ id }) => id)).toEqual([newer.id, older.id]);
  });

  test("has stalled when it runs and has not come further for ten seconds", async () => {
    const { destinationId } = await made(4);
    const { id } = await begun({ destinationId, rate: 2 });
    await slice(id);
    expect(await listStalled(db, now + 10 * second)).not.toContain(id);
    expect(await listStalled(db, now + 10 * second + 1)).toContain(id);
  });

  test("has not stalled when it has ended", async () => {
    const [finished, cancelled] = [await begun({ destinationId: (await anActive()).id }), await begun({})];
    await slice(finished.id);
    await cancelRecovery(db, cancelled.id, now);
    const stalled = await listStalled(db, now + day);
    expect(stalled.filter((id) => id === finished.id || id === cancelled.id)).toEqual([]);
  });
});
