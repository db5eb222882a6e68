import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { bury } from "../src/dead.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { findDelivery } from "../src/store/attempts.ts";
import { findEvent } from "../src/store/events.ts";
import { findQuarantined } from "../src/store/quarantine.ts";
import { aReceipt, newApp, newDestination, newSource } from "./kit.ts";

/** A D1 that takes no event, but does take single statements: as good as code of ours that fails on one receipt. */
const batchless = {
  prepare: (sql: string) => env.DB.prepare(sql),
  batch: () => Promise.reject(new Error("poison")),
} as unknown as D1Database;

test("a receipt that our own code failed on is in quarantine, with its bytes", async () => {
  const source = await newSource();
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), body: '{"poison":1}' });
  const app = newApp();
  await app.catalog.anew(app.db);
  await bury({ ...app, db: batchless }, receipt);
  const kept = await findQuarantined(env.DB, receipt.id);
  expect(kept).toMatchObject({ code: "internal", sourceId: source.id, receivedAt: receipt.receivedAt });
  expect(new TextDecoder().decode(kept?.receipt.body)).toBe('{"poison":1}');
});

test("a receipt that can be taken by now becomes its event", async () => {
  const source = await newSource();
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), query: "action_id=dead.1&status=PENDING" });
  await bury(newApp(), receipt);
  expect((await findEvent(env.DB, receipt.id))?.event).toMatchObject({ actionId: "dead.1", receivedAt: receipt.receivedAt });
  expect(await findQuarantined(env.DB, receipt.id)).toBeNull();
});

test("a delivery whose ring is dead says so, and stays pending for the sweep", async () => {
  const source = await newSource();
  const action = `dead.${crypto.randomUUID()}`;
  const destination = await newDestination({ filter: `action_id == "${action}"`, state: "paused" });
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), query: `action_id=${action}&status=PENDING` });
  await receive(newApp(), receipt);
  await bury(newApp(), `${receipt.id}:${destination.id}`);
  const found = await findDelivery(env.DB, receipt.id, destination.id);
  expect(found?.delivery).toMatchObject({ state: "pending", reason: expect.stringContaining("dead-letter") });
});

test("a letter stays in the queue while D1 is away", async () => {
  const source = await newSource();
  const app = newApp();
  await app.catalog.anew(app.db);
  const away = { prepare: () => ({ bind: () => ({ run: () => Promise.reject(new Error("D1 is away")) }) }), batch: batchless.batch };
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), query: "action_id=1" });
  await expect(bury({ ...app, db: away as unknown as D1Database }, receipt)).rejects.toThrow("D1 is away");
});
