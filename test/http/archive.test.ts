import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newEventId } from "../../src/domain/id.ts";
import { Problem } from "../../src/domain/problem.ts";
import { day } from "../../src/domain/time.ts";
import { retain } from "../../src/retain.ts";
import { listParts, readPart, writePart } from "../../src/store/archive.ts";
import { saveQuarantined } from "../../src/store/quarantine.ts";
import { restore } from "../../src/store/retention.ts";
import { aReceipt, call, newApp, operate } from "../kit.ts";
import { metered } from "../store/meter.ts";
import { aDelivery, anEvent, claimed, conclude, save, success } from "../store/samples.ts";
import { asOperator } from "./ask.ts";
import { look, wordsOf } from "./look.ts";

const archive = (env as unknown as { ARCHIVE: R2Bucket }).ARCHIVE;
const tables = ["events", "deliveries", "attempts", "quarantine"];

let now = Date.parse("1990-01-01T00:00:00Z");
beforeEach(() => {
  now += 100 * day;
});

/** All rows about some events, as SQLite shows them. */
async function rowsOf(ids: string[]) {
  const asked = JSON.stringify(ids);
  return await Promise.all(
    tables.map(async (table) => {
      const key = table === "events" || table === "quarantine" ? "id" : "event_id";
      const columns = table === "events" ? "*, cast(payout as text) as payout_text, typeof(body) as type" : "*";
      const sql = `select ${columns} from ${table} where ${key} in (select value from json_each(?)) order by ${key}`;
      const { results } = await env.DB.prepare(sql).bind(asked).all();
      return results.map(({ seq: _number, ...row }) => row);
    }),
  );
}

/** A run of a fresh walk, or of the one that is under way, some days later. */
async function moveToArchive(daysLater = 0): Promise<void> {
  if (daysLater === 0) await env.DB.prepare("delete from retention").run();
  await save(anEvent()); // the last event in the books stays where it is
  const usual = newApp();
  await retain(newApp({ archive, now: () => now + daysLater * day, config: { ...usual.config, retentionDays: 30 } }));
}

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
const at = () => now - 40 * day;

describe("a day that is read back", () => {
  test("is as it was, to the last micro and the last byte, and nothing is delivered again", async () => {
    const { id, eventId } = await aDelivery({ receivedAt: at() });
    await conclude(await claimed(id, at()), success, at());
    const hostile = anEvent({
      receivedAt: at(),
      payout: -999_999_999_999_999_999n,
      fields: { ActionId: "'\"\\\n\u0000☃ {{ x }}", note: "<b>" },
      status: null,
      currency: null,
    });
    const receipt = { ...aReceipt({ id: hostile.id, receivedAt: at() }), body: Uint8Array.from({ length: 300 }, (_, nth) => nth % 256) };
    await save(hostile, { receipt });
    const before = await rowsOf([eventId, hostile.id]);
    await moveToArchive();
    expect(await rowsOf([eventId, hostile.id])).toEqual([[], [], [], []]);

    const { body } = await operate(`/archive/${dayOf(at())}/reingest`, {});
    expect(body).toEqual({ lines: 2, restored: 2, next: null });
    expect(await rowsOf([eventId, hostile.id])).toEqual(before);
    expect(before[0]?.[1]).toMatchObject({ payout_text: "-999999999999999999" });
    expect(before.map((rows) => rows.length)).toEqual([2, 1, 1, 0]);
  });

  test("a second time changes nothing", async () => {
    const event = anEvent({ receivedAt: at() });
    await save(event);
    await moveToArchive();
    await operate(`/archive/${dayOf(at())}/reingest`, {});
    const before = await rowsOf([event.id]);
    expect((await operate(`/archive/${dayOf(at())}/reingest`, {})).body).toMatchObject({ restored: 0 });
    expect(await rowsOf([event.id])).toEqual(before);
  });

  test("stays for a week, although it is old", async () => {
    const event = anEvent({ receivedAt: at() });
    await save(event);
    await moveToArchive();
    expect((await operate(`/archive/${dayOf(at())}/reingest`, {})).body).toMatchObject({ restored: 1 });
    await env.DB.prepare("update retention set next_walk_at = next_walk_at - ?")
      .bind(Date.now() - now)
      .run(); // the test's clock
    await moveToArchive(6.9);
    expect((await rowsOf([event.id]))[0]).toHaveLength(1);
    await moveToArchive(7.1);
    expect((await rowsOf([event.id]))[0]).toEqual([]);
  });

  test("comes in parts, with a cursor to go on from", async () => {
    const ids = Array.from({ length: 25 }, () => newEventId(at()));
    const part = (id: string) => ({ quarantine: [quarantined(id)] });
    for (const id of ids) await writePart(archive, "quarantine", dayOf(at()), id, [part(id)]);
    const first = (await operate(`/archive/${dayOf(at())}/reingest`, { content: "quarantine" })).body;
    expect(first).toMatchObject({ lines: 20, restored: 20, next: expect.any(String) });
    const second = (await operate(`/archive/${dayOf(at())}/reingest`, { content: "quarantine", cursor: first.next })).body;
    expect(second).toEqual({ lines: 5, restored: 5, next: null });
    expect((await rowsOf(ids))[3]).toHaveLength(25);
  });

  test("has parts that begin alike and differ side by side, and equal ones once", async () => {
    const [first, second] = [newEventId(at()), newEventId(at())];
    const parts = [[first], [first, second], [first]].map((ids) => ids.map((id) => ({ quarantine: [quarantined(id)] })));
    for (const lines of parts) await writePart(archive, "quarantine", dayOf(at()), first, lines);
    expect((await listParts(archive, "quarantine", { day: dayOf(at()), limit: 10 })).parts.map(({ lines }) => lines).sort()).toEqual([
      1, 2,
    ]);
  });

  test("brings calls back into quarantine, from where they can be taken again", async () => {
    const receipt = aReceipt({ receivedAt: at(), body: "<broken" });
    await saveQuarantined(env.DB, { receipt, sourceId: "src_1", problem: new Problem("undecodable", "no XML") });
    const before = await rowsOf([receipt.id]);
    await moveToArchive();
    expect((await operate(`/archive/${dayOf(at())}/reingest`, { content: "quarantine" })).body).toMatchObject({ restored: 1 });
    expect(await rowsOf([receipt.id])).toEqual(before);
  });

  test("holds lines that are larger together than one value of D1 may be", async () => {
    const ids: string[] = [];
    for (let nth = 0; nth < 12; nth++) {
      const event = anEvent({ receivedAt: at() });
      await save(event, { receipt: aReceipt({ id: event.id, receivedAt: at(), body: String(nth % 10).repeat(100_000) }) });
      ids.push(event.id);
    }
    await moveToArchive();
    const { parts } = await listParts(archive, "events", { day: dayOf(at()), limit: 10 });
    const lines = (await Promise.all(parts.map(({ key }) => readPart(archive, key)))).flat();
    const { db, bill } = metered(env.DB);
    expect(await restore(db, lines, now)).toBe(12);
    expect(bill.roundTrips).toBe(1);
    for (const { values } of bill.statements) for (const value of values) expect(String(value).length).toBeLessThan(2_000_000);
    expect((await rowsOf(ids))[0]).toHaveLength(12);
  });
});

