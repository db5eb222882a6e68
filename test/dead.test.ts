import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { bury } from "../src/dead.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { findDelivery } from "../src/store/attempts.ts";
import { findQuarantined } from "../src/store/quarantine.ts";
import { aReceipt, newApp, newDestination, newSource } from "./kit.ts";

test("a receipt that our own code failed on is in quarantine, with its bytes", async () => {
  const source = await newSource();
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), body: '{"poison":1}' });
  await bury(newApp(), receipt);
  const kept = await findQuarantined(env.DB, receipt.id);
  expect(kept).toMatchObject({ code: "internal", sourceId: source.id, receivedAt: receipt.receivedAt });
  expect(new TextDecoder().decode(kept?.receipt.body)).toBe('{"poison":1}');
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
  const away = { prepare: (sql: string) => env.DB.prepare(sql), batch: () => Promise.reject(new Error("D1 is away")) };
  const app = newApp();
  app.catalog.forget();
  await expect(bury({ ...app, db: away as unknown as D1Database }, aReceipt())).rejects.toThrow("D1 is away");
});
