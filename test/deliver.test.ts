import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import type { App } from "../src/app.ts";
import { deliver } from "../src/deliver.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { findDelivery } from "../src/store/attempts.ts";
import { SealedElsewhere } from "../src/store/seal.ts";
import { aReceipt, newApp, newDestination, newSource, operate } from "./kit.ts";

test("an event arrives signed, with its id, and is recorded as delivered", async () => {
  const { app, calls, ids, destination } = await pending(() => new Response("thanks", { status: 200 }));
  await deliver(app, ids);
  expect(calls).toHaveLength(1);
  const { headers, body } = calls[0] as Call;
  expect(new Webhook(destination.secret).verify(body, headers)).toMatchObject({ type: "action.pending", data: { payout: "0.88" } });
  expect(headers["webhook-id"]).toBe(ids[0]?.split(":")[0]);
  expect(await stateOf(ids)).toMatchObject({
    delivery: { state: "delivered", attempts: 1 },
    attempts: [{ number: 1, status: 200, body: "thanks" }],
  });
});

test("rings for one delivery, all at once and late, make one request", async () => {
  const { app, calls, ids } = await pending(() => new Response());
  await Promise.all([deliver(app, [...ids, ...ids]), deliver(app, ids), deliver(app, ids)]);
  await deliver(app, ids);
  expect(calls).toHaveLength(1);
});

test("a failure is due again after a pause, with a ring for that time", async () => {
  const { app, rings, ids } = await pending(() => new Response("busy", { status: 503 }));
  const before = Date.now();
  await deliver(app, ids);
  const found = await stateOf(ids);
  expect(found).toMatchObject({
    delivery: { state: "pending", attempts: 1, reason: "answered 503" },
    attempts: [{ delivered: false, status: 503 }],
  });
  expect((found?.delivery.nextAttemptAt ?? 0) - before).toBeGreaterThanOrEqual(5000);
  expect(rings).toEqual([{ ids, delaySeconds: 5 }]);
});

test("it is not tried before it is due", async () => {
  const { app, calls, ids } = await pending(() => new Response(null, { status: 503 }));
  await deliver(app, ids);
  await deliver(app, ids);
  expect(calls).toHaveLength(1);
});

test("the id and body are the same on every attempt", async () => {
  const { app, calls, ids } = await pending(() => new Response(null, { status: 500 }));
  await deliver(app, ids);
  await deliver({ ...app, now: () => Date.now() + 60_000 }, ids);
  const [first, second] = calls as [Call, Call];
  expect([second.headers["webhook-id"], second.body]).toEqual([first.headers["webhook-id"], first.body]);
  expect(second.headers["webhook-timestamp"]).not.toBe(first.headers["webhook-timestamp"]);
});

test("Retry-After is kept to", async () => {
  const { app, rings, ids } = await pending(() => new Response(null, { status: 429, headers: { "retry-after": "120" } }));
  await deliver(app, ids);
  expect(rings).toEqual([{ ids, delaySeconds: 120 }]);
});

test("after its last attempt a delivery is exhausted, for all to see", async () => {
  const { app, ids } = await pending(() => new Response(null, { status: 500 }), { retry_schedule: [1] });
  await deliver(app, ids);
  await deliver({ ...app, now: () => Date.now() + 10_000 }, ids);
  expect(await stateOf(ids)).toMatchObject({ delivery: { state: "exhausted", attempts: 2 }, attempts: [{ number: 1 }, { number: 2 }] });
});

test("a broken connection is an attempt like any other", async () => {
  const { app, ids } = await pending(() => Promise.reject(new TypeError("Network connection lost.")));
  await deliver(app, ids);
  expect(await stateOf(ids)).toMatchObject({
    delivery: { state: "pending" },
    attempts: [{ status: null, reason: expect.stringContaining("no connection") }],
  });
});

test("410 ends the delivery and disables the destination, whose next deliveries are held", async () => {
  const { app, calls, ids, destination, send } = await pending(() => new Response(null, { status: 410 }));
  await deliver(app, ids);
  expect(await stateOf(ids)).toMatchObject({ delivery: { state: "exhausted" } });
  expect((await operate(`/destinations/${destination.id}`)).body).toMatchObject({
    state: "disabled",
    state_reason: expect.stringContaining("410"),
  });
  const next = await send();
  await deliver(app, next);
  expect(calls).toHaveLength(1);
  expect(await stateOf(next)).toMatchObject({ delivery: { state: "pending", attempts: 0 } });
});

