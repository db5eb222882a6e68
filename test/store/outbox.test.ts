import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { newShortId } from "../../src/domain/id.ts";
import { day, hour, minute, second } from "../../src/domain/time.ts";
import { metered } from "./meter.ts";
import { again, anEvent, count, save } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");

/** Another state of the same action. */
function next(event: Event, fingerprint: string, receivedAt: number): Event {
  return { ...again(event, receivedAt), fingerprint };
}

const rowsOf = async (event: Event) => await count("events", "source_id = ?", event.sourceId);

describe("an event with a subject", () => {
  test("is stored once when its twin follows within the window", async () => {
    const first = anEvent({ receivedAt: start });
    await save(first);
    await save(again(first, start + 899 * second));
    expect(await rowsOf(first)).toBe(1);
  });

  test("is recognised as a repeat of the latest event at any age", async () => {
    const first = anEvent({ receivedAt: start });
    await save(first);
    expect(await save(again(first, start + 400 * day))).toEqual({ id: first.id, isDuplicate: true });
  });

  test("is recognised as a repeat of the latest event with a window of 0", async () => {
    const first = anEvent({ receivedAt: start });
    await save(first, { window: 0 });
    expect(await save(again(first, start), { window: 0 })).toEqual({ id: first.id, isDuplicate: true });
  });

  test("is a repeat of an earlier event, though not the latest, within the window", async () => {
    const pending = anEvent({ receivedAt: start });
    await save(pending);
    await save(next(pending, "reversed", start + minute));
    expect(await save(again(pending, start + 15 * minute - 1))).toEqual({ id: pending.id, isDuplicate: true });
  });

  test("is new when the window has just ended and something else was said in between", async () => {
    const pending = anEvent({ receivedAt: start });
    await save(pending);
    await save(next(pending, "reversed", start + minute));
    const back = again(pending, start + 15 * minute);
    expect(await save(back)).toEqual({ id: back.id, isDuplicate: false });
    expect(await rowsOf(pending)).toBe(3);
  });

  test("makes three of PENDING, REVERSED, PENDING within a second when the window is 0", async () => {
    const pending = anEvent({ receivedAt: start });
    for (const event of [pending, next(pending, "reversed", start + 1), again(pending, start + 2)]) {
      expect(await save(event, { window: 0 })).toEqual({ id: event.id, isDuplicate: false });
    }
    expect(await rowsOf(pending)).toBe(3);
  });

  test("makes three of PENDING, REVERSED, PENDING at one and the same millisecond when the window is 0", async () => {
    const pending = anEvent({ receivedAt: start });
    await save(pending, { window: 0 });
    await save(next(pending, "reversed", start), { window: 0 });
    await save(again(pending, start), { window: 0 });
    expect(await rowsOf(pending)).toBe(3);
  });

  test("is a repeat of the latest that came back, not of the first of its kind, once the window is over", async () => {
    const pending = anEvent({ receivedAt: start });
    const back = again(pending, start + 2 * day);
    await save(pending);
    await save(next(pending, "reversed", start + day));
    await save(back);
    expect(await save(again(pending, start + 30 * day))).toEqual({ id: back.id, isDuplicate: true });
  });

  test("goes by the time of arrival, not by the order of commit, in what is the latest", async () => {
    const reversed = anEvent({ receivedAt: start + day });
    const pending = next(reversed, "pending", start);
    await save(reversed);
    await save(pending); // deferred, so it came into D1 late
    expect(await save(again(pending, start + 40 * day))).toMatchObject({ isDuplicate: false });
  });

  /** But for 0, 2, 1: without what was in between, nobody can tell a return from a repeat. */
  test("makes three of PENDING, REVERSED, PENDING, in almost whatever order they come out of the intake queue", async () => {
    for (const order of ["012", "102", "120", "201", "210"]) {
      const pending = anEvent({ receivedAt: start });
      const all = [pending, next(pending, "reversed", start + hour), again(pending, start + 2 * hour)];
      for (const nth of order) await save(all[Number(nth)] as Event);
      expect(await rowsOf(pending), order).toBe(3);
    }
  });

  test("is a repeat of one that arrived at the same moment and was stored before it, with a window of 0 too", async () => {
    const first = anEvent({ receivedAt: start });
    const twin = again(first, start);
    await save(twin, { window: 0 });
    expect(await save(first, { window: 0 })).toEqual({ id: twin.id, isDuplicate: true });
  });

  test("is a repeat of one that arrived a little later, and was stored before it", async () => {
    const first = anEvent({ receivedAt: start });
    const twin = again(first, start + 15 * minute - 1);
    await save(twin);
    expect(await save(first)).toEqual({ id: twin.id, isDuplicate: true });
  });
});

describe("an event without a subject", () => {
  test("is a repeat of its twin within 24 hours, whatever the window of the source", async () => {
    const first = anEvent({ subject: null, receivedAt: start });
    await save(first, { window: 0 });
    expect(await save(again(first, start + day - 1), { window: 0 })).toEqual({ id: first.id, isDuplicate: true });
  });

  test("is new after 24 hours, though its twin was the latest: two equal sales on two days are two sales", async () => {
    const first = anEvent({ subject: null, receivedAt: start });
    await save(first, { window: 30 * 86_400 });
    expect(await save(again(first, start + day), { window: 30 * 86_400 })).toMatchObject({ isDuplicate: false });
    expect(await rowsOf(first)).toBe(2);
  });

  test("comes back without one", async () => {
    const event = anEvent({ subject: null });
    await save(event);
    const row = await env.DB.prepare("select subject, fingerprint from events where id = ?").bind(event.id).first();
    expect(row).toEqual({ subject: event.fingerprint, fingerprint: event.fingerprint });
  });
});

