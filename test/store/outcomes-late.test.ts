import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { type Delivery, deliveryId, type Outcome } from "../../src/domain/delivery.ts";
import { minute, second } from "../../src/domain/time.ts";
import { findDelivery } from "../../src/store/attempts.ts";
import { reopenDelivery, ringGraceMs } from "../../src/store/deliveries.ts";
import { recordAttempt } from "../../src/store/outcomes.ts";
import { saveRecovery } from "../../src/store/recoveries.ts";
import { aDelivery, anActive, anEvent, aRecovery, claimed, conclude, count, failure, retireAll, rowOf, save, success } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");
const db = env.DB;

afterAll(retireAll);

describe("an attempt that fails late", () => {
  test("beside one that delivered (a retry by hand while it ran), does not undo the delivery", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const slow = await claimed(delivery.id, start);
    await reopenDelivery(db, delivery, "original", start + second, start + second);
    await conclude(await claimed(delivery.id, start + second), success, start + 2 * second);
    await conclude(slow, failure, start + 15 * second);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
  });

  test("beside one that delivered, does not undo the delivery where its lease is not known either", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    const slow = await claimed(delivery.id, start);
    await conclude(slow, success, start + second);
    await recordAttempt(db, { ...slow, state: "exhausted", nextAttemptAt: null, updatedAt: start + minute }, failure, start, 1);
    expect(await rowOf(delivery)).toMatchObject({ state: "delivered", reason: "answered 200" });
  });

  /** A delivery with one failure behind it, and a second attempt under way when an operator begins a new schedule. */
  async function overtaken() {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), failure, start, { nextAttemptAt: start + second });
    const slow = await claimed(delivery.id, start + second);
    await reopenDelivery(db, delivery, "original", start + minute, start + 2 * second);
    return { delivery, slow };
  }

  test("after an operator has begun a new schedule, gives nothing up", async () => {
    const { delivery, slow } = await overtaken();
    await conclude(slow, failure, start + 9 * second, { state: "exhausted" });
    expect(await rowOf(delivery)).toMatchObject({ state: "pending", attempts: 2 });
  });

  test("after an operator has begun a new schedule, does not move the next attempt or its ring", async () => {
    const { delivery, slow } = await overtaken();
    await conclude(slow, failure, start + 9 * second, { nextAttemptAt: start + 10 * minute });
    expect(await rowOf(delivery)).toMatchObject({ next_at: start + minute, ring_at: start + minute + ringGraceMs });
  });

  /** An attempt whose lease was over, and the next one at the same delivery, under way; a recovery has opened the delivery. */
  async function replaced() {
    const [{ id: destinationId }, event, recovery] = [await anActive({ concurrency: 5 }), anEvent({ receivedAt: start }), aRecovery()];
    await save(event, { to: [destinationId] });
    await saveRecovery(db, recovery);
    await db.prepare("update deliveries set recovery_id = ? where event_id = ?").bind(recovery.id, event.id).run();
    const delivery = { eventId: event.id, destinationId };
    const slow = await claimed(deliveryId(delivery), start);
    return { delivery, recovery, slow, fresh: await claimed(deliveryId(delivery), start + minute) };
  }

  test("after its lease was over, leaves the next attempt under way, and its lease", async () => {
    const { delivery, slow, fresh } = await replaced();
    await conclude(slow, failure, start + minute, { state: "exhausted" });
    const until = fresh.nextAttemptAt;
    expect(await rowOf(delivery)).toMatchObject({ state: "pending", attempts: 1, next_at: until, leased_until: until });
  });

  test("leaves it to the next attempt to decide", async () => {
    const { delivery, slow, fresh } = await replaced();
    await conclude(slow, failure, start + minute);
    await conclude(fresh, failure, start + minute, { state: "exhausted" });
    expect(await rowOf(delivery)).toMatchObject({ state: "exhausted", attempts: 2, leased_until: null });
  });

  test("is not counted by a recovery, which counts how the delivery ends", async () => {
    const { recovery, slow, fresh } = await replaced();
    await conclude(slow, failure, start + minute, { state: "exhausted" });
    await conclude(fresh, success, start + minute);
    expect(await count("recoveries", "id = ? and delivered = 1 and failed = 0", recovery.id)).toBe(1);
  });

  test("is recorded, and counts against its destination", async () => {
    const { delivery, slow } = await overtaken();
    expect((await conclude(slow, failure, start + 9 * second)).after.failures).toBe(2);
    expect(await count("attempts", "event_id = ?", delivery.eventId)).toBe(2);
  });
});

