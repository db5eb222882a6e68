import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Event } from "../src/domain/event.ts";
import { Problem } from "../src/domain/problem.ts";
import { day, hour, type Instant } from "../src/domain/time.ts";
import { retain } from "../src/retain.ts";
import { listParts, readPart } from "../src/store/archive.ts";
import { findEvent } from "../src/store/events.ts";
import { findQuarantined, saveQuarantined } from "../src/store/quarantine.ts";
import { aReceipt, newApp } from "./kit.ts";
import { aDelivery, anEvent, claimed, conclude, count, save, success } from "./store/samples.ts";

const archive = (env as unknown as { ARCHIVE: R2Bucket }).ARCHIVE;

/** A time of its own for each test, long before what the other tests store. */
let now = Date.parse("2001-01-01T00:00:00Z");
beforeEach(async () => {
  now += 100 * day;
  await env.DB.prepare("delete from retention").run();
});

/** A run at `now` that keeps 30 days. */
async function run(at: Instant = now): Promise<void> {
  await save(anEvent()); // the last event in the books stays where it is
  const usual = newApp();
  await retain(newApp({ archive, now: () => at, config: { ...usual.config, retentionDays: 30 } }));
}

/** An event that came so many days ago. */
async function old(days: number, parts: Partial<Event> = {}): Promise<Event> {
  const event = anEvent({ receivedAt: now - days * day, ...parts });
  await save(event);
  return event;
}

async function archivedIds(of: Instant): Promise<unknown[]> {
  const { parts } = await listParts(archive, "events", { day: new Date(of).toISOString().slice(0, 10), limit: 100 });
  const lines = await Promise.all(parts.map(({ key }) => readPart(archive, key)));
  return lines.flat().map(({ events }) => events?.[0]?.["id"]);
}

const isHere = async ({ id }: { id: string }) => (await findEvent(env.DB, id)) !== null;

describe("what is older than RETENTION_DAYS", () => {
  test("goes from D1 into the archive, with its deliveries and attempts", async () => {
    const delivery = await aDelivery({ receivedAt: now - 40 * day });
    const { eventId, destinationId } = delivery;
    await conclude(await claimed(delivery.id, now - 40 * day), success, now - 40 * day);
    await run();
    expect(await isHere({ id: eventId })).toBe(false);
    for (const table of ["deliveries", "attempts"]) expect(await count(table, "event_id = ?", eventId)).toBe(0);
    const { parts } = await listParts(archive, "events", { day: new Date(now - 40 * day).toISOString().slice(0, 10), limit: 10 });
    expect(parts).toMatchObject([{ lines: 1 }]);
    expect(await readPart(archive, parts[0]?.key ?? "")).toMatchObject([
      {
        events: [{ id: eventId, payout: "880000", query: "a=b" }],
        deliveries: [{ destination_id: destinationId, state: "delivered" }],
        attempts: [{ number: 1, delivered: 1 }],
      },
    ]);
  });

  test("stays when it is a day younger", async () => {
    const [gone, here] = [await old(31), await old(29)];
    await run();
    expect([await isHere(gone), await isHere(here)]).toEqual([false, true]);
  });

  test("stays as long as anything of its action is younger", async () => {
    const sale = await old(40);
    const reversal = await old(29, { actionId: sale.actionId, subject: sale.subject, sourceId: sale.sourceId });
    await run();
    expect([await isHere(sale), await isHere(reversal)]).toEqual([true, true]);
    await run(now + 2 * day);
    expect([await isHere(sale), await isHere(reversal)]).toEqual([false, false]);
  });

  test("stays as long as anything of its action is still to be delivered", async () => {
    const { eventId } = await aDelivery({ receivedAt: now - 40 * day });
    const pending = (await findEvent(env.DB, eventId))?.event as Event;
    const twin = await old(40, { actionId: pending.actionId, subject: pending.subject, sourceId: pending.sourceId });
    await run();
    expect([await isHere(pending), await isHere(twin)]).toEqual([true, true]);
  });

  test("goes without its twins where there is no subject to hold them together", async () => {
    const twin = await old(40, { subject: null });
    const younger = await old(29, { subject: null, fingerprint: twin.fingerprint, sourceId: twin.sourceId });
    await run();
    expect([await isHere(twin), await isHere(younger)]).toEqual([false, true]);
  });

  test("stays as long as it was attempted lately", async () => {
    const { id, eventId } = await aDelivery({ receivedAt: now - 40 * day });
    await conclude(await claimed(id, now - 40 * day), success, now - hour);
    await run();
    expect(await isHere({ id: eventId })).toBe(true);
  });

  test("goes from quarantine too", async () => {
    const receipt = aReceipt({ receivedAt: now - 31 * day, body: "<broken" });
    await saveQuarantined(env.DB, { receipt, sourceId: "src_1", problem: new Problem("undecodable", "no XML") });
    await run();
    expect(await findQuarantined(env.DB, receipt.id)).toBeNull();
    const { parts } = await listParts(archive, "quarantine", { day: new Date(receipt.receivedAt).toISOString().slice(0, 10), limit: 10 });
    const [line] = await readPart(archive, parts[0]?.key ?? "");
    expect(line?.quarantine).toMatchObject([
      { id: receipt.id, code: "undecodable", body: Buffer.from("<broken").toString("hex").toUpperCase() },
    ]);
  });
});

