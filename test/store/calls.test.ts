import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { Problem } from "../../src/domain/problem.ts";
import { listAddresses, listKeys, listLatestCalls } from "../../src/store/calls.ts";
import { resolveQuarantined, saveQuarantined } from "../../src/store/quarantine.ts";
import { aReceipt } from "../kit.ts";
import { metered } from "./meter.ts";
import { anEvent, save } from "./samples.ts";

test("the latest calls of a source are found in one round trip, the last first, without what was mended and what did not call", async () => {
  const sourceId = newShortId("src");
  const events = [anEvent({ sourceId }), anEvent({ sourceId })];
  for (const event of [...events, anEvent(), anEvent({ sourceId, origin: "reconciliation" })]) await save(event);
  const receipts = [aReceipt(), aReceipt()];
  for (const receipt of receipts) await saveQuarantined(env.DB, { receipt, sourceId, problem: new Problem("invalid", "bad") });
  await resolveQuarantined(env.DB, receipts[0]?.id as string, "evt_1", 1);
  const { db, bill } = metered(env.DB);
  const calls = await listLatestCalls(db, sourceId);
  expect(calls.events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).reverse());
  expect(calls.refused.map(({ id }) => id)).toEqual([receipts[1]?.id]);
  expect(bill.roundTrips).toBe(1);
});

test("the keys of a source come with their latest value, those seen most often first", async () => {
  const sourceId = newShortId("src");
  for (const fields of [
    { a: "old", b: "1" },
    { a: "new", long: "x".repeat(300) },
  ])
    await save(anEvent({ sourceId, fields }));
  await save(anEvent({ fields: { a: "of another" } }));
  expect(await listKeys(env.DB, sourceId)).toEqual([
    { key: "a", example: "new", times: 2 },
    { key: "b", example: "1", times: 1 },
    { key: "long", example: "x".repeat(80), times: 1 },
  ]);
});

test("the addresses of a source are counted", async () => {
  const sourceId = newShortId("src");
  for (const ip of ["203.0.113.1", "203.0.113.2", "203.0.113.2", ""]) {
    const event = anEvent({ sourceId });
    await save(event, { receipt: aReceipt({ id: event.id, ip }) });
  }
  expect(await listAddresses(env.DB, sourceId)).toEqual([
    { ip: "203.0.113.2", times: 2 },
    { ip: "203.0.113.1", times: 1 },
  ]);
});
