import { describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { answer } from "../../src/http/router.ts";
import { call, newApp, origin } from "../kit.ts";

test("says without a token that D1 and the queues answer", async () => {
  const response = await call("/health");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok", d1: "ok", queues: { deliveries: "ok", intake: "ok" } });
});

const dead = () => Promise.reject(new Error("secret internals of the platform"));
const silent = () => new Promise<never>(() => {});
const queue = (metrics: () => Promise<unknown>) => ({ metrics }) as unknown as App["queues"]["intake"];
const database = (run: () => Promise<unknown>) => ({ prepare: () => ({ run }) }) as unknown as D1Database;

async function health(parts: Partial<App>): Promise<Response> {
  return await answer(new Request(`${origin}/health`), () => newApp(parts));
}

describe("is 503 and names what does not answer", () => {
  const { queues } = newApp();

  test("when D1 fails", async () => {
    const response = await health({ db: database(dead) });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "degraded", d1: "failing", queues: { deliveries: "ok", intake: "ok" } });
  });

  test("when the deliveries queue fails", async () => {
    const response = await health({ queues: { ...queues, deliveries: queue(dead) as never } });
    expect([response.status, await response.json()]).toMatchObject([503, { d1: "ok", queues: { deliveries: "failing", intake: "ok" } }]);
  });

  test("when the intake queue fails", async () => {
    const response = await health({ queues: { ...queues, intake: queue(dead) } });
    expect([response.status, await response.json()]).toMatchObject([503, { d1: "ok", queues: { deliveries: "ok", intake: "failing" } }]);
  });

  test("when D1 says nothing for two seconds", async () => {
    const begin = Date.now();
    const response = await health({ db: database(silent) });
    expect([response.status, await response.json()]).toMatchObject([503, { d1: "failing" }]);
    expect(Date.now() - begin).toBeLessThan(3500);
  });
});

test("does not tell the world why", async () => expect(await (await health({ db: database(dead) })).text()).not.toContain("internals"));