test("a deleted destination gets no request", async () => {
  const { app, calls, ids, destination } = await pending(() => new Response());
  await operate(`/destinations/${destination.id}`, undefined, "DELETE");
  await deliver(app, ids);
  expect(calls).toHaveLength(0);
});

test("an address that may not be called is refused at the attempt too", async () => {
  const { app, calls, ids } = await pending(() => new Response(), { url: "http://127.0.0.1:9/hook" });
  await deliver({ ...app, config: { ...app.config, allowLoopback: false } }, ids);
  expect(calls).toHaveLength(0);
  expect(await stateOf(ids)).toMatchObject({ attempts: [{ status: null, reason: expect.stringContaining("https://") }] });
});

test("secrets sealed under another key are an outcome in words", async () => {
  const { app, ids } = await pending(() => new Response());
  await deliver({ ...app, seal: { ...app.seal, open: () => Promise.reject(new SealedElsewhere("0a1b2c3d", ["4e5f6071"])) } }, ids);
  expect(await stateOf(ids)).toMatchObject({ attempts: [{ reason: expect.stringContaining("0a1b2c3d") }] });
});

test("an attempt that could not be recorded is made again when its lease is over", async () => {
  const { app, calls, ids } = await pending(() => new Response());
  let writes = 0;
  const db = {
    prepare: (sql: string) => env.DB.prepare(sql),
    batch: (all: D1PreparedStatement[]) => (writes++ === 1 ? Promise.reject(new Error("lost")) : env.DB.batch(all)),
  };
  await app.catalog.current(app.db);
  await deliver({ ...app, db: db as unknown as D1Database }, ids);
  expect(await stateOf(ids)).toMatchObject({ delivery: { state: "pending", attempts: 0 } });
  await deliver(app, ids);
  expect(calls).toHaveLength(1);
  await deliver({ ...app, now: () => Date.now() + 61_000 }, ids);
  expect(await stateOf(ids)).toMatchObject({ delivery: { state: "delivered", attempts: 1 } });
});

test("one destination's failure leaves another's delivery in the same batch alone", async () => {
  const bad = await pending(() => Promise.reject(new Error("down")));
  const good = await pending(() => new Response());
  const fetchBoth = ((input: string, init: RequestInit) =>
    (input.includes(bad.key) ? bad.app : good.app).fetch(input, init)) as typeof fetch;
  await deliver({ ...good.app, fetch: fetchBoth }, [...bad.ids, ...good.ids]);
  expect(await stateOf(bad.ids)).toMatchObject({ delivery: { state: "pending" } });
  expect(await stateOf(good.ids)).toMatchObject({ delivery: { state: "delivered" } });
});

interface Call {
  headers: Record<string, string>;
  body: string;
}

let count = 0;

/** A destination with one delivery due, in front of a far side that answers as told; nothing was rung yet. */
async function pending(answer: () => Response | Promise<Response>, settings: Record<string, unknown> = {}) {
  const key = `deliver.${++count}`;
  const destination = await newDestination({ url: `https://${key}.example/hook`, filter: `campaign_id == "${key}"`, ...settings });
  const source = await newSource();
  const calls: Call[] = [];
  const rings: { ids: string[]; delaySeconds: number }[] = [];
  const deliveries = {
    sendBatch: async (messages: { body: string }[], { delaySeconds = 0 } = {}) =>
      void (delaySeconds > 0 && rings.push({ ids: messages.map(({ body }) => body), delaySeconds })),
  } as unknown as App["queues"]["deliveries"];
  const usual = newApp({ random: () => 0.5 });
  const app: App = {
    ...usual,
    queues: { ...usual.queues, deliveries },
    fetch: (async (_url: string, init: RequestInit) => {
      calls.push({ headers: init.headers as Record<string, string>, body: init.body as string });
      return await answer();
    }) as typeof fetch,
  };
  const send = async () => {
    const receipt = aReceipt({
      tokenHash: hashSecret(source.token),
      query: `campaign_id=${key}&action_id=${key}.${++count}&status=PENDING&payout=0.88`,
    });
    const { id } = await receive(app, receipt);
    return [`${id}:${destination.id}`];
  };
  return { app, calls, rings, destination, key, send, ids: await send() };
}

async function stateOf([id = ""]: string[]) {
  const [eventId = "", destinationId = ""] = id.split(":");
  return await findDelivery(env.DB, eventId, destinationId);
}
