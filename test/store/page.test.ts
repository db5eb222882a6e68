import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { Problem } from "../../src/domain/problem.ts";
import { findDelivery, listDeliveries, listDeliveriesOf } from "../../src/store/attempts.ts";
import { Catalog } from "../../src/store/catalog.ts";
import {
  cancelDelivery,
  claimDeliveries,
  listUnheard,
  noteDeadLetters,
  recordAttempt,
  reopenDelivery,
} from "../../src/store/deliveries.ts";
import { findEvent, listActionEvents } from "../../src/store/events.ts";
import { listPage, when } from "../../src/store/page.ts";
import { findQuarantined, listQuarantined, resolveQuarantined, saveQuarantined } from "../../src/store/quarantine.ts";
import { listEvents } from "../../src/store/search.ts";
import { aReceipt } from "../kit.ts";
import { metered } from "./meter.ts";
import { aDelivery, anEvent, save } from "./samples.ts";

const db = env.DB;
const limit = 10;

describe("a page of events among more than one page looks through", () => {
  const events = 6000;
  const source = newShortId("src");
  const span = { since: Date.parse("2001-01-01T00:00:00Z"), until: Date.parse("2001-01-02T00:00:00Z") };
  const idOf = (n: number) =>
    `evt_${(span.since + n)
      .toString(16)
      .padStart(12, "0")
      .replace(/^(.{8})/, "$1-")}-7000-8000-000000000000`;

  beforeAll(async () => {
    const statement = `
      insert into events (id, source_id, kind, type, subject, fingerprint, is_test, received_at, fields, method, query, headers, ip, body)
      select value, ?2, 'action-lifecycle', iif(key = 0, 'action.reversed', 'action.pending'), value, value, 0, ?3 + key, '{}', 'GET', '', '{}', '', x''
      from json_each(?1)`;
    const ids = Array.from({ length: events }, (_, n) => idOf(n));
    await db.prepare(statement).bind(JSON.stringify(ids), source, span.since).run();
  });

  test("may be empty and say where to go on, so that a rare match is found in the end", async () => {
    const first = await listEvents(db, { ...span, type: "action.reversed", limit });
    expect(first).toEqual({ events: [], next: idOf(1000) });
    const second = await listEvents(db, { ...span, type: "action.reversed", limit, cursor: first.next ?? undefined });
    expect(second.events.map(({ id }) => id)).toEqual([idOf(0)]);
    expect(second.next).toBeNull();
  });

  test("reads no more of the table for a filter that never fits than it looks through", async () => {
    const { db: counted, bill } = metered(db);
    await listEvents(counted, { ...span, source: "nobody", limit });
    expect(bill.rowsRead).toBeLessThan(16_000);
  });

  test("reads no more than its own rows where there is no filter", async () => {
    const { db: counted, bill } = metered(db);
    await listEvents(counted, { ...span, limit });
    expect(bill.rowsRead).toBeLessThan(10 * limit);
  });

  test("with fewer matches than asked goes on behind the last row it looked at, without a gap", async () => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listEvents(db, { ...span, type: "action.pending", limit: 200, cursor });
      found.push(...page.events.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor && found.length < 2 * events);
    expect(found).toEqual(Array.from({ length: events - 1 }, (_, n) => idOf(events - 1 - n)));
  });
});

test("a page costs one round trip", async () => {
  const { db: counted, bill } = metered(db);
  await listPage(counted, { table: "events", columns: "id", key: ["id"] }, [], [], limit);
  expect(bill.roundTrips).toBe(1);
});

test("a condition of a value that was not given is none", () => expect(when(undefined, "kind = ?")).toEqual([]));

test("a condition has its value once for each mark", () =>
  expect(when("x", "a = ? or b = ?")).toEqual([{ sql: "a = ? or b = ?", values: ["x", "x"] }]));

