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

test("rings for a deleted destination's deliveries, so that they are cancelled", async () => {
  const { id, destination, swept } = await unheard();
  await operate(`/destinations/${destination.id}`, undefined, "DELETE");
  expect(await swept(20_000)).toEqual([id]);
});

/** A delivery whose ring went nowhere; `swept(ms)` sweeps so much later and tells which of its rings were made. */
async function unheard() {
  const source = await newSource();
  const action = `sweep.${crypto.randomUUID()}`;
  const destination = await newDestination({ filter: `action_id == "${action}"` });
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
    return rung.filter((one) => one === id);
  };
  return { id, destination, swept };
}
