import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { type Delivery, deliveryId, type Outcome } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import { minute, second } from "../../src/domain/time.ts";
import { saveDestination } from "../../src/store/destinations.ts";
import { noteWarning, planWake } from "../../src/store/outcomes.ts";
import { anActive, anEvent, claimed, conclude, failure, retireAll, save, success } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");
const db = env.DB;

afterAll(retireAll);

/** A destination and one delivery; attempts at it can be recorded at will. */
async function attempted() {
  const destination = await anActive();
  const event = anEvent({ receivedAt: start });
  await save(event, { to: [destination.id] });
  const delivery: Delivery = await claimed(deliveryId({ eventId: event.id, destinationId: destination.id }), start);
  const attempt = async (outcome: Outcome, now: number) => await conclude(delivery, outcome, now);
  const fail = async (times: number, now = start) => {
    for (let n = 0; n < times; n++) await attempt(failure, now + n * second);
  };
  return { destination, attempt, fail };
}

/** How a destination is doing, as it stands in D1. */
async function healthOf({ id }: Destination) {
  return await db.prepare("select failures, failing_since, open_until, warned_at from destinations where id = ?").bind(id).first();
}

describe("a destination's failures", () => {
  test("are counted in a row, from the first of them on", async () => {
    const { destination, fail } = await attempted();
    await fail(3);
    expect(await healthOf(destination)).toEqual({ failures: 3, failing_since: start, open_until: null, warned_at: null });
  });

  test("open its breaker for a minute at the fifth", async () => {
    const { destination, fail, attempt } = await attempted();
    await fail(4);
    expect(await healthOf(destination)).toMatchObject({ failures: 4, open_until: null });
    await attempt(failure, start + 10 * second);
    expect(await healthOf(destination)).toMatchObject({ failures: 5, open_until: start + 70 * second });
  });

  test("keep it open from each further one on", async () => {
    const { destination, fail, attempt } = await attempted();
    await fail(5);
    await attempt(failure, start + 90 * second);
    expect(await healthOf(destination)).toMatchObject({ failures: 6, open_until: start + 150 * second });
  });

  test("are forgotten at the first success, with all that came of them", async () => {
    const { destination, fail, attempt } = await attempted();
    await fail(6);
    await noteWarning(db, destination.id, start);
    await attempt(success, start + minute);
    expect(await healthOf(destination)).toEqual({ failures: 0, failing_since: null, open_until: null, warned_at: null });
  });

  test("begin anew after a success", async () => {
    const { destination, fail, attempt } = await attempted();
    await fail(4);
    await attempt(success, start + minute);
    await fail(1, start + 2 * minute);
    expect(await healthOf(destination)).toMatchObject({ failures: 1, failing_since: start + 2 * minute });
  });

  test("are not counted where nothing left us", async () => {
    const { destination, attempt } = await attempted();
    await attempt({ ...failure, isSent: false }, start);
    expect(await healthOf(destination)).toEqual({ failures: 0, failing_since: null, open_until: null, warned_at: null });
  });

  test("are all counted when many end at once", async () => {
    const { destination, attempt } = await attempted();
    await Promise.all(Array.from({ length: 20 }, () => attempt(failure, start)));
    expect(await healthOf(destination)).toMatchObject({ failures: 20 });
  });

  test("are not those of another destination", async () => {
    const [failing, other] = [await attempted(), await attempted()];
    await failing.fail(3);
    expect(await healthOf(other.destination)).toMatchObject({ failures: 0 });
  });

  test("are told before and after each attempt", async () => {
    const { fail, attempt } = await attempted();
    await fail(4);
    const { before, after } = await attempt(failure, start + minute);
    expect(before).toEqual({ failures: 4, failingSince: start, openUntil: null });
    expect(after).toEqual({ failures: 5, failingSince: start, openUntil: start + 2 * minute, warnedAt: null });
  });

  test("are told with whether the operator was warned of them", async () => {
    const { destination, attempt } = await attempted();
    await noteWarning(db, destination.id, start + 7);
    expect((await attempt(failure, start)).after).toMatchObject({ warnedAt: start + 7 });
  });

  test("are told without the warning that they had, after a success", async () => {
    const { destination, fail, attempt } = await attempted();
    await fail(1);
    await noteWarning(db, destination.id, start);
    expect((await attempt(success, start)).after).toMatchObject({ failures: 0, warnedAt: null });
  });

  test("are none where the destination is gone from D1", async () => {
    const { destination, attempt } = await attempted();
    await db.prepare("delete from destinations where id = ?").bind(destination.id).run();
    const { before, after } = await attempt(failure, start);
    expect([before, after.failures]).toEqual([{ failures: 0, failingSince: null, openUntil: null }, 0]);
  });
});

