import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { type Delivery, deliveryId } from "../../src/domain/delivery.ts";
import { minute, second } from "../../src/domain/time.ts";
import { claimDeliveries } from "../../src/store/claims.ts";
import { reopenDelivery } from "../../src/store/deliveries.ts";
import { saveRecovery } from "../../src/store/recoveries.ts";
import { aDelivery, anActive, anEvent, aRecovery, claimed, conclude, count, failure, retireAll, rowOf, save, success } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");
const db = env.DB;

afterAll(retireAll);

describe("an attempt", () => {
  test("that succeeds concludes its delivery, and is kept with all that went out and came back", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const outcome = { ...success, requestHeaders: { "webhook-id": "1" }, headers: { "x-request-id": "7" }, body: "took it" };
    await conclude(await claimed(delivery.id, start), outcome, start + 40);
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
      request_headers: '{"webhook-id":"1"}',
      next_at: null,
    });
  });

  test("that fails leaves its delivery pending until the next is due", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), failure, start + second, { nextAttemptAt: start + minute });
    expect((await claimDeliveries(db, [id], [], start + minute - 1.5 * second, 0)).claimed).toEqual([]);
    expect(await claimed(id, start + minute)).toMatchObject({ attempts: 1, reason: "answered 503" });
  });

  test("that fails is kept with when the next was due", async () => {
    const { id, eventId } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), failure, start, { nextAttemptAt: start + minute });
    expect(await count("attempts", "event_id = ? and next_at = ?", eventId, start + minute)).toBe(1);
  });

  test("that fails without any answer has no status", async () => {
    const { id, eventId } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), { ...failure, status: null }, start);
    expect(await count("attempts", "event_id = ? and status is null", eventId)).toBe(1);
  });

  test("and its delivery are one transaction: what D1 refuses of one is not written of the other", async () => {
    const { id, eventId, destinationId } = await aDelivery({ receivedAt: start });
    const delivery = await claimed(id, start);
    await expect(conclude(delivery, failure, start, { state: "nonsense" as never })).rejects.toThrow(/CHECK/);
    expect(await count("attempts", "event_id = ?", eventId)).toBe(0);
    expect(await count("destinations", "id = ? and failures = 0", destinationId)).toBe(1);
  });

  test("that overlapped another is recorded beside it", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const claim = await claimed(delivery.id, start);
    await conclude(claim, failure, start);
    await conclude(claim, success, start);
    expect(await count("attempts", "event_id = ?", delivery.eventId)).toBe(2);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", attempts: 2 });
  });

  test("that ends is no longer under way", async () => {
    const { destinationId } = await limited();
    expect(await count("deliveries", "destination_id = ? and leased_until is not null", destinationId)).toBe(0);
  });

  test("that succeeds late, after an operator has begun a new schedule, has delivered it all the same", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), failure, start, { nextAttemptAt: start + second });
    const slow = await claimed(delivery.id, start + second);
    await reopenDelivery(db, delivery, "original", start + minute, start + 2 * second);
    await conclude(slow, success, start + 9 * second);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
  });

  /** One attempt at a destination whose requests under way are counted. */
  async function limited() {
    const { id: destinationId } = await anActive({ concurrency: 1 });
    const event = anEvent({ receivedAt: start });
    await save(event, { to: [destinationId] });
    const delivery = await claimed(deliveryId({ eventId: event.id, destinationId }), start);
    expect(await count("deliveries", "destination_id = ? and leased_until is not null", destinationId)).toBe(1);
    await conclude(delivery, failure, start);
    return { destinationId };
  }
});

describe("the version of a delivery's body", () => {
  const versionOf = async (delivery: { eventId: string; destinationId: string }) => (await rowOf(delivery))?.["version"];

  test("is unknown before the first attempt", async () => {
    expect(await versionOf(await aDelivery())).toBeNull();
  });

  test("is that of the first attempt, whether it arrived or not", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), failure, start, { version: 3 });
    expect(await versionOf(delivery)).toBe(3);
  });

  test("stays what it was at first, for all later attempts", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), failure, start, { version: 3 });
    await conclude(await claimed(delivery.id, start + minute), success, start + minute, { version: 4 });
    expect(await versionOf(delivery)).toBe(3);
  });

  test("is not fixed by an attempt of which nothing left us", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), { ...failure, isSent: false }, start, { version: 3 });
    expect(await versionOf(delivery)).toBeNull();
    await conclude(await claimed(delivery.id, start + minute), success, start + minute, { version: 4 });
    expect(await versionOf(delivery)).toBe(4);
  });

  test("comes with the next claim", async () => {
    const { id } = await aDelivery({ receivedAt: start });
    await conclude(await claimed(id, start), failure, start, { version: 3 });
    expect(await claimed(id, start + minute)).toMatchObject({ version: 3 });
  });
});