/** Every statement of the store that touches a table which grows, as it is really sent. */
async function everyStatement(): Promise<{ sql: string; values: unknown[] }[]> {
  const { db: counted, bill } = metered(db);
  const { eventId, destinationId, id } = await aDelivery();
  const now = Date.now();
  const receipt = aReceipt({ query: "a=b" });
  const span = { since: now - 1000, until: now, cursor: eventId };

  await save(anEvent(), { db: counted, to: [destinationId] });
  await save(anEvent({ subject: null }), { db: counted });
  const [claimed] = await claimDeliveries(counted, [id], now + 60_000);
  if (!claimed) throw new Error("nothing was claimed");
  const outcome = { delivered: false, status: 500, reason: "", latencyMs: 1, headers: {}, body: "", retryAfterMs: null };
  await recordAttempt(counted, { ...claimed.delivery, attempts: 1 }, outcome, now);
  await listUnheard(counted, [destinationId], now, 1000);
  await reopenDelivery(counted, eventId, destinationId, now);
  await noteDeadLetters(counted, [id], "lost", now);
  await cancelDelivery(counted, claimed.delivery, "gone", now);

  await findEvent(counted, eventId);
  await listActionEvents(counted, claimed.event.actionId ?? "");
  const filters = { kind: "k", type: "t", status: "s", source: "x", q: "q" };
  for (const search of [{}, span, filters, { actionId: "1" }, { actionId: "1", ...filters, ...span }])
    await listEvents(counted, { limit, ...search });

  await findDelivery(counted, eventId, destinationId);
  await listDeliveriesOf(counted, eventId);
  const from = { eventId, destinationId };
  for (const state of [undefined, "pending", "delivered", "exhausted", "cancelled"] as const) {
    for (const destination of [undefined, destinationId]) {
      for (const event of [undefined, eventId]) {
        for (const cursor of [undefined, from]) await listDeliveries(counted, { state, destination, event, cursor, limit });
      }
    }
  }

  await saveQuarantined(counted, receipt, newShortId("src"), new Problem("invalid", "bad"));
  await findQuarantined(counted, receipt.id);
  for (const resolved of [true, false]) await listQuarantined(counted, { resolved, limit, source: "x", ...span });
  await listQuarantined(counted, { resolved: false, limit });
  await resolveQuarantined(counted, receipt.id, eventId, now);
  await new Catalog(Date.now, 2000).current(counted);

  const unique = new Map(bill.statements.map((statement) => [statement.sql, statement]));
  return [...unique.values()];
}

/** Tables that grow without end. The two without rowid are their primary key: a bounded walk in its order says just `SCAN`. */
const growing = /\b(SCAN|SEARCH) (events|deliveries|attempts|quarantine)\b/;
const withoutRowid = /^SCAN (deliveries|attempts)$/;

/** The steps of a plan that walk a table that grows without the help of an index. */
async function bareScans(sql: string, values: unknown[]): Promise<string[]> {
  const { results } = await db
    .prepare(`explain query plan ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  const steps = results.map(({ detail }) => detail);
  const isWalkInKeyOrder = /limit \d+/.test(sql) && !steps.some((step) => step.includes("TEMP B-TREE"));
  return steps.filter((step) => growing.test(step) && !step.includes("USING") && !(isWalkInKeyOrder && withoutRowid.test(step)));
}

describe("every statement", () => {
  test("finds what it wants of the tables that grow by an index or a primary key", async () => {
    const statements = await everyStatement();
    const found: Record<string, string[]> = {};
    for (const { sql, values } of statements) {
      const scans = await bareScans(sql, values);
      if (scans.length > 0) found[sql] = scans;
    }
    expect(found).toEqual({});
  });

  test("was seen: there are more than 30 of them", async () => expect((await everyStatement()).length).toBeGreaterThan(30));

  test("that would scan is told: the check itself can fail", async () => {
    expect(await bareScans("select * from events where status = ?", ["PENDING"])).toEqual(["SCAN events"]);
    expect(await bareScans("select * from deliveries order by created_at limit 5", [])).toEqual(["SCAN deliveries"]);
    expect(await bareScans("select * from attempts where status = 500", [])).toEqual(["SCAN attempts"]);
  });
});
