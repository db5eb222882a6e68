import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { listPage, when } from "../../src/store/page.ts";
import { listEvents } from "../../src/store/search.ts";
import { metered } from "./meter.ts";

const db = env.DB;
const limit = 10;

describe("a page of events among more than one page looks through", () => {
  const events = 3000;
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
    expect(first).toEqual({ events: [], next: idOf(500) });
    const second = await listEvents(db, { ...span, type: "action.reversed", limit, cursor: first.next ?? undefined });
    expect(second.events.map(({ id }) => id)).toEqual([idOf(0)]);
    expect(second.next).toBeNull();
  });

  test("reads no more of the table for a filter that never fits than it looks through", async () => {
    const { db: counted, bill } = metered(db);
    await listEvents(counted, { ...span, source: "nobody", limit });
    expect(bill.rowsRead).toBeLessThan(8_000);
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
