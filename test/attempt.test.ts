import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import type { App } from "../src/app.ts";
import { deliver } from "../src/deliver.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { aReceipt, newApp, newDestination, newSource, operate } from "./kit.ts";

const made: string[] = [];
afterAll(async () => {
  for (const id of made) await env.DB.prepare("update destinations set state = 'paused' where id = ?").bind(id).run();
});

test("a success that closes the breaker has the backlog worked off by several consumers", async () => {
  const { app, rung, destination, send } = await edge(() => new Response());
  await env.DB.prepare("update destinations set failures = 5, failing_since = 1, open_until = 1 where id = ?").bind(destination.id).run();
  await deliver(app, [await send("a")]);
  expect(rung.filter(({ id }) => id === destination.id)).toHaveLength(4);
});

test("a failure that opens the breaker has somebody come again when it closes, once", async () => {
  const { app, rung, destination, send } = await edge(() => new Response(null, { status: 503 }));
  await env.DB.prepare("update destinations set failures = 4, failing_since = 1 where id = ?").bind(destination.id).run();
  await deliver(app, [await send("a"), await send("b")]);
  const wakes = rung.filter(({ id }) => id === destination.id);
  expect(wakes).toHaveLength(1);
  expect(wakes[0]?.delaySeconds).toBeGreaterThanOrEqual(60);
});

test("an attempt that ends makes room for the next where concurrency is limited, and rings for nobody where nobody waits", async () => {
  const { app, rung, destination, send } = await edge(() => new Response(), { concurrency: 1 });
  const [first, second] = [await send("a"), await send("b")];
  await deliver(app, [first, second]);
  expect(rung).toEqual([{ id: destination.id, delaySeconds: 0 }]);
  rung.length = 0;
  await deliver(app, [destination.id]);
  expect(rung).toEqual([]);
});

test("the next of an action is rung for when the one before it has ended, and not while it fails", async () => {
  let status = 503;
  const { app, rung, send } = await edge(() => new Response(null, { status }), { ordered: true, retry_schedule: [5] });
  const [first, second] = [await send("a", "PENDING"), await send("a", "APPROVED")];
  await deliver(app, [second]);
  expect(rung).toEqual([{ id: first, delaySeconds: 5 }]);
  rung.length = 0;
  status = 200;
  await deliver({ ...app, now: () => Date.now() + 10_000 }, [first]);
  expect(rung).toEqual([{ id: second, delaySeconds: 0 }]);
});

test("a delivery keeps the body it was first sent with; one that could not be built takes the next one", async () => {
  const bodies: string[] = [];
  const { app, destination, send } = await edge(
    (body) => {
      bodies.push(body);
      return new Response(null, { status: 500 });
    },
    { body: '{"v": 1, "id": "{{ action_id }}"}' },
  );
  const id = await send("a");
  await deliver(app, [id]);
  await operate(`/destinations/${destination.id}`, { body: '{"v": 2}' }, "PATCH");
  await deliver({ ...app, now: () => Date.now() + 60_000 }, [id]);
  await deliver(app, [await send("b")]);
  expect(bodies.map((body) => JSON.parse(body).v)).toEqual([1, 1, 2]);
});

test("a destination that lets a batch wait counts as slow, and others do not", async () => {
  let answer = (_: Response) => {};
  const { app, destination, send } = await edge(() => new Promise<Response>((resolve) => (answer = resolve)));
  const well = await edge(() => new Response());
  await deliver(app, [await send("a")]);
  await deliver(well.app, [await well.send("a")]);
  expect([app.slow.has(destination.id), app.slow.has(well.destination.id)]).toEqual([true, false]);
  answer(new Response());
  await app.settle();
});

let count = 0;

/** A destination with all that is rung; `send` stores an event of an action for it, and gives the delivery's id. */
async function edge(answer: (body: string) => Response | Promise<Response>, settings: Record<string, unknown> = {}) {
  const key = `attempt.${++count}.${crypto.randomUUID()}`;
  const destination = await newDestination({ url: `https://${key}.example/hook`, filter: `campaign_id == "${key}"`, ...settings });
  made.push(destination.id);
  const source = await newSource();
  const rung: { id: string; delaySeconds: number }[] = [];
  const deliveries = {
    sendBatch: async (messages: { body: string }[], { delaySeconds = 0 } = {}) =>
      void rung.push(...messages.map(({ body }) => ({ id: body, delaySeconds }))),
  } as unknown as App["queues"]["deliveries"];
  const usual = newApp({ random: () => 0.5 });
  const app = {
    ...usual,
    queues: { ...usual.queues, deliveries },
    fetch: (async (_: string, init: RequestInit) => await answer(init.body as string)) as typeof fetch,
  };
  const send = async (action: string, status = "PENDING") => {
    const query = `campaign_id=${key}&action_id=${key}.${action}&status=${status}&payout=0.88`;
    const { id } = await receive(app, aReceipt({ tokenHash: hashSecret(source.token), query }));
    await app.settle();
    rung.length = 0;
    return `${id}:${destination.id}`;
  };
  return { app, rung, destination, send };
}