describe("a destination's record", () => {
  const failing = async (state: Destination["state"]) => {
    const { destination, fail } = await attempted();
    await fail(6);
    await noteWarning(db, destination.id, start + 9);
    const stopped = { ...destination, state };
    await saveDestination(db, stopped);
    return stopped;
  };
  const record = { failures: 6, failing_since: start, open_until: start + 65 * second, warned_at: start + 9 };

  test.each(["paused", "disabled"] as const)("is clean again when it was %s and becomes active", async (state) => {
    const destination = await failing(state);
    await saveDestination(db, { ...destination, state: "active" });
    expect(await healthOf(destination)).toEqual({ failures: 0, failing_since: null, open_until: null, warned_at: null });
  });

  test("stays when something else of it is changed", async () => {
    const destination = await failing("active");
    await saveDestination(db, { ...destination, url: "https://far.example/other", version: 2, timeout: 3 });
    expect(await healthOf(destination)).toEqual(record);
  });

  test.each(["paused", "disabled", "deleted"] as const)("stays when it becomes %s", async (state) => {
    expect(await healthOf(await failing(state))).toEqual(record);
  });

  test("stays when it is changed while it is paused", async () => {
    const destination = await failing("paused");
    await saveDestination(db, { ...destination, timeout: 3 });
    expect(await healthOf(destination)).toEqual(record);
  });
});

describe("a warning", () => {
  test("is noted once, whoever of several comes first", async () => {
    const { id } = await anActive();
    const noted = await Promise.all(Array.from({ length: 10 }, (_, n) => noteWarning(db, id, start + n)));
    expect(noted.filter(Boolean)).toHaveLength(1);
  });

  test("is noted again after the destination has answered", async () => {
    const { destination, fail, attempt } = await attempted();
    await fail(1);
    await noteWarning(db, destination.id, start);
    expect(await noteWarning(db, destination.id, start)).toBe(false);
    await attempt(success, start);
    expect(await noteWarning(db, destination.id, start)).toBe(true);
  });
});

describe("coming again", () => {
  test("is taken on by one of several", async () => {
    const { id } = await anActive();
    const planned = await Promise.all(Array.from({ length: 10 }, () => planWake(db, id, start + minute, start)));
    expect(planned.filter(Boolean)).toHaveLength(1);
  });

  test("is left to whoever comes earlier", async () => {
    const { id } = await anActive();
    await planWake(db, id, start + minute, start);
    expect(await planWake(db, id, start + 2 * minute, start)).toBe(false);
  });

  test("is taken on by whoever would come earlier", async () => {
    const { id } = await anActive();
    await planWake(db, id, start + 2 * minute, start);
    expect(await planWake(db, id, start + minute, start)).toBe(true);
    expect(await planWake(db, id, start + 2 * minute, start)).toBe(false);
  });

  test("is taken on anew when that time has come", async () => {
    const { id } = await anActive();
    await planWake(db, id, start + minute, start);
    expect(await planWake(db, id, start + 2 * minute, start + minute - second)).toBe(false);
    expect(await planWake(db, id, start + 2 * minute, start + minute)).toBe(true);
  });

  test("is taken on anew by the one who comes, a tenth of a second early by another clock", async () => {
    const { id } = await anActive();
    await planWake(db, id, start + minute, start);
    expect(await planWake(db, id, start + 2 * minute, start + minute - 101)).toBe(false);
    expect(await planWake(db, id, start + 2 * minute, start + minute - 100)).toBe(true);
  });

  test("to one destination says nothing of another", async () => {
    const [one, other] = [await anActive(), await anActive()];
    await planWake(db, one.id, start + minute, start);
    expect(await planWake(db, other.id, start + minute, start)).toBe(true);
  });
});
