import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Delivery, Outcome } from "../../src/domain/delivery.ts";
import { newShortId } from "../../src/domain/id.ts";
import { minute, second } from "../../src/domain/time.ts";
import {
  cancelDelivery,
  claimDeliveries,
  listUnheard,
  noteDeadLetters,
  recordAttempt,
  reopenDelivery,
  ringGraceMs,
} from "../../src/store/deliveries.ts";
import { saveDestination } from "../../src/store/destinations.ts";
import { saveEvent } from "../../src/store/outbox.ts";
import { aReceipt } from "../kit.ts";
import { metered } from "./meter.ts";
import { aDelivery, aDestination, anEvent, count, save } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");
const db = env.DB;

const success: Outcome = {
  delivered: true,
  status: 200,
  reason: "answered 200",
  latencyMs: 12,
  headers: {},
  body: "ok",
  retryAfterMs: null,
};
const failure: Outcome = { ...success, delivered: false, status: 503, reason: "answered 503", body: "" };

/** Claims a delivery at `now`, or fails. */
async function claimed(id: string, now: number): Promise<Delivery> {
  const [one] = await claimDeliveries(db, [id], now);
  if (!one) throw new Error(`${id} could not be claimed`);
  return one.delivery;
}

/** Concludes a delivery with one more attempt. */
async function conclude(delivery: Delivery, state: Delivery["state"], outcome: Outcome, now: number, nextAttemptAt: number | null = null) {
  await recordAttempt(db, { ...delivery, attempts: delivery.attempts + 1, state, nextAttemptAt, updatedAt: now }, outcome, now);
}

async function rowOf({ eventId, destinationId }: { eventId: string; destinationId: string }) {
  return await db.prepare("select * from deliveries where event_id = ? and destination_id = ?").bind(eventId, destinationId).first();
}

describe("a claim", () => {
  test("gives a due delivery together with its event", async () => {
    const { id, event, destinationId } = await aDelivery({ receivedAt: start });
    expect(await claimDeliveries(db, [id], start)).toEqual([
      {
        delivery: {
          eventId: event.id,
          destinationId,
          state: "pending",
          attempts: 0,
          attemptsBefore: 0,
          nextAttemptAt: expect.any(Number),
          reason: null,
          createdAt: start,
          updatedAt: start,
        },
        event,
      },
    ]);
  });

  test("gives nothing that is not due yet", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    expect(await claimDeliveries(db, [id], start - 1.5 * second)).toEqual([]);
  });

  test("may come a second early, since the clocks of two machines never quite agree", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    expect(await claimDeliveries(db, [id], start - second)).toHaveLength(1);
  });

  test("is given to one of 20 that ask at once", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    const claims = await Promise.all(Array.from({ length: 20 }, () => claimDeliveries(db, [id], start)));
    expect(claims.flat()).toHaveLength(1);
  });

  test.each([1, 10, 25])("keeps others away for the destination's timeout of %i s and 15 s more, and not longer", async (timeout) => {
    const { id, destinationId } = await aDelivery({ receivedAt: start });
    await saveDestination(db, aDestination({ id: destinationId, timeout }));
    await claimed(id, start);
    const end = start + (timeout + 15) * second;
    expect(await claimDeliveries(db, [id], end - 1.5 * second)).toEqual([]);
    expect(await claimDeliveries(db, [id], end)).toHaveLength(1);
  });

  test("keeps others away for longer than the longest timeout, where nobody knows the destination", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await claimed(id, start);
    expect(await claimDeliveries(db, [id], start + 30 * second)).toEqual([]);
    expect(await claimDeliveries(db, [id], start + minute)).toHaveLength(1);
  });

  test.each(["delivered", "exhausted", "cancelled"] as const)("gives nothing that is %s", async (state) => {
    const { id, eventId } = await aDelivery({ receivedAt: start });
    await db.prepare("update deliveries set state = ? where event_id = ?").bind(state, eventId).run();
    expect(await claimDeliveries(db, [id], start + minute)).toEqual([]);
  });

  test("takes only the deliveries that were named, of an event with several", async () => {
    const event = anEvent({ receivedAt: start });
    const [here, there] = [newShortId("dst"), newShortId("dst")];
    await save(event, { to: [here, there] });
    const claims = await claimDeliveries(db, [`${event.id}:${here}`], start);
    expect(claims.map(({ delivery }) => delivery.destinationId)).toEqual([here]);
    expect(await claimDeliveries(db, [`${event.id}:${there}`], start)).toHaveLength(1);
  });

  test("passes over ids that are none, and ids of nothing", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    const claims = await claimDeliveries(db, ["", "nonsense", "evt_1:dst_1", `${id}'; --`, id], start);
    expect(claims).toHaveLength(1);
  });

  test("of many at once costs one round trip", async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => aDelivery({ receivedAt: start })));
    const { db: counted, bill } = metered(env.DB);
    const claims = await claimDeliveries(
      counted,
      made.map(({ id }) => id),
      start,
    );
    expect(claims).toHaveLength(6);
    expect(bill.roundTrips).toBe(1);
  });
});

