import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { Delivery, DeliveryState } from "../../src/domain/delivery.ts";
import { newShortId } from "../../src/domain/id.ts";
import { hour } from "../../src/domain/time.ts";
import { type DeliverySearch, findDelivery, listDeliveries, listDeliveriesOf } from "../../src/store/attempts.ts";
import { recordAttempt } from "../../src/store/outcomes.ts";
import { aDelivery, anActive, anEvent, retireAll, save } from "./samples.ts";

const start = Date.parse("2025-03-01T00:00:00Z");
const db = env.DB;

afterAll(retireAll);

/** Records an attempt at a delivery that nobody had to claim: this is about what is read of it later. */
async function attempt(eventId: string, destinationId: string, number: number, status: number, state: DeliveryState = "pending") {
  const delivery: Delivery = {
    eventId,
    destinationId,
    state,
    attempts: number,
    attemptsBefore: 0,
    nextAttemptAt: state === "pending" ? start + hour : null,
    reason: null,
    createdAt: start,
    updatedAt: start,
    action: null,
    version: null,
    recoveryId: null,
  };
  const outcome = {
    isSent: true,
    delivered: status === 200,
    status,
    reason: `answered ${status}`,
    latencyMs: number,
    requestHeaders: { "user-agent": "us" },
    headers: { server: "far" },
    body: "b",
    retryAfterMs: null,
  };
  await recordAttempt(db, delivery, outcome, start + number, 2);
}

/** Deliveries of `events` events, an hour apart, for one destination; their event ids, oldest first. */
async function aRow(events: number): Promise<{ destination: string; ids: string[] }> {
  const destination = newShortId("dst");
  const made = Array.from({ length: events }, (_, n) => anEvent({ receivedAt: start + n * hour }));
  for (const event of made) await save(event, { to: [destination] });
  return { destination, ids: made.map(({ id }) => id) };
}

/** Follows `next` to the end. */
async function walk(search: Omit<DeliverySearch, "cursor">) {
  const pages: string[][] = [];
  let cursor: DeliverySearch["cursor"];
  do {
    const { deliveries, next } = await listDeliveries(db, { ...search, cursor });
    pages.push(deliveries.map(({ eventId }) => eventId));
    cursor = next ?? undefined;
  } while (cursor && pages.length < 100);
  return pages;
}

describe("a list of deliveries", () => {
  test("holds those of the newest event first", async () => {
    const { destination, ids } = await aRow(3);
    const { deliveries } = await listDeliveries(db, { destination, limit: 10 });
    expect(deliveries.map(({ eventId }) => eventId)).toEqual([...ids].reverse());
  });

  test("is walked through by its cursors without gap or repeat", async () => {
    const { destination, ids } = await aRow(5);
    expect((await walk({ destination, limit: 2 })).flat()).toEqual([...ids].reverse());
  });

  test("is walked through where one event has more deliveries than a page", async () => {
    const event = anEvent({ receivedAt: start });
    const destinations = Array.from({ length: 5 }, () => newShortId("dst")).sort();
    await save(event, { to: destinations });
    const found: string[] = [];
    let cursor: DeliverySearch["cursor"];
    do {
      const page = await listDeliveries(db, { event: event.id, limit: 2, cursor });
      found.push(...page.deliveries.map(({ destinationId }) => destinationId));
      cursor = page.next ?? undefined;
    } while (cursor && found.length < 100);
    expect(found).toEqual([...destinations].reverse());
  });

  test("can be narrowed to a state", async () => {
    const { destination, ids } = await aRow(3);
    await attempt(ids[1] as string, destination, 1, 200, "delivered");
    const listed = async (state: DeliveryState) => (await listDeliveries(db, { destination, state, limit: 10 })).deliveries;
    expect((await listed("delivered")).map(({ eventId }) => eventId)).toEqual([ids[1]]);
    expect(await listed("pending")).toHaveLength(2);
    expect(await listed("cancelled")).toEqual([]);
  });

  test("of the exhausted ones of a destination is walked through too", async () => {
    const { destination, ids } = await aRow(5);
    for (const id of ids.slice(0, 4)) await attempt(id, destination, 1, 500, "exhausted");
    expect((await walk({ destination, state: "exhausted", limit: 2 })).flat()).toEqual(ids.slice(0, 4).reverse());
  });

  test("can be narrowed to an event", async () => {
    const { eventId, destinationId } = await aDelivery();
    await aDelivery();
    const { deliveries } = await listDeliveries(db, { event: eventId, limit: 10 });
    expect(deliveries.map((delivery) => delivery.destinationId)).toEqual([destinationId]);
  });
});

describe("a delivery", () => {
  test("comes with its attempts in their order", async () => {
    const { eventId, destinationId } = await aDelivery();
    await attempt(eventId, destinationId, 1, 503, "pending");
    await attempt(eventId, destinationId, 2, 200, "delivered");
    const found = await findDelivery(db, eventId, destinationId);
    expect(found?.attempts).toEqual([
      {
        number: 1,
        at: start + 1,
        delivered: false,
        status: 503,
        reason: "answered 503",
        latencyMs: 1,
        requestHeaders: { "user-agent": "us" },
        headers: { server: "far" },
        body: "b",
        nextAt: start + hour,
      },
      {
        number: 2,
        at: start + 2,
        delivered: true,
        status: 200,
        reason: "answered 200",
        latencyMs: 2,
        requestHeaders: { "user-agent": "us" },
        headers: { server: "far" },
        body: "b",
        nextAt: null,
      },
    ]);
  });

  test("tells its action, the version of its body and the recovery that opened it last", async () => {
    const [event, { id: destinationId }] = [anEvent(), await anActive()];
    await save(event, { to: [{ destinationId, action: "src/7", once: false }] });
    await attempt(event.id, destinationId, 1, 503);
    await db.prepare("update deliveries set recovery_id = 'rcv_1' where event_id = ?").bind(event.id).run();
    const found = await findDelivery(db, event.id, destinationId);
    expect(found?.delivery).toMatchObject({ action: "src/7", version: 2, recoveryId: "rcv_1" });
  });

  test("has no next attempt once it is over", async () => {
    const { eventId, destinationId } = await aDelivery();
    await attempt(eventId, destinationId, 1, 200, "delivered");
    expect((await findDelivery(db, eventId, destinationId))?.delivery).toMatchObject({ state: "delivered", nextAttemptAt: null });
  });

  test("is null where there is none", async () => {
    const { eventId } = await aDelivery();
    expect(await findDelivery(db, eventId, newShortId("dst"))).toBeNull();
  });
});

test("the deliveries of an event each have their own attempts", async () => {
  const event = anEvent();
  const [failing, fine] = [newShortId("dst"), newShortId("dst")].sort() as [string, string];
  await save(event, { to: [failing, fine] });
  await attempt(event.id, failing, 1, 500);
  await attempt(event.id, failing, 2, 502);
  await attempt(event.id, fine, 1, 200, "delivered");
  const found = await listDeliveriesOf(db, event.id);
  expect(found.map(({ delivery, attempts }) => [delivery.destinationId, attempts.map(({ status }) => status)])).toEqual([
    [failing, [500, 502]],
    [fine, [200]],
  ]);
});

test("an event without destinations has no deliveries", async () => {
  const event = anEvent();
  await save(event);
  expect(await listDeliveriesOf(db, event.id)).toEqual([]);
});
