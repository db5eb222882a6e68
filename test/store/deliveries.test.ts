import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { minute, second } from "../../src/domain/time.ts";
import { claimDeliveries } from "../../src/store/claims.ts";
import { cancelDeliveries, listUnheard, noteDeadLetters, reopenDelivery, ringGraceMs } from "../../src/store/deliveries.ts";
import { metered } from "./meter.ts";
import { aDelivery, anEvent, backlog, claimed, conclude, count, failure, retireAll, rowOf, save, success } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");
const db = env.DB;

afterAll(retireAll);

describe("what was not heard", () => {
  const due = start + ringGraceMs;

  test("is listed when its ring is overdue, and not before", async () => {
    const { destinationId, eventId } = await aDelivery({ receivedAt: start });
    expect(await listUnheard(db, [destinationId], due - 1, 10)).toEqual([]);
    expect(await listUnheard(db, [destinationId], due, 10)).toEqual([{ eventId, destinationId }]);
  });

  test("is not listed twice by sweeps at once, and is by the next minute's", async () => {
    const { destinationId } = await aDelivery({ receivedAt: start });
    const sweeps = await Promise.all(Array.from({ length: 5 }, () => listUnheard(db, [destinationId], due, 10)));
    expect(sweeps.flat()).toHaveLength(1);
    expect(await listUnheard(db, [destinationId], due + 30 * second, 10)).toEqual([]);
    expect(await listUnheard(db, [destinationId], due + minute, 10)).toHaveLength(1);
  });

  test("is not listed while a consumer is at it, and is when that one never came back", async () => {
    const { id, destinationId } = await aDelivery({ receivedAt: start });
    await claimed(id, due);
    expect(await listUnheard(db, [destinationId], due + second, 10)).toEqual([]);
    expect(await listUnheard(db, [destinationId], due + minute, 10)).toHaveLength(1);
  });

  test.each(["delivered", "exhausted", "cancelled"])("does not hold what is %s", async (state) => {
    const { destinationId, eventId } = await aDelivery({ receivedAt: start });
    await db.prepare("update deliveries set state = ? where event_id = ?").bind(state, eventId).run();
    expect(await listUnheard(db, [destinationId], due + minute, 10)).toEqual([]);
  });

  test("of a failed attempt is listed only after the ring for its next one is overdue", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const next = start + 10 * minute;
    await conclude(await claimed(delivery.id, start), failure, start, { nextAttemptAt: next });
    expect(await listUnheard(db, [delivery.destinationId], next + ringGraceMs - 1, 10)).toEqual([]);
    expect(await listUnheard(db, [delivery.destinationId], next + ringGraceMs, 10)).toHaveLength(1);
  });

  test("is listed for the destinations that were asked about, and no other", async () => {
    const wanted = await aDelivery({ receivedAt: start });
    const held = await aDelivery({ receivedAt: start });
    const listed = await listUnheard(db, [wanted.destinationId], due, 10);
    expect(listed.map(({ destinationId }) => destinationId)).toEqual([wanted.destinationId]);
    expect(await listUnheard(db, [held.destinationId], due, 10)).toHaveLength(1);
  });

  test("is listed up to the limit of each destination, the longest unheard first, so that one cannot crowd out another", async () => {
    const [crowded, quiet] = [newShortId("dst"), newShortId("dst")];
    const events = [3, 1, 2].map((n) => anEvent({ receivedAt: start + n * minute }));
    for (const event of events) await save(event, { to: [crowded] });
    await save(anEvent({ receivedAt: start + 9 * minute }), { to: [quiet] });
    const listed = await listUnheard(db, [crowded, quiet], start + 20 * minute, 2);
    expect(listed.filter(({ destinationId }) => destinationId === quiet)).toHaveLength(1);
    const first = listed.filter(({ destinationId }) => destinationId === crowded).map(({ eventId }) => eventId);
    expect(first.sort()).toEqual([events[1]?.id, events[2]?.id].sort());
  });

  test("is nothing, and no question to D1, when nobody is asked about", async () => {
    const { db: counted, bill } = metered(env.DB);
    expect(await listUnheard(counted, [], due, 10)).toEqual([]);
    expect(bill.roundTrips).toBe(0);
  });

  test("can still be claimed: the sweep moves the ring and not the attempt", async () => {
    const { id, destinationId } = await aDelivery({ receivedAt: start });
    await listUnheard(db, [destinationId], due, 10);
    expect((await claimDeliveries(db, [id], [], due, 0)).claimed).toHaveLength(1);
  });
});