describe("an attempt", () => {
  test("that succeeds concludes its delivery, and is kept with all that came back", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const outcome = { ...success, headers: { "x-request-id": "7" }, body: "took it" };
    await conclude(await claimed(delivery.id, start), "delivered", outcome, start + 40);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", attempts: 1, reason: "answered 200", updated_at: start + 40 });
    expect(await db.prepare("select * from attempts where event_id = ?").bind(delivery.eventId).first()).toEqual({
      event_id: delivery.eventId,
      destination_id: delivery.destinationId,
      number: 1,
      at: start + 40,
      delivered: 1,
      status: 200,
      reason: "answered 200",
      latency_ms: 12,
      response_headers: '{"x-request-id":"7"}',
      response_body: "took it",
    });
  });

  test("that fails leaves its delivery pending until the next is due", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), "pending", failure, start + second, start + minute);
    expect(await claimDeliveries(db, [delivery.id], start + minute - 1.5 * second)).toEqual([]);
    expect(await claimed(delivery.id, start + minute)).toMatchObject({ attempts: 1, reason: "answered 503" });
  });

  test("that fails without any answer has no status", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), "pending", { ...failure, status: null }, start, start + minute);
    expect(await count("attempts", "event_id = ? and status is null", delivery.eventId)).toBe(1);
  });

  test("and its delivery are one transaction: what D1 refuses of one is not written of the other", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const claim = await claimed(delivery.id, start);
    await expect(conclude(claim, "nonsense" as never, success, start)).rejects.toThrow(/CHECK/);
    expect(await count("attempts", "event_id = ?", delivery.eventId)).toBe(0);
  });

  test("that overlapped another is recorded beside it", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const claim = await claimed(delivery.id, start);
    await conclude(claim, "pending", failure, start, start + minute);
    await conclude(claim, "delivered", success, start);
    expect(await count("attempts", "event_id = ?", delivery.eventId)).toBe(2);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", attempts: 2 });
  });
});

test("an attempt that fails late, beside one that delivered (a retry by hand while it ran), does not undo the delivery", async () => {
  const delivery = await aDelivery({ receivedAt: start });
  const slow = await claimed(delivery.id, start);
  await reopenDelivery(db, delivery.eventId, delivery.destinationId, start + second);
  await conclude(await claimed(delivery.id, start + second), "delivered", success, start + 2 * second);
  await conclude(slow, "pending", failure, start + 15 * second, start + minute);
  expect(await rowOf(delivery)).toMatchObject({ state: "delivered" });
});