describe("an attempt that is recorded a second time, since the first answer was lost", () => {
  /** A claimed delivery that a recovery opened, and its record made as often as wanted. */
  async function recorded(...tries: { outcome: Outcome; isSecondTry: boolean }[]) {
    const delivery = await aDelivery({ receivedAt: start });
    const recovery = aRecovery();
    await saveRecovery(db, recovery);
    await db.prepare("update deliveries set recovery_id = ? where event_id = ?").bind(recovery.id, delivery.eventId).run();
    const claim = await claimed(delivery.id, start);
    for (const { outcome, isSecondTry } of tries) {
      const state = outcome.delivered ? ("delivered" as const) : ("exhausted" as const);
      await recordAttempt(db, { ...claim, state, nextAttemptAt: null, updatedAt: start + 2 }, outcome, start + 1, 1, { isSecondTry });
    }
    return { delivery, recovery };
  }
  const first = { outcome: failure, isSecondTry: false };
  const second = { outcome: failure, isSecondTry: true };

  test("is one attempt", async () => {
    const { delivery } = await recorded(first, second);
    expect(await count("attempts", "event_id = ?", delivery.eventId)).toBe(1);
    expect(await rowOf(delivery)).toMatchObject({ state: "exhausted", attempts: 1 });
  });

  test("is one failure of its destination", async () => {
    const { delivery } = await recorded(first, second);
    expect(await count("destinations", "id = ? and failures = 1", delivery.destinationId)).toBe(1);
  });

  test("is counted once by its recovery", async () => {
    const { recovery } = await recorded(first, second);
    expect(await count("recoveries", "id = ? and failed = 1", recovery.id)).toBe(1);
  });

  test("is written when the first was not", async () => {
    const { delivery, recovery } = await recorded(second);
    expect(await rowOf(delivery)).toMatchObject({ state: "exhausted", attempts: 1 });
    expect(await count("recoveries", "id = ? and failed = 1", recovery.id)).toBe(1);
  });

  test("is written when the first was not, though earlier attempts were", async () => {
    const delivery = await aDelivery({ receivedAt: start });
    await conclude(await claimed(delivery.id, start), failure, start, { nextAttemptAt: start + minute });
    const later = { ...(await claimed(delivery.id, start + minute)), nextAttemptAt: start + 2 * minute };
    await recordAttempt(db, later, failure, start + minute, 1, { isSecondTry: true });
    expect(await rowOf(delivery)).toMatchObject({ attempts: 2 });
  });

  test("is not counted by a recovery that has opened the delivery since", async () => {
    const { delivery, recovery } = await recorded(first);
    const ended = { ...(await found(delivery)), nextAttemptAt: null, updatedAt: start + 2 };
    await db.prepare("update deliveries set state = 'pending' where event_id = ?").bind(delivery.eventId).run();
    await recordAttempt(db, ended, failure, start + 1, 1, { isSecondTry: true });
    expect(await count("recoveries", "id = ? and failed = 1", recovery.id)).toBe(1);
  });

  test("does not undo what was counted since", async () => {
    const { delivery } = await recorded({ outcome: success, isSecondTry: false });
    const { destinationId } = delivery;
    await db.prepare("update destinations set failures = 3 where id = ?").bind(destinationId).run();
    const again = { ...(await found(delivery)), state: "delivered" as const, nextAttemptAt: null, updatedAt: start + 2 };
    await recordAttempt(db, again, success, start + 1, 1, { isSecondTry: true });
    expect(await count("destinations", "id = ? and failures = 3", destinationId)).toBe(1);
  });

  async function found({ eventId, destinationId }: { eventId: string; destinationId: string }): Promise<Delivery> {
    return (await findDelivery(db, eventId, destinationId))?.delivery as Delivery;
  }
});
