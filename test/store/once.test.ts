import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { newShortId } from "../../src/domain/id.ts";
import { minute } from "../../src/domain/time.ts";
import { again, anEvent, count, save } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");

/** Saves so many events for a destination that hears once of each action: each new event of `actions` in turn. */
async function heard(actions: (string | null)[], { once = true, destinationId = newShortId("dst") } = {}) {
  const events = actions.map((_, n) => anEvent({ receivedAt: start + n }));
  for (const [n, event] of events.entries()) await save(event, { to: [{ destinationId, action: actions[n] ?? null, once }] });
  return { destinationId, ids: events.map(({ id }) => id) };
}

async function deliveredTo(destinationId: string): Promise<string[]> {
  const { results } = await env.DB.prepare("select event_id as id from deliveries where destination_id = ? order by event_id")
    .bind(destinationId)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

test("a destination that hears once of each action hears of its first event only", async () => {
  const { destinationId, ids } = await heard(["a", "a", "a"]);
  expect(await deliveredTo(destinationId)).toEqual([ids[0]]);
});

test("the events themselves are all stored", async () => {
  const { ids } = await heard(["a", "a"]);
  expect(await count("events", "id in (?, ?)", ...ids)).toBe(2);
});

test("another action is heard of", async () => {
  const { destinationId, ids } = await heard(["a", "b", "a"]);
  expect(await deliveredTo(destinationId)).toEqual([ids[0], ids[1]]);
});

test("what is of no action is heard of each time", async () => {
  const { destinationId, ids } = await heard([null, null, null]);
  expect(await deliveredTo(destinationId)).toEqual(ids);
});

test("a destination that is only ordered hears of all", async () => {
  const { destinationId, ids } = await heard(["a", "a", "a"], { once: false });
  expect(await deliveredTo(destinationId)).toEqual(ids);
});

test("what one destination has heard does not count for another", async () => {
  await heard(["a"]);
  const { destinationId, ids } = await heard(["a"]);
  expect(await deliveredTo(destinationId)).toEqual(ids);
});

test("an action that was heard of, whatever became of it, is not heard of again", async () => {
  const { destinationId, ids } = await heard(["a"]);
  await env.DB.prepare("update deliveries set state = 'exhausted' where destination_id = ?").bind(destinationId).run();
  await heard(["a"], { destinationId });
  expect(await deliveredTo(destinationId)).toEqual(ids);
});

test("one event goes to several, each by its own rule", async () => {
  const [once, always] = [newShortId("dst"), newShortId("dst")];
  for (const n of [0, 1]) {
    const to = [
      { destinationId: once, action: "a", once: true },
      { destinationId: always, action: "a", once: false },
    ];
    await save(anEvent({ receivedAt: start + n }), { to });
  }
  expect([await deliveredTo(once), await deliveredTo(always)].map(({ length }) => length)).toEqual([1, 2]);
});

test("40 events of one action at once make one delivery", async () => {
  const destinationId = newShortId("dst");
  const events = Array.from({ length: 40 }, (_, n) => anEvent({ receivedAt: start + n }));
  await Promise.all(events.map((event) => save(event, { to: [{ destinationId, action: "a", once: true }] })));
  expect(await deliveredTo(destinationId)).toHaveLength(1);
  expect(await count("events", `id in (${events.map(() => "?")})`, ...events.map(({ id }) => id))).toBe(40);
});

test("an event saved again, since its answer was lost, keeps its delivery and makes no other", async () => {
  const [event, destinationId] = [anEvent(), newShortId("dst")];
  const to = [{ destinationId, action: "a", once: true }];
  await save(event, { to });
  await env.DB.prepare("update deliveries set state = 'delivered' where event_id = ?").bind(event.id).run();
  await save(event, { to });
  expect(await count("deliveries", "destination_id = ? and event_id = ? and state = 'delivered'", destinationId, event.id)).toBe(1);
  expect(await deliveredTo(destinationId)).toEqual([event.id]);
});

test("a repeat of an event that was not heard of is not heard of either", async () => {
  const [first, destinationId] = [anEvent({ receivedAt: start }), newShortId("dst")];
  await save(first);
  const repeat: Event = again(first, start + minute);
  await save(repeat, { to: [{ destinationId, action: "a", once: true }] });
  expect(await deliveredTo(destinationId)).toEqual([]);
});

test("the action is kept with the delivery", async () => {
  const { destinationId } = await heard(["a"], { once: false });
  expect(await count("deliveries", "destination_id = ? and action = 'a'", destinationId)).toBe(1);
});