describe("in rows written, as D1 counts them", () => {
  test("a claim writes 1", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    const { db: counted, bill } = metered(env.DB);
    await claimDeliveries(counted, [id], start);
    expect(bill.rowsWritten).toBe(1);
  });

  test("a claim of what is taken writes none", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await claimed(id, start);
    const { db: counted, bill } = metered(env.DB);
    await claimDeliveries(counted, [id], start);
    expect(bill.rowsWritten).toBe(0);
  });

  test("an attempt costs one round trip", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    const delivery = await claimed(id, start);
    const { db: counted, bill } = metered(env.DB);
    await recordAttempt(counted, { ...delivery, attempts: 1, state: "delivered" }, success, start);
    expect(bill.roundTrips).toBe(1);
  });

  test("an event with one destination, delivered at the first try, writes 9 at the most", async () => {
    const { db: counted, bill } = metered(env.DB);
    const event = anEvent({ receivedAt: start });
    const destination = newShortId("dst");
    await saveEvent(counted, event, aReceipt({ id: event.id, receivedAt: start }), [destination], 900);
    const [one] = await claimDeliveries(counted, [`${event.id}:${destination}`], start);
    await recordAttempt(counted, { ...(one?.delivery as Delivery), attempts: 1, state: "delivered", nextAttemptAt: null }, success, start);
    expect(bill.rowsWritten).toBeLessThanOrEqual(9);
    expect(await count("deliveries", "destination_id = ? and state = 'delivered'", destination)).toBe(1);
  });
});

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

  test("of a failed attempt is listed only after its next attempt is due", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const next = start + 10 * minute;
    await conclude(await claimed(delivery.id, start), "pending", failure, start, next);
    expect(await listUnheard(db, [delivery.destinationId], next - 1, 10)).toEqual([]);
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
    expect(await claimDeliveries(db, [id], due)).toHaveLength(1);
  });
});

describe("reopening", () => {
  test.each(["delivered", "exhausted", "cancelled", "pending"])("makes a delivery that is %s due now", async (state) => {
    const delivery = await aDelivery({ receivedAt: start });
    await db
      .prepare("update deliveries set state = ?, attempts = 11, next_at = ? where event_id = ?")
      .bind(state, start + 90 * minute, delivery.eventId)
      .run();
    expect(await reopenDelivery(db, delivery.eventId, delivery.destinationId, start + minute)).toMatchObject({
      state: "pending",
      nextAttemptAt: start + minute,
    });
    expect(await claimDeliveries(db, [delivery.id], start + minute)).toHaveLength(1);
  });

  test("starts the schedule anew and goes on counting the attempts", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), "exhausted", failure, start);
    const reopened = await reopenDelivery(db, delivery.eventId, delivery.destinationId, start + minute);
    expect(reopened).toMatchObject({ attempts: 1, attemptsBefore: 1 });
    await conclude(await claimed(delivery.id, start + minute), "delivered", success, start + minute);
    const { results } = await db.prepare("select number from attempts where event_id = ? order by number").bind(delivery.eventId).all();
    expect(results).toEqual([{ number: 1 }, { number: 2 }]);
  });

  test("lets the sweep ring for it should the ring be lost", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), "exhausted", failure, start);
    await reopenDelivery(db, delivery.eventId, delivery.destinationId, start + minute);
    expect(await listUnheard(db, [delivery.destinationId], start + minute + ringGraceMs, 10)).toHaveLength(1);
  });

  test("finds nothing where there is no delivery", async () => {
    const { eventId } = await aDelivery();
    expect(await reopenDelivery(db, eventId, newShortId("dst"), start)).toBeNull();
  });
});

describe("cancelling", () => {
  test("ends a pending delivery with its reason", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await cancelDelivery(db, await claimed(delivery.id, start), "its destination was deleted", start + 5);
    expect(await rowOf(delivery)).toMatchObject({ state: "cancelled", reason: "its destination was deleted", updated_at: start + 5 });
  });

  test("leaves what was delivered meanwhile", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const claim = await claimed(delivery.id, start);
    await conclude(claim, "delivered", success, start);
    await cancelDelivery(db, claim, "too late", start + 5);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
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
    await conclude(await claimed(delivery.id, start), "delivered", success, start);
    await noteDeadLetters(db, [delivery.id], "its ring was lost", start + 5);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
  });
});