describe("the walk", () => {
  test("takes many slices in one run, and writes each day apart", async () => {
    const events = Array.from({ length: 450 }, (_, nth) => anEvent({ receivedAt: now - 50 * day + nth * 5 * 60_000 }));
    for (const event of events) await save(event);
    await run();
    expect((await Promise.all(events.map(isHere))).filter(Boolean)).toEqual([]);
    const days = [...new Set(events.map(({ receivedAt }) => Math.floor(receivedAt / day) * day))];
    const found = (await Promise.all(days.map(archivedIds))).flat();
    expect(found).toEqual(events.map(({ id }) => id));
  });

  test("comes back to what stayed once a day", async () => {
    const held = await aDelivery({ receivedAt: now - 40 * day });
    const gone = await old(39);
    await run();
    expect([await isHere({ id: held.eventId }), await isHere(gone)]).toEqual([true, false]);
    await conclude(await claimed(held.id, now - 40 * day), success, now - 40 * day);
    await run(now + hour);
    expect(await isHere({ id: held.eventId })).toBe(true);
    await run(now + day + 1);
    expect(await isHere({ id: held.eventId })).toBe(false);
  });
});

describe("nothing is deleted", () => {
  test("that the archive did not take", async () => {
    const event = await old(40);
    await save(anEvent());
    const full = { put: () => Promise.reject(new Error("R2 is away")) } as unknown as R2Bucket;
    const usual = newApp();
    const app = newApp({ archive: full, now: () => now, config: { ...usual.config, retentionDays: 30 } });
    await expect(retain(app)).rejects.toThrow("R2 is away");
    expect(await isHere(event)).toBe(true);
    await run();
    expect(await archivedIds(event.receivedAt)).toContain(event.id);
  });

  test("that has changed since it was read", async () => {
    const event = await old(40);
    const meddling = {
      put: async (...args: Parameters<R2Bucket["put"]>) => {
        await save(anEvent({ receivedAt: now, actionId: event.actionId, subject: event.subject, sourceId: event.sourceId }));
        return await archive.put(...args);
      },
    } as unknown as R2Bucket;
    const usual = newApp();
    await retain(newApp({ archive: meddling, now: () => now, config: { ...usual.config, retentionDays: 30 } }));
    expect(await isHere(event)).toBe(true);
  });

  test("without RETENTION_DAYS", async () => {
    const event = await old(4000);
    await retain(newApp({ archive, now: () => now }));
    expect(await isHere(event)).toBe(true);
  });

  test("and what two runs at once move is in the archive", async () => {
    const events = [await old(45), await old(44), await old(43)];
    await Promise.all([run(), run()]);
    expect((await Promise.all(events.map(isHere))).filter(Boolean)).toEqual([]);
    for (const { id, receivedAt } of events) expect(await archivedIds(receivedAt)).toContain(id);
  });
});
