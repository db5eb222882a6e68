import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test, vi } from "vitest";
import { book } from "../src/book.ts";
import { newEventId } from "../src/domain/id.ts";
import { Problem } from "../src/domain/problem.ts";
import type { Pulse } from "../src/domain/pulse.ts";
import { hour, minute } from "../src/domain/time.ts";
import { listAlerts, openAlert } from "../src/store/alerts.ts";
import { saveQuarantined } from "../src/store/quarantine.ts";
import { watch } from "../src/watch.ts";
import { steady } from "./domain/lives.ts";
import { aReceipt, newApp, newSource } from "./kit.ts";
import { anAlert } from "./store/anAlert.ts";
import { metered } from "./store/meter.ts";
import { anEvent, save } from "./store/samples.ts";

/** A time that no other test lives in. */
const ten = Date.parse("2003-03-12T10:00:00Z");

afterAll(async () => void (await env.DB.prepare("delete from alerts").run()));

/** A source with five weeks of twenty postbacks an hour, until ten o'clock. */
async function aRegular(parts: Partial<Pulse> = {}) {
  const source = await newSource();
  await env.DB.prepare(
    `insert into pulses (source_id, hour, received, reversed, unknown, duplicates, quarantined)
     select ?1, value ->> 'hour', value ->> 'received', value ->> 'reversed', value ->> 'unknown', value ->> 'duplicates', value ->> 'quarantined'
     from json_each(?2)`,
  )
    .bind(source.id, JSON.stringify(steady(20, ten, 5, parts)))
    .run();
  return {
    ...source,
    calls: async (at: number) => void (await save(anEvent({ sourceId: source.id, receivedAt: at }))),
    alerts: async () => (await listAlerts(env.DB, { state: "all", source: source.id, limit: 50 })).alerts,
    news: async () => {
      const { results } = await env.DB.prepare(
        `select type, fields from events where source_id = 'operational' and subject like 'operational.alert_%' and fields ->> 'source' = ? order by seq`,
      )
        .bind(source.id)
        .all<{ type: string; fields: string }>();
      return results.map(({ type, fields }) => [type, JSON.parse(fields)] as const);
    },
  };
}

const look = async (at: number, parts: Parameters<typeof newApp>[0] = {}) => {
  const log = vi.spyOn(console, "warn").mockImplementation(() => {});
  const app = newApp({ now: () => at, ...parts });
  await watch(app);
  await app.settle();
  log.mockRestore();
};

describe("a source that falls silent", () => {
  test("is told once, with the figures behind it, and once more when it calls again", async () => {
    const source = await aRegular();
    await source.calls(ten - minute);
    await look(ten + 40 * minute);
    expect(await source.alerts()).toEqual([]);

    for (const minutes of [45, 50, 55]) await look(ten + minutes * minute);
    const [alert, ...more] = await source.alerts();
    expect(more).toEqual([]);
    expect(alert).toMatchObject({
      kind: "silence",
      openedAt: ten + 45 * minute,
      closedAt: null,
      figures: { last_received_at: "2003-03-12T09:59:00Z", silent_minutes: 46, expected: 15.3, limit: 14.3, learned_postbacks: 16_760 },
    });
    await source.calls(ten + 56 * minute);
    for (const minutes of [60, 65]) await look(ten + minutes * minute);
    expect(await source.alerts()).toMatchObject([{ id: alert?.id, closedAt: ten + 60 * minute, closing: { silent_minutes: 4 } }]);

    const about = { alert: alert?.id, alert_kind: "silence", source: source.id, source_name: source.name };
    expect(await source.news()).toMatchObject([
      [
        "operational.alert_opened",
        { ...about, silent_minutes: "46", reason: expect.stringMatching(/^Nothing has come since .* \(46 min\)/) },
      ],
      ["operational.alert_closed", { ...about, silent_minutes: "4", reason: expect.stringMatching(/^Calls come again/) }],
    ]);
  });

  test("is told once by many who look at the same time", async () => {
    const source = await aRegular();
    await Promise.all(Array.from({ length: 6 }, () => look(ten + 55 * minute)));
    expect([(await source.alerts()).length, (await source.news()).length]).toEqual([1, 1]);
    await source.calls(ten + 56 * minute);
    await Promise.all(Array.from({ length: 6 }, () => look(ten + 60 * minute)));
    expect((await source.news()).map(([type]) => type)).toEqual(["operational.alert_opened", "operational.alert_closed"]);
  });

  test("may fall silent again: that is another alert", async () => {
    const source = await aRegular();
    for (const [minutes, calls] of [
      [55, 57],
      [60, null],
      [120, null],
    ] as const) {
      await look(ten + minutes * minute);
      if (calls !== null) await source.calls(ten + calls * minute);
    }
    expect((await source.alerts()).map(({ closedAt }) => closedAt)).toEqual([null, ten + 60 * minute]);
    expect(await source.news()).toHaveLength(3);
  });

  test("is looked at every five minutes", async () => {
    const source = await aRegular();
    for (const minutes of [51, 52, 53, 54]) await look(ten + minutes * minute);
    expect(await source.alerts()).toEqual([]);
    await look(ten + 55.9 * minute);
    expect(await source.alerts()).toHaveLength(1);
  });
});

