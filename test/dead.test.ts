import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { bury } from "../src/dead.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { findDelivery } from "../src/store/attempts.ts";
import { Catalog } from "../src/store/catalog.ts";
import { findEvent } from "../src/store/events.ts";
import { findQuarantined } from "../src/store/quarantine.ts";
import { aReceipt, faulty, newApp, newDestination, newSource, receiptFor } from "./kit.ts";

/** A D1 that takes no event of this id. */
function refusing(error: string): D1Database {
  return {
    prepare: (sql: string) => Object.assign(env.DB.prepare(sql), { isEvent: sql.includes("insert into events"), bind: boundTo(sql) }),
    batch: (statements: (D1PreparedStatement & { isEvent?: boolean })[]) =>
      statements.some(({ isEvent }) => isEvent) ? Promise.reject(new Error(error)) : env.DB.batch(statements),
  } as unknown as D1Database;
}

function boundTo(sql: string) {
  return (...values: unknown[]) => Object.assign(env.DB.prepare(sql).bind(...values), { isEvent: sql.includes("insert into events") });
}

test("a receipt that our own code fails on is in quarantine, with its bytes", async () => {
  const source = await newSource();
  await env.DB.prepare("update sources set mapping = 'null' where id = ?").bind(source.id).run();
  const receipt = aReceipt({ tokenHash: hashSecret(source.token), body: '{"poison":1}' });
  await bury(newApp({ catalog: new Catalog(Date.now, 2000) }), receipt);
  await env.DB.prepare("update sources set mapping = '{}' where id = ?").bind(source.id).run();
  const kept = await findQuarantined(env.DB, receipt.id);
  expect(kept).toMatchObject({ code: "internal", sourceId: source.id, receivedAt: receipt.receivedAt });
  expect(new TextDecoder().decode(kept?.receipt.body)).toBe('{"poison":1}');
});

test("a receipt that D1 refuses is in quarantine", async () => {
  const receipt = await receiptFor({ query: "action_id=dead.3&status=PENDING" });
  await bury(newApp({ db: refusing("D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT") }), receipt);
  expect(await findQuarantined(env.DB, receipt.id)).toMatchObject({ code: "internal", receipt: { query: receipt.query } });
});

test("a receipt stays in the queue while D1 takes no event", async () => {
  const receipt = await receiptFor({ query: "action_id=dead.4&status=PENDING" });
  await expect(bury(newApp({ db: refusing("D1_ERROR: Network connection lost.") }), receipt)).rejects.toThrow("Network connection lost");
  expect(await findQuarantined(env.DB, receipt.id)).toBeNull();
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
  const receipt = await receiptFor({ query: "action_id=1" });
  const app = newApp({ db: faulty(env.DB, () => Promise.reject(new Error("D1 is away"))) });
  await expect(bury(app, receipt)).rejects.toThrow("D1 is away");
});