describe("never a twin", () => {
  test("is an equal fingerprint of another source", async () => {
    const first = anEvent();
    await save(first);
    const other = { ...again(first), sourceId: newShortId("src") };
    expect(await save(other)).toEqual({ id: other.id, isDuplicate: false });
  });

  test("is a clearing of the same action with the same words", async () => {
    const first = anEvent();
    await save(first);
    const clearing: Event = { ...again(first), kind: "action-clearing", type: "action.cleared", fingerprint: "of the clearing" };
    expect(await save(clearing)).toEqual({ id: clearing.id, isDuplicate: false });
  });

  test("is another subject", async () => {
    const first = anEvent();
    await save(first);
    const other = { ...again(first), subject: "action:another" };
    expect(await save(other)).toEqual({ id: other.id, isDuplicate: false });
  });
});

describe("the same event saved again, since its answer was lost", () => {
  test("finds itself and is no duplicate", async () => {
    const event = anEvent();
    await save(event);
    expect(await save(event)).toEqual({ id: event.id, isDuplicate: false });
    expect(await rowsOf(event)).toBe(1);
  });

  test("makes no second delivery, and leaves what became of the first", async () => {
    const event = anEvent();
    const destination = newShortId("dst");
    await save(event, { to: [destination] });
    await env.DB.prepare("update deliveries set state = 'delivered' where event_id = ?").bind(event.id).run();
    await save(event, { to: [destination] });
    expect(await count("deliveries", "event_id = ? and state = 'delivered'", event.id)).toBe(1);
    expect(await count("deliveries", "event_id = ?", event.id)).toBe(1);
  });

  test("finds itself though its action went on to another state and back", async () => {
    const pending = anEvent({ receivedAt: start });
    await save(pending, { window: 0 });
    await save(next(pending, "reversed", start + 1), { window: 0 });
    await save(again(pending, start + 2), { window: 0 });
    expect(await save(pending, { window: 0 })).toEqual({ id: pending.id, isDuplicate: false });
  });
});

test("40 copies at once make one event, one delivery for each destination, and tell one id", async () => {
  const event = anEvent();
  const destinations = [newShortId("dst"), newShortId("dst")];
  const copies = Array.from({ length: 40 }, () => again(event));
  const saved = await Promise.all(copies.map((copy) => save(copy, { to: destinations })));
  expect(await rowsOf(event)).toBe(1);
  const stored = saved.filter(({ isDuplicate }) => !isDuplicate);
  expect(stored).toHaveLength(1);
  expect(new Set(saved.map(({ id }) => id))).toEqual(new Set([stored[0]?.id]));
  for (const destination of destinations) expect(await count("deliveries", "destination_id = ?", destination)).toBe(1);
});

test("a duplicate makes no delivery, not even for a destination that is newer than the first", async () => {
  const first = anEvent();
  await save(first, { to: [] });
  const destination = newShortId("dst");
  await save(again(first), { to: [destination] });
  expect(await count("deliveries", "destination_id = ?", destination)).toBe(0);
});

test("an event and its deliveries are one transaction: when a delivery cannot be written, neither is the event", async () => {
  const event = anEvent();
  const broken = [null as unknown as string];
  await expect(save(event, { to: broken })).rejects.toThrow(/NOT NULL/);
  expect(await rowsOf(event)).toBe(0);
});

test("a new delivery is due at once, and the sweep leaves the first ring 15 seconds", async () => {
  const event = anEvent({ receivedAt: start });
  await save(event, { to: [newShortId("dst")] });
  const row = await env.DB.prepare("select state, attempts, next_at, ring_at, created_at from deliveries where event_id = ?")
    .bind(event.id)
    .first();
  expect(row).toEqual({ state: "pending", attempts: 0, next_at: start, ring_at: start + 15 * second, created_at: start });
});

describe("in round trips and rows written, as D1 counts them", () => {
  const cost = async (event: Event, to: string[]) => {
    const { db, bill } = metered(env.DB);
    await save(event, { db, to });
    return bill;
  };

  test.each([0, 1, 5])("an event with %i destinations costs one round trip", async (destinations) => {
    const bill = await cost(
      anEvent(),
      Array.from({ length: destinations }, () => newShortId("dst")),
    );
    expect(bill.roundTrips).toBe(1);
  });

  test("an event without destination writes 3 rows", async () => {
    expect((await cost(anEvent(), [])).rowsWritten).toBe(3);
  });

  test("an event with one destination writes 5 rows", async () => {
    expect((await cost(anEvent(), [newShortId("dst")])).rowsWritten).toBe(5);
  });

  test("an event without a subject writes 3 rows", async () => {
    expect((await cost(anEvent({ subject: null }), [])).rowsWritten).toBe(3);
  });

  test("an inquiry, which can be found by its action, writes 4 rows", async () => {
    const inquiry = anEvent({ kind: "action-inquiry", type: "inquiry.created", subject: "inquiry:7" });
    expect((await cost(inquiry, [])).rowsWritten).toBe(4);
  });

  test("a duplicate writes none, and costs one round trip", async () => {
    const event = anEvent();
    await save(event, { to: [newShortId("dst")] });
    expect(await cost(again(event), [newShortId("dst")])).toMatchObject({ rowsWritten: 0, roundTrips: 1 });
  });
});
