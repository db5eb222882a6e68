import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test, vi } from "vitest";
import { book } from "../src/book.ts";
import { newAlertId } from "../src/domain/alert.ts";
import { newEventId } from "../src/domain/id.ts";
import { Problem } from "../src/domain/problem.ts";
import type { Pulse } from "../src/domain/pulse.ts";
import { day, hour, minute } from "../src/domain/time.ts";
import { closeAlert, listAlerts, openAlert } from "../src/store/alerts.ts";
import { listDestinationPulses } from "../src/store/destination-pulses.ts";
import { saveQuarantined } from "../src/store/quarantine.ts";
import { watch } from "../src/watch.ts";
import { steady } from "./domain/lives.ts";
import { aReceipt, newApp, newDestination, newSource } from "./kit.ts";
import { anAlert } from "./store/anAlert.ts";
import { dyingAt } from "./store/dying.ts";
import { metered } from "./store/meter.ts";
import { anEvent, count, save } from "./store/samples.ts";

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

describe("once an hour is forgotten", () => {
  const tidying = ten + 35 * minute;

  test("what nothing is learned from any more, and nothing else", async () => {
    const source = await aRegular();
    const hours = [35 * 24 + 2, 35 * 24 + 1, 35 * 24, 1].map((ago) => ten - ago * hour);
    const add = `insert into pulses (source_id, hour, received) select ?1, value, 20 from json_each(?2) where true on conflict do nothing`;
    await env.DB.prepare(add).bind(source.id, JSON.stringify(hours)).run();
    const kept = async () => {
      const own = `select value from json_each(?2) where value in (select hour from pulses where source_id = ?1)`;
      const { results } = await env.DB.prepare(own).bind(source.id, JSON.stringify(hours)).all();
      return results.map(({ value }) => value);
    };
    await look(tidying - 5 * minute);
    expect(await kept()).toEqual(hours);
    await look(tidying);
    expect(await kept()).toEqual(hours.slice(2));
  });

  test("how a destination answered, when that was longer ago than any page looks back", async () => {
    const { id } = await newDestination({ filter: "false" });
    const hours = [36 * 24, 35 * 24 + 1, 34 * 24, 1].map((ago) => tidying - (tidying % hour) - ago * hour);
    const columns =
      "delivered, failed, latency_ms, up_to_50, up_to_100, up_to_250, up_to_500, up_to_1000, up_to_2500, up_to_5000, up_to_10000, longer";
    const add = `insert into destination_pulses (destination_id, hour, ${columns}) select ?1, value, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0 from json_each(?2)`;
    await env.DB.prepare(add).bind(id, JSON.stringify(hours)).run();
    await look(tidying);
    const kept = await listDestinationPulses(env.DB, { destination: id, since: 0, until: tidying });
    expect(kept.map((pulse) => pulse.hour)).toEqual(hours.slice(2));
  });

  test("an alert that was closed more than 400 days ago, and none that is open or was closed since", async () => {
    const source = await newSource();
    const put = async (openedDays: number, closedDays: number | null) => {
      const alert = anAlert({ sourceId: source.id, openedAt: tidying - openedDays * day, id: newAlertId(tidying - openedDays * day) });
      expect(await openAlert(env.DB, alert)).toBe(true);
      if (closedDays !== null) await closeAlert(env.DB, alert.id, {}, tidying - closedDays * day);
      return alert.id;
    };
    const old = await put(402, 401);
    const [late, young, open] = [await put(500, 399), await put(3, 2), await put(450, null)];
    await look(tidying);
    const { alerts } = await listAlerts(env.DB, { state: "all", source: source.id, limit: 50 });
    expect(alerts.map(({ id }) => id).sort()).toEqual([late, young, open].sort());
    expect(alerts.map(({ id }) => id)).not.toContain(old);
  });

  test("some at a time", async () => {
    const source = await newSource();
    const many = `
      with recursive hours (at) as (select ?2 union all select at - ${hour} from hours limit 1500)
      insert into pulses (source_id, hour, received) select ?1, at, 1 from hours`;
    await env.DB.prepare(many)
      .bind(source.id, ten - 40 * day)
      .run();
    const left = () => count("pulses", "source_id = ?", source.id);
    await look(tidying);
    expect(await left()).toBe(500);
    await look(tidying + hour);
    expect(await left()).toBe(0);
  });
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