describe("the next of an action", () => {
  /** Deliveries of actions, an event each, all at one destination; in their order. */
  async function ofActions(...actions: (string | null)[]) {
    const { id: destinationId } = await anActive({ concurrency: null });
    const events = actions.map((_, n) => anEvent({ receivedAt: start + n }));
    for (const [n, event] of events.entries()) await save(event, { to: [{ destinationId, action: actions[n] ?? null, once: false }] });
    const take = async (n: number) => await claimed(deliveryId({ eventId: events[n]?.id ?? "", destinationId }), start + second);
    return { take, ids: events.map(({ id }) => id) };
  }

  test("is told when one of them arrives", async () => {
    const { take, ids } = await ofActions("a", "b", "a");
    expect(await conclude(await take(0), success, start + second)).toMatchObject({ nextEventId: ids[2] });
  });

  test("is told when one of them is given up", async () => {
    const { take, ids } = await ofActions("a", "a");
    expect(await conclude(await take(0), failure, start + second, { state: "exhausted" })).toMatchObject({ nextEventId: ids[1] });
  });

  test("is the oldest that is left", async () => {
    const { take, ids } = await ofActions("a", "a", "a");
    expect(await conclude(await take(2), success, start + second)).toMatchObject({ nextEventId: ids[0] });
  });

  test("is none while it will be tried again", async () => {
    const { take } = await ofActions("a", "a");
    expect(await conclude(await take(0), failure, start + second)).toMatchObject({ nextEventId: null });
  });

  test("is none when all others have ended", async () => {
    const { take } = await ofActions("a", "a");
    await conclude(await take(0), success, start + second);
    expect(await conclude(await take(1), success, start + second)).toMatchObject({ nextEventId: null });
  });

  test("is none where no action matters", async () => {
    const { take } = await ofActions(null, null);
    expect(await conclude(await take(0), success, start + second)).toMatchObject({ nextEventId: null });
  });

  test("is not of another destination", async () => {
    const [here] = [await ofActions("a"), await ofActions("a")];
    expect(await conclude(await here.take(0), success, start + second)).toMatchObject({ nextEventId: null });
  });
});

describe("a recovery counts what it opened", () => {
  /** An exhausted delivery, opened by a recovery. */
  async function opened() {
    const delivery = await aDelivery({ receivedAt: start });
    const recovery = aRecovery();
    await saveRecovery(db, recovery);
    await db.prepare("update deliveries set recovery_id = ? where event_id = ?").bind(recovery.id, delivery.eventId).run();
    const progress = async () => await db.prepare("select delivered, failed from recoveries where id = ?").bind(recovery.id).first();
    return { ...delivery, progress };
  }

  test("as delivered when it arrives", async () => {
    const { id, progress } = await opened();
    await conclude(await claimed(id, start), success, start);
    expect(await progress()).toEqual({ delivered: 1, failed: 0 });
  });

  test("as failed when it is given up", async () => {
    const { id, progress } = await opened();
    await conclude(await claimed(id, start), failure, start, { state: "exhausted" });
    expect(await progress()).toEqual({ delivered: 0, failed: 1 });
  });

  test("not at all while it will be tried again", async () => {
    const { id, progress } = await opened();
    await conclude(await claimed(id, start), failure, start);
    expect(await progress()).toEqual({ delivered: 0, failed: 0 });
  });

  test("once, though two attempts at it overlapped", async () => {
    const { id, progress } = await opened();
    const claim = await claimed(id, start);
    await Promise.all([conclude(claim, success, start), conclude(claim, success, start), conclude(claim, success, start)]);
    expect(await progress()).toEqual({ delivered: 1, failed: 0 });
  });

  test("still when an operator sends it again before it has ended", async () => {
    const { id, eventId, destinationId, progress } = await opened();
    const slow: Delivery = await claimed(id, start);
    await reopenDelivery(db, { eventId, destinationId }, "original", start, start);
    await conclude(slow, success, start);
    expect(await progress()).toEqual({ delivered: 1, failed: 0 });
  });

  test("not when an operator sends it again after it has ended", async () => {
    const { id, eventId, destinationId, progress } = await opened();
    await conclude(await claimed(id, start), success, start);
    await reopenDelivery(db, { eventId, destinationId }, "original", start, start);
    await conclude(await claimed(id, start), success, start);
    expect(await progress()).toEqual({ delivered: 1, failed: 0 });
  });
});
