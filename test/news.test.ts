import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { App } from "../src/app.ts";
import type { Destination } from "../src/domain/destination.ts";
import { day, hour } from "../src/domain/time.ts";
import { judge, retire, tellExhausted } from "../src/news.ts";
import { newApp, newDestination, operate } from "./kit.ts";

test("after two and a half days of nothing but failures the operator is warned, once", async () => {
  const { app, destination, newsOf } = await failing();
  await judge(app, destination, health(app, 2.5 * day - 1));
  expect(await newsOf()).toEqual([]);
  const half = health(app, 2.5 * day);
  await judge(app, destination, half);
  await judge({ ...app, now: () => app.now() + hour }, destination, half); // an isolate that does not know that it was told
  const news = await newsOf();
  expect(news).toMatchObject([{ type: "operational.destination_failing", fields: { destination: destination.id } }]);
  expect(news[0]?.fields["reason"]).toContain("It will be disabled at ");
  expect(await stateOf(destination)).toBe("active");
});

test("after five days it is disabled, and the operator is told", async () => {
  const { app, destination, newsOf } = await failing();
  await judge(app, destination, health(app, 5 * day));
  expect(await newsOf()).toMatchObject([{ type: "operational.destination_disabled" }]);
  expect((await operate(`/destinations/${destination.id}`)).body).toMatchObject({
    state: "disabled",
    state_reason: expect.stringContaining("nothing but failures since"),
  });
});

test("one that failed a few times only, long ago and now, is left alone", async () => {
  const { app, destination, newsOf } = await failing();
  await judge(app, destination, { ...health(app, 6 * day), failures: 4 });
  expect(await newsOf()).toEqual([]);
  expect(await stateOf(destination)).toBe("active");
});

test("of several that see it fail at once, one disables it and tells", async () => {
  const { app, destination, newsOf } = await failing();
  await Promise.all(Array.from({ length: 5 }, () => retire(app, destination)));
  expect(await newsOf()).toHaveLength(1);
});

test("given-up deliveries of one destination are told once an hour", async () => {
  const { app, destination, newsOf } = await failing();
  const delivery = { eventId: "evt_x", destinationId: destination.id, attempts: 11 } as never;
  const start = Math.ceil(Date.now() / hour) * hour;
  for (const minutes of [0, 1, 59, 60]) {
    const later = { ...app, now: () => start + minutes * 60_000 };
    await tellExhausted(later, destination, delivery, "answered 503");
  }
  expect(await newsOf()).toHaveLength(2);
});

test("news goes to each destination whose filter speaks of it, never to the one it is about, nor to one that takes everything", async () => {
  const { app, destination, rung } = await failing({ filter: 'type.startsWith("operational.")' });
  const ears = await newDestination({ filter: 'type == "operational.destination_disabled"' });
  const deaf = await newDestination({ filter: 'type == "operational.destination_failing"' });
  const all = await newDestination({ filter: "!is_test" });
  const log = vi.spyOn(console, "warn").mockImplementation(() => {});
  await retire(app, destination);
  expect(log).toHaveBeenCalledWith("news: operational.destination_disabled", destination.id, expect.stringContaining("410"));
  log.mockRestore();
  const heard = rung.map((id) => id.split(":")[1]);
  expect(heard).toContain(ears.id);
  for (const other of [destination, deaf, all]) expect(heard).not.toContain(other.id);
  for (const { id } of [destination, ears, deaf, all]) await operate(`/destinations/${id}`, undefined, "DELETE");
});

/** How a destination looks that has been failing for so long. */
function health(app: App, failingMs: number) {
  const now = app.now();
  return { failures: 20, failingSince: now - failingMs, openUntil: now + 60_000, warnedAt: null };
}

async function failing(settings: Record<string, unknown> = {}) {
  const { id } = await newDestination({ filter: "false", ...settings });
  const rung: string[] = [];
  const deliveries = { sendBatch: async (all: { body: string }[]) => void rung.push(...all.map(({ body }) => body)) };
  const usual = newApp();
  const clock = Date.now();
  const app: App = {
    ...usual,
    now: () => clock + 1,
    queues: { ...usual.queues, deliveries: deliveries as unknown as App["queues"]["deliveries"] },
  };
  const destination = (await app.catalog.anew(app.db)).destinations.find((one) => one.id === id) as Destination;
  const newsOf = async () => {
    const { results } = await env.DB.prepare(
      "select type, fields from events where source_id = 'operational' and subject like ? order by id",
    )
      .bind(`%:${id}`)
      .all<{ type: string; fields: string }>();
    return results.map(({ type, fields }) => ({ type, fields: JSON.parse(fields) as Record<string, string> }));
  };
  return { app, destination, rung, newsOf };
}

async function stateOf({ id }: Destination): Promise<string> {
  return (await operate(`/destinations/${id}`)).body.state;
}
