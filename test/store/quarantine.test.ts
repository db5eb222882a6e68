import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newEventId, newShortId } from "../../src/domain/id.ts";
import { Problem } from "../../src/domain/problem.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { hour } from "../../src/domain/time.ts";
import { findQuarantined, listQuarantined, resolveQuarantined, saveQuarantined } from "../../src/store/quarantine.ts";
import { saveSource } from "../../src/store/sources.ts";
import { aReceipt, aSource } from "../kit.ts";
import { metered } from "./meter.ts";

const db = env.DB;
const start = Date.parse("2025-09-01T00:00:00Z");
const invalid = new Problem("invalid", "Payout is bad", [{ field: "Payout", reason: 'is "x", not a decimal number' }]);

/** Receipts of one source in quarantine, an hour apart; their ids, oldest first. */
async function aRow(size: number): Promise<{ source: string; receipts: Receipt[]; ids: string[] }> {
  const source = newShortId("src");
  const receipts = Array.from({ length: size }, (_, n) => aReceipt({ receivedAt: start + n * hour, body: `payout=x${n}` }));
  for (const receipt of receipts) await saveQuarantined(db, { receipt: receipt, sourceId: source, problem: invalid });
  return { source, receipts, ids: receipts.map(({ id }) => id) };
}

async function listed(search: { source: string; resolved?: boolean }) {
  const { quarantined } = await listQuarantined(db, { resolved: false, limit: 100, ...search });
  return quarantined.map(({ id }) => id);
}

describe("a receipt in quarantine", () => {
  test("keeps its raw bytes, its time of arrival and the reason with every mistake", async () => {
    const source = newShortId("src");
    const receipt = {
      ...aReceipt({ receivedAt: start, query: "a=b", ip: "203.0.113.9" }),
      body: new Uint8Array([0, 159, 255]),
      truncated: true,
    };
    await saveQuarantined(db, { receipt: receipt, sourceId: source, problem: invalid });
    expect(await findQuarantined(db, receipt.id)).toEqual({
      id: receipt.id,
      sourceId: source,
      kind: "action-lifecycle",
      receivedAt: start,
      code: "invalid",
      detail: "Payout is bad",
      mistakes: invalid.mistakes,
      receipt: { method: "GET", query: "a=b", headers: {}, ip: "203.0.113.9", body: receipt.body },
      truncated: true,
      resolvedAt: null,
      eventId: null,
    });
  });

  test("saved again renews the reason and the kind, and nothing else", async () => {
    const { source, receipts } = await aRow(1);
    const [receipt] = receipts as [Receipt];
    const later = { ...receipt, kind: "job-completion", receivedAt: start + hour, body: new Uint8Array([1]), query: "changed=1" };
    await saveQuarantined(db, { receipt: later, sourceId: source, problem: new Problem("undecodable", "no JSON") });
    expect(await findQuarantined(db, receipt.id)).toMatchObject({
      kind: "job-completion",
      code: "undecodable",
      detail: "no JSON",
      mistakes: [],
      receivedAt: start,
      receipt: { query: "", body: receipt.body },
    });
  });

  test("saved again after it was resolved stays resolved", async () => {
    const { source, receipts } = await aRow(1);
    const [receipt] = receipts as [Receipt];
    await resolveQuarantined(db, receipt.id, receipt.id, start + hour);
    await saveQuarantined(db, { receipt: receipt, sourceId: source, problem: invalid });
    expect(await findQuarantined(db, receipt.id)).toMatchObject({ resolvedAt: start + hour, eventId: receipt.id });
  });

  test("costs one round trip to save", async () => {
    const { db: counted, bill } = metered(db);
    await saveQuarantined(counted, { receipt: aReceipt(), sourceId: newShortId("src"), problem: invalid });
    expect(bill.roundTrips).toBe(1);
  });

  test("is null where there is none", async () => expect(await findQuarantined(db, newEventId(start))).toBeNull());
});

describe("the list of quarantine", () => {
  test("comes newest first", async () => {
    const { source, ids } = await aRow(3);
    expect(await listed({ source })).toEqual([...ids].reverse());
  });

  test("is walked through by its cursors without gap or repeat", async () => {
    const { source, ids } = await aRow(5);
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listQuarantined(db, { source, resolved: false, limit: 2, cursor });
      found.push(...page.quarantined.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor && found.length < 100);
    expect(found).toEqual([...ids].reverse());
  });

  test("can be asked by the name of a source", async () => {
    const { source, ids } = await aRow(1);
    await saveSource(db, aSource({ id: source, name: `named ${source}`, tokenHash: source }));
    expect(await listed({ source: `named ${source}` })).toEqual(ids);
  });

  test("leaves out what was resolved, and gives it when asked", async () => {
    const { source, ids } = await aRow(2);
    await resolveQuarantined(db, ids[0] as string, ids[0] as string, start);
    expect(await listed({ source })).toEqual([ids[1]]);
    expect(await listed({ source, resolved: true })).toEqual([ids[0]]);
  });

  test("can be bounded in time", async () => {
    const { source, ids } = await aRow(3);
    const { quarantined } = await listQuarantined(db, {
      source,
      resolved: false,
      limit: 9,
      since: start + hour,
      until: start + 2 * hour,
    } as never);
    expect(quarantined.map(({ id }) => id)).toEqual([ids[1]]);
  });
});
