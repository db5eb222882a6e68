import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { App } from "../src/app.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { sweep } from "../src/sweep.ts";
import { aReceipt, newApp, newDestination, newSource, operate } from "./kit.ts";

test("rings again for a delivery whose ring was lost", async () => {
  const { id, swept } = await unheard();
  expect(await swept(20_000)).toEqual([id]);
});

test("leaves a delivery alone whose ring may still be heard", async () => {
  const { swept } = await unheard();
  expect(await swept(5_000)).toEqual([]);
});

test("two sweeps at once ring once", async () => {
  const { id, swept } = await unheard();
  const rung = await Promise.all([swept(20_000), swept(20_000)]);
  expect(rung.flat()).toEqual([id]);
});

test("rings a third time when the second ring was lost too", async () => {
  const { id, swept } = await unheard();
  await swept(20_000);
  expect(await swept(60_000)).toEqual([]);
  expect(await swept(80_000)).toEqual([id]);
});

test("does not ring for what is delivered", async () => {
  const { id, swept } = await unheard();
  await env.DB.prepare("update deliveries set state = 'delivered' where event_id = ?1").bind(id.split(":")[0]).run();
  expect(await swept(20_000)).toEqual([]);
});

test.each(["paused", "disabled"])("holds the deliveries of a %s destination, and rings when it is active again", async (state) => {
  const { id, destination, swept } = await unheard();
  await operate(`/destinations/${destination.id}`, { state }, "PATCH");
  expect(await swept(20_000)).toEqual([]);
  await operate(`/destinations/${destination.id}`, { state: "active" }, "PATCH");
  expect(await swept(20_000)).toEqual([id]);
});

test("cancels what a deleted destination still had to get, without a ring", async () => {
  const { id, destination, swept } = await unheard();
  await operate(`/destinations/${destination.id}`, undefined, "DELETE");
  expect(await swept(20_000)).toEqual([]);
  expect((await operate(`/deliveries/${id}`)).body).toMatchObject({ state: "cancelled", reason: "its destination was deleted" });
});

test("a destination with limits gets one ring for all that it has not heard", async () => {
  const { destination, swept } = await unheard({ rate_limit: { limit: 1, period: "hour" } });
  expect(await swept(1_000)).toEqual([destination.id]);
});

test("one whose breaker is open gets its ring for when it is over, however often it is swept", async () => {
  const { destination, swept } = await unheard();
  const openUntil = Date.now() + 300_000;
  await env.DB.prepare("update destinations set failures = 5, open_until = ?2 where id = ?1").bind(destination.id, openUntil).run();
  await operate(`/destinations/${destination.id}`, { timeout: 14 }, "PATCH"); // so that all know
  expect(await swept(20_000)).toEqual([destination.id]);
  expect(await swept(30_000)).toEqual([]);
});

test("a recovery that stands still gets a ring, one that moves does not", async () => {
  const { swept } = await unheard();
  const id = `rcv_${crypto.randomUUID().slice(0, 8)}`;
  const insert = `insert into recoveries (id, destination_id, states, since, until, payload, rate, total, created_at, updated_at)
    values (?, 'dst_none', '["exhausted"]', 0, 0, 'original', 1, 0, 0, ?)`;
  await env.DB.prepare(insert).bind(id, Date.now()).run();
  expect(await swept(5_000)).not.toContain(id);
  expect(await swept(15_000)).toContain(id);
  await env.DB.prepare("update recoveries set state = 'cancelled' where id = ?").bind(id).run();
});

/** A delivery whose ring went nowhere; `swept(ms)` sweeps so much later and tells which of its rings were made. */
async function unheard(settings: Record<string, unknown> = {}) {
  const source = await newSource();
  const action = `sweep.${crypto.randomUUID()}`;
  const destination = await newDestination({ filter: `action_id == "${action}"`, ...settings });
  const deaf = { sendBatch: () => Promise.reject(new Error("lost")) } as unknown as App["queues"]["deliveries"];
  const app = newApp();
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), query: `action_id=${action}&status=PENDING` });
  await receive({ ...app, queues: { ...app.queues, deliveries: deaf } }, receipt);
  await app.settle();
  const id = `${receipt.id}:${destination.id}`;

  const swept = async (laterMs: number) => {
    const rung: string[] = [];
    const queue = { sendBatch: async (all: { body: string }[]) => void rung.push(...all.map(({ body }) => body)) };
    const later = newApp({ now: () => receipt.receivedAt + laterMs });
    await sweep({ ...later, queues: { ...later.queues, deliveries: queue as unknown as App["queues"]["deliveries"] } });
    return rung.filter((one) => [id, destination.id].includes(one) || one.startsWith("rcv_"));
  };
  return { id, destination, swept };
}