describe("the archive is listed", () => {
  beforeAll(async () => {
    now = Date.parse("1980-01-01T00:00:00Z");
    for (const days of [42, 41, 40]) await save(anEvent({ receivedAt: now - days * day }));
    await moveToArchive();
  });

  test("by days", async () => {
    const { body } = await operate("/archive?limit=2&cursor=1979-11-19");
    expect(body).toEqual({ data: ["1979-11-20", "1979-11-21"], next: "1979-11-21" });
    expect((await operate(`/archive?limit=1&cursor=${body.next}`)).body.data).toEqual(["1979-11-22"]);
  });

  test("by parts of a day", async () => {
    const { body } = await operate("/archive/1979-11-20");
    expect(body).toEqual({
      data: [{ key: expect.stringMatching(/^events\/1979-11-20\/evt_.+\.ndjson\.gz$/), lines: 1, size: expect.any(Number) }],
      next: null,
    });
  });

  test("a day that it has nothing of is empty", async () => {
    expect((await operate("/archive/1979-01-01")).body).toEqual({ data: [], next: null });
    expect((await operate("/archive/1979-01-01/reingest", {})).body).toEqual({ lines: 0, restored: 0, next: null });
  });

  test.each(["yesterday", "1979-1-1", "..%2Fquarantine"])("%s is no day", async (text) => {
    expect(await operate(`/archive/${text}`)).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining("/archive/2026-05-13") },
    });
  });
});

describe("the archive's pages", () => {
  beforeAll(() => {
    now = Date.parse("1970-06-01T00:00:00Z");
  });

  test("list the days, the parts of one, and read it back; going on adds to what was read", async () => {
    const day = dayOf(at());
    for (let nth = 0; nth < 25; nth++) {
      const id = newEventId(at());
      await writePart(archive, "quarantine", day, id, [{ quarantine: [quarantined(id)] }]);
    }
    expect((await look("/archive?content=quarantine&limit=1")).text).toContain(`href="/archive/${day}?content=quarantine">${day}</a>`);
    const { text } = await look(`/archive/${day}?content=quarantine`);
    expect(wordsOf(text)).toContain("Parts25Lines25");
    expect(text).toContain(`action="/archive/${day}/reingest"`);

    const first = await read(day, { content: "quarantine" });
    expect(wordsOf(first)).toMatch(/There is more.*Lines read20Put back into D120There already0/);
    const values = Object.fromEntries(
      [...first.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [name, value]),
    );
    expect(wordsOf(await read(day, values))).toMatch(/All of it was read.*Lines read25Put back into D125There already0/);
    expect(wordsOf(await read(day, { content: "quarantine" }))).toMatch(/Lines read20Put back into D10There already20/);
  });

  test("say so where nothing is", async () => {
    expect(wordsOf((await look("/archive/1969-01-01")).text)).toContain("Nothing of this day is here");
    expect((await look("/archive/yesterday")).status).toBe(404);
  });
});

/** Presses the button that reads a day back; the page that follows. */
async function read(day: string, fields: Record<string, string>): Promise<string> {
  const headers = { ...asOperator, accept: "text/html" };
  return await (await call(`/archive/${day}/reingest`, { method: "POST", headers, body: new URLSearchParams(fields) })).text();
}

function quarantined(id: string) {
  const texts = { kind: "action-lifecycle", code: "invalid", detail: "d", mistakes: "[]", method: "GET", query: "", headers: "{}", ip: "" };
  return { id, source_id: "src_1", received_at: at(), ...texts, body: "", truncated: 0, resolved_at: null, event_id: null };
}