describe("when the Worker dies", () => {
  test("between the opening and its news, the next to look tells it, even if it is over by then", async () => {
    const source = await aRegular();
    const alert = anAlert({ sourceId: source.id, openedAt: ten + 45 * minute, figures: { last_received_at: "2003-03-12T09:59:00Z" } });
    await openAlert(env.DB, alert);
    await source.calls(ten + 46 * minute);
    await look(ten + 50 * minute);
    expect((await source.news()).map(([type]) => type)).toEqual(["operational.alert_opened", "operational.alert_closed"]);
  });

  test.each([
    ["between the news of its end and the closing", "update alerts", 2],
    ["before the news of its end", "insert into events", 1],
  ])("%s, the next to look closes it, and what is told is told once", async (_, statement, told) => {
    const source = await aRegular();
    await look(ten + 55 * minute);
    await source.calls(ten + 56 * minute);
    await book(newApp(), minute);
    await expect(look(ten + 60 * minute, { db: dyingAt(statement) })).rejects.toThrow("dead");
    expect((await source.alerts())[0]?.closedAt).toBeNull();
    expect(await source.news()).toHaveLength(told);
    await look(ten + 65 * minute);
    expect((await source.alerts())[0]?.closedAt).toBe(ten + 65 * minute);
    expect(await source.news()).toHaveLength(2);
  });
});

/** A D1 that is gone when it is asked this. */
function dyingAt(statement: string): D1Database {
  return {
    prepare: (sql: string) => {
      if (sql.includes(statement)) throw new Error("dead");
      return env.DB.prepare(sql);
    },
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database;
}

test("what goes into quarantine is counted and told, and is no silence", async () => {
  const source = await aRegular();
  for (let nth = 0; nth < 50; nth++) {
    const receivedAt = ten + nth * minute;
    const receipt = aReceipt({ id: newEventId(receivedAt), receivedAt });
    await saveQuarantined(env.DB, { receipt, sourceId: source.id, problem: new Problem("invalid", "bad") });
  }
  await look(ten + 50 * minute);
  expect(await source.alerts()).toMatchObject([{ kind: "quarantine", figures: { rate: 1, count: 50, of: 50, usual_rate: 0 } }]);
});

test.each([
  ["reversals", { reversed: 12 }],
  ["unknown_keys", { unknown: 12 }],
  ["duplicates", { duplicates: 20 }],
] as const)("a rate that is far above its usual is told: %s", async (kind, parts) => {
  const source = await aRegular();
  for (const ago of [1, 2, 3]) {
    const [name, count] = Object.entries(parts)[0] as [string, number];
    await env.DB.prepare(`update pulses set ${name} = ? where source_id = ? and hour = ?`)
      .bind(count, source.id, ten - ago * hour)
      .run();
  }
  await look(ten);
  expect((await source.alerts()).map((alert) => alert.kind)).toEqual([kind]);
});

test("an ordinary source costs three round trips with the books, and no rows", async () => {
  await aRegular();
  const { db, bill } = metered(env.DB);
  await look(ten);
  const usual = newApp({ now: () => ten, db });
  await usual.catalog.anew(env.DB);
  await watch(usual);
  expect([bill.roundTrips, bill.rowsWritten]).toEqual([3, 0]);
});
