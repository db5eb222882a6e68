import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { deliveryId } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import { newShortId } from "../../src/domain/id.ts";
import { minute, second } from "../../src/domain/time.ts";
import { claimDeliveries } from "../../src/store/claims.ts";
import { metered } from "./meter.ts";
import { aDelivery, anActive, anEvent, backlog, claim, claimed, conclude, count, failure, retireAll, save, success } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T00:00:00Z");

afterAll(retireAll);

describe("a claim", () => {
  test("gives a due delivery together with its event", async () => {
    const { id, event, destinationId } = await aDelivery({ receivedAt: start });
    const { claimed: got } = await claimDeliveries(db, [id], [], start, 0.5);
    const delivery = {
      eventId: event.id,
      destinationId,
      state: "pending",
      attempts: 0,
      attemptsBefore: 0,
      nextAttemptAt: start + 25.5 * second,
      reason: null,
      createdAt: start,
      updatedAt: start,
      action: null,
      version: null,
      recoveryId: null,
    };
    expect(got).toEqual([{ delivery, event }]);
  });

  test("gives nothing that is not due yet", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    expect((await claim([id], start - 1.5 * second)).ids).toEqual([]);
  });

  test("may come a second early, since the clocks of two machines never quite agree", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    expect((await claim([id], start - second)).ids).toEqual([id]);
  });

  test("of a later attempt comes on time", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), failure, start, { nextAttemptAt: start + minute });
    expect((await claim([id], start + minute - 1)).ids).toEqual([]);
    expect((await claim([id], start + minute)).ids).toEqual([id]);
  });

  test("is given to one of 20 that ask at once", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim([id], start)));
    expect(claims.flatMap(({ ids }) => ids)).toEqual([id]);
  });

  test.each([1, 10, 25])("keeps others away for the destination's timeout of %i s and 15 s more, and not longer", async (timeout) => {
    const event = anEvent({ receivedAt: start });
    const { id: destinationId } = await anActive({ timeout });
    await save(event, { to: [destinationId] });
    const id = deliveryId({ eventId: event.id, destinationId });
    await claimed(id, start);
    const end = start + (timeout + 15) * second;
    expect((await claim([id], end - 1.5 * second)).ids).toEqual([]);
    expect((await claim([id], end)).ids).toEqual([id]);
  });

  test.each(["delivered", "exhausted", "cancelled"] as const)("gives nothing that is %s", async (state) => {
    const { id, eventId } = await aDelivery({ receivedAt: start });
    await db.prepare("update deliveries set state = ? where event_id = ?").bind(state, eventId).run();
    expect((await claim([id], start + minute)).ids).toEqual([]);
  });

  test("takes only the deliveries that were named, of an event with several", async () => {
    const event = anEvent({ receivedAt: start });
    const [here, there] = [(await anActive()).id, (await anActive()).id];
    await save(event, { to: [here, there] });
    expect((await claim([`${event.id}:${here}`], start)).ids).toEqual([`${event.id}:${here}`]);
    expect((await claim([`${event.id}:${there}`], start)).ids).toEqual([`${event.id}:${there}`]);
  });

  test("passes over ids that are none, and ids of nothing", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    expect((await claim(["", "nonsense", "evt_1:dst_1", `${id}'; --`, id], start)).ids).toEqual([id]);
  });

  test("of a destination that nobody knows gets nothing", async () => {
    const [event, destinationId] = [anEvent({ receivedAt: start }), newShortId("dst")];
    await save(event, { to: [destinationId] });
    expect((await claim([`${event.id}:${destinationId}`], start + minute, [destinationId])).ids).toEqual([]);
  });

  test.each(["paused", "disabled", "deleted"] as const)("of a %s destination gets nothing, which holds what it has", async (state) => {
    const { destination, ids } = await backlog(2, { state });
    expect(await claim(ids, start + minute, [destination.id])).toEqual({ claimed: [], ids: [], waiting: [] });
    expect(await count("deliveries", "destination_id = ? and next_at < ?", destination.id, start + second)).toBe(2);
  });

  test("of many at once costs one round trip", async () => {
    const { ids } = await backlog(6);
    const { db: counted, bill } = metered(db);
    expect((await claimDeliveries(counted, ids, [], start + second, 0)).claimed).toHaveLength(6);
    expect(bill.roundTrips).toBe(1);
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

  test("gives what is left of a handful beside the deliveries that were named", async () => {
    const [named, crowded] = [await backlog(4), await backlog(8)];
    const { ids } = await claim(named.ids, start + minute, [crowded.destination.id]);
    expect(ids.sort()).toEqual([...named.ids, ...crowded.ids.slice(0, 2)].sort());
  });

  test("shares a handful with that of another destination", async () => {
    const [one, other] = [await backlog(8), await backlog(8)];
    const { ids } = await claim([], start + minute, [one.destination.id, other.destination.id]);
    expect(ids.sort()).toEqual([...one.ids.slice(0, 3), ...other.ids.slice(0, 3)].sort());
  });

  test("gives one at least, however many were named", async () => {
    const [named, crowded] = [await backlog(6), await backlog(2)];
    const { ids } = await claim(named.ids, start + minute, [crowded.destination.id]);
    expect(ids).toContain(crowded.ids[0]);
  });

  test("comes with its events", async () => {
    const { destination } = await backlog(1);
    const { claimed } = await claimDeliveries(db, [], [destination.id], start + minute, 0);
    expect(claimed[0]?.event.id).toBe(claimed[0]?.delivery.eventId);
  });
});

describe("an action at an ordered destination", () => {
  /** Two deliveries of one action and one of another. */
  async function three(parts: Partial<Destination>) {
    const destination = await anActive(parts);
    const ids: string[] = [];
    for (const [n, action] of ["a", "a", "b"].entries()) {
      const event = anEvent({ receivedAt: start + n });
      await save(event, { to: [{ destinationId: destination.id, action, once: false }] });
      ids.push(deliveryId({ eventId: event.id, destinationId: destination.id }));
    }
    return ids as [string, string, string];
  }

  test("has one delivery under way at a time", async () => {
    const [first, next] = await three({ ordered: true });
    await claimed(first, start + second);
    expect((await claim([next], start + 2 * second)).ids).toEqual([]);
  });

  test("goes on when that one has ended", async () => {
    const [first, next] = await three({ ordered: true });
    await conclude(await claimed(first, start + second), success, start + 2 * second);
    expect((await claim([next], start + 2 * second)).ids).toEqual([next]);
  });

  test("goes on when that one's lease is over", async () => {
    const [first, next] = await three({ ordered: true });
    await claimed(first, start + second);
    expect((await claim([next], start + 27 * second)).ids).toEqual([next]);
  });

  test("keeps no other action waiting", async () => {
    const [first, , other] = await three({ ordered: true });
    await claimed(first, start + second);
    expect((await claim([other], start + 2 * second)).ids).toEqual([other]);
  });

  test("may have several under way where order does not matter", async () => {
    const [first, next] = await three({ concurrency: 3 });
    await claimed(first, start + second);
    expect((await claim([next], start + 2 * second)).ids).toEqual([next]);
  });
});