describe("reopening", () => {
  const exhausted = async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), failure, start, { state: "exhausted" });
    return delivery;
  };

  test.each(["delivered", "exhausted", "cancelled", "pending"])("makes a delivery that is %s due now", async (state) => {
    const delivery = await aDelivery({ receivedAt: start });
    await db
      .prepare("update deliveries set state = ?, attempts = 11, next_at = ? where event_id = ?")
      .bind(state, start + 90 * minute, delivery.eventId)
      .run();
    const reopened = await reopenDelivery(db, delivery, "original", start + minute, start + minute);
    expect(reopened).toMatchObject({ state: "pending", nextAttemptAt: start + minute, updatedAt: start + minute });
    expect(await claimed(delivery.id, start + minute)).toMatchObject({ attempts: 11 });
  });

  test("starts the schedule anew and goes on counting the attempts", async () => {
    const delivery = await exhausted();
    const reopened = await reopenDelivery(db, delivery, "original", start + minute, start + minute);
    expect(reopened).toMatchObject({ attempts: 1, attemptsBefore: 1 });
    await conclude(await claimed(delivery.id, start + minute), success, start + minute);
    const { results } = await db.prepare("select number from attempts where event_id = ? order by number").bind(delivery.eventId).all();
    expect(results).toEqual([{ number: 1 }, { number: 2 }]);
  });

  test("lets the sweep ring for it should the ring be lost", async () => {
    const delivery = await exhausted();
    await reopenDelivery(db, delivery, "original", start + minute, start + minute);
    expect(await listUnheard(db, [delivery.destinationId], start + minute + ringGraceMs - 1, 10)).toEqual([]);
    expect(await listUnheard(db, [delivery.destinationId], start + minute + ringGraceMs, 10)).toHaveLength(1);
  });

  test("for whoever sends it at once keeps all others away until that lease ends", async () => {
    const delivery = await exhausted();
    const end = start + minute + 25 * second;
    await reopenDelivery(db, delivery, "original", end, start + minute);
    expect((await claimDeliveries(db, [delivery.id], [], end - 1, 0)).claimed).toEqual([]);
    expect((await claimDeliveries(db, [delivery.id], [], end, 0)).claimed).toHaveLength(1);
  });

  test("keeps the version of the body that was sent first", async () => {
    const delivery = await exhausted();
    expect(await reopenDelivery(db, delivery, "original", start, start)).toMatchObject({ version: 1 });
  });

  test("forgets that version when it is to be built anew", async () => {
    const delivery = await exhausted();
    expect(await reopenDelivery(db, delivery, "rebuilt", start, start)).toMatchObject({ version: null });
  });

  test("leaves it to the recovery that opened it, while it has not ended", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await db.prepare("update deliveries set recovery_id = 'rcv_1' where event_id = ?").bind(delivery.eventId).run();
    expect(await reopenDelivery(db, delivery, "original", start, start)).toMatchObject({ recoveryId: "rcv_1" });
  });

  test("takes it out of the recovery that opened it before, once it has ended", async () => {
    const delivery = await exhausted();
    await db.prepare("update deliveries set recovery_id = 'rcv_1' where event_id = ?").bind(delivery.eventId).run();
    expect(await reopenDelivery(db, delivery, "original", start, start)).toMatchObject({ recoveryId: null });
  });

  test("finds nothing where there is no delivery", async () => {
    const { eventId } = await aDelivery();
    expect(await reopenDelivery(db, { eventId, destinationId: newShortId("dst") }, "original", start, start)).toBeNull();
  });
});

describe("cancelling", () => {
  const cancel = async (ids: string[], limit = 10) => await cancelDeliveries(db, ids, "its destination was deleted", start + 5, limit);

  test("ends what a destination had pending, with the reason", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await cancel([delivery.destinationId]);
    expect(await rowOf(delivery)).toMatchObject({ state: "cancelled", reason: "its destination was deleted", updated_at: start + 5 });
  });

  test("leaves what was delivered meanwhile", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), success, start);
    await cancel([delivery.destinationId]);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
  });

  test("leaves what other destinations have", async () => {
    const [deleted, other] = [await aDelivery({ receivedAt: start }), await aDelivery({ receivedAt: start })];
    await cancel([deleted.destinationId]);
    expect(await rowOf(other)).toMatchObject({ state: "pending", reason: null });
  });

  test("ends so many of each destination at once, and no more", async () => {
    const [one, two] = [await backlog(3), await backlog(3)];
    await cancel([one.destination.id, two.destination.id], 2);
    for (const { destination } of [one, two]) {
      expect(await count("deliveries", "destination_id = ? and state = 'cancelled'", destination.id)).toBe(2);
    }
  });

  test("for nobody is no question to D1", async () => {
    const { db: counted, bill } = metered(env.DB);
    await cancelDeliveries(counted, [], "nobody", start, 10);
    expect(bill.roundTrips).toBe(0);
  });

  test("gives way to an attempt that was under way and arrived", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const slow = await claimed(delivery.id, start);
    await cancel([delivery.destinationId]);
    await conclude(slow, success, start + second);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered" });
  });
});

describe("a dead letter", () => {
  test("is noted on its pending delivery, which stays pending", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await noteDeadLetters(db, [delivery.id, "nonsense"], "its ring was lost", start + 5);
    expect(await rowOf(delivery)).toMatchObject({ state: "pending", reason: "its ring was lost", updated_at: start + 5 });
  });

  test("does not touch a delivery that is done", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), success, start);
    await noteDeadLetters(db, [delivery.id], "its ring was lost", start + 5);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
  });
});
