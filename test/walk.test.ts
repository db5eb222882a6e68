import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Connection } from "../src/domain/connection.ts";
import { day, formatInstant, hour, minute, second } from "../src/domain/time.ts";
import { listReconciliations } from "../src/store/reconciliations.ts";
import { aMarket, anAction, closeMarkets, type Market } from "./marketplace.ts";
import { count } from "./store/samples.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());
afterAll(closeMarkets);

const latest = async ({ source }: Market) => (await listReconciliations(env.DB, { source: source.id, limit: 1 })).reconciliations[0];
const backfill = (market: Market, parts: Record<string, unknown> = {}) =>
  market.ask("/reconciliations", { source: market.source.id, since: formatInstant(market.start - 10 * day), ...parts });
const lists = ({ heard }: Market) => heard.map(({ pathname, searchParams }) => [pathname.split("/")[3], searchParams.get("Page")]);

/** Ten actions of two changes each, some hours apart, of which the first change came of every second, and nothing else. */
async function aFullMarket(connection: Partial<Connection> = {}) {
  const market = await aMarket({ connection });
  for (let nth = 0; nth < 10; nth++) market.actions.push(anAction(market, [(40 + 2 * nth) * hour, (20 + nth) * hour]));
  for (const action of market.actions.filter((_, nth) => nth % 2 === 0)) await market.arrive(action, 0);
  return market;
}

const missing = 15;

/** What the ledgers of a market say, and how often anything was made good. */
async function outcome(market: Market) {
  const ledgers = await Promise.all(market.actions.map(async ({ id }) => (await market.ask(`/actions/${id}`)).body));
  const isTrue = ledgers.every(({ history, payout, gaps }: any) => history?.length === 2 && payout === "6.00" && gaps.length === 0);
  const made = await count("events", "source_id = ? and origin = 'reconciliation'", market.source.id);
  return { isTrue, made, gaps: await count("gaps", "source_id = ?", market.source.id) };
}

const whole = { isTrue: true, made: missing, gaps: missing };

describe("a walk", () => {
  test("reads updates, actions and inquiries page by page, and finds all that is missing", async () => {
    const market = await aFullMarket();
    market.pageSize = 7;
    await backfill(market);
    expect(lists(market)).toEqual([
      ["ActionUpdates", null],
      ["ActionUpdates", "2"],
      ["ActionUpdates", "3"],
      ["Actions", null],
      ["Actions", "2"],
      ["ActionInquiries", null],
    ]);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: missing, records: 30, calls: 6 });
    expect(await outcome(market)).toEqual(whole);
  });

  test("again finds nothing, and writes nothing", async () => {
    const market = await aFullMarket();
    await backfill(market);
    market.now += minute;
    await backfill(market);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 0 });
    expect(await outcome(market)).toEqual(whole);
  });

  test("that is refused as too much is asked for in halves: nothing is lost, nothing told twice", async () => {
    const market = await aFullMarket();
    market.mostRecords = 4;
    await backfill(market);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: missing });
    expect(await outcome(market)).toEqual(whole);
    expect(market.heard.length).toBeGreaterThan(10);
  });

  test("of more pages than impact.com gives is asked for in halves before it is read", async () => {
    const market = await aFullMarket();
    market.fault = (url, nth) => (nth === 1 && url.pathname.endsWith("/ActionUpdates") ? Response.json({ "@numpages": "11" }) : undefined);
    await backfill(market);
    const [updates, actions, inquiries] = ["ActionUpdates", "Actions", "ActionInquiries"];
    expect(lists(market).map(([list]) => list)).toEqual([updates, updates, updates, actions, inquiries]);
    expect(await outcome(market)).toEqual(whole);
  });

  test("a refusal that cannot be cut any more fails it, in impact.com's words", async () => {
    const market = await aFullMarket();
    market.fault = () => Response.json({ Message: "No such program" }, { status: 400 });
    await backfill(market, { since: formatInstant(market.start - second), until: formatInstant(market.start) });
    expect(await latest(market)).toMatchObject({ state: "failed", reason: expect.stringContaining("No such program") });
  });

  test("cut at any call and gone on with finds the same", async () => {
    for (let cut = 1; cut <= 6; cut++) {
      const market = await aFullMarket();
      market.pageSize = 7;
      market.fault = (_, nth) => (nth === cut ? new Response(null, { status: 401 }) : undefined);
      await backfill(market);
      const one = await latest(market);
      expect([cut, one?.state]).toEqual([cut, "failed"]);
      await market.ask(`/reconciliations/${one?.id}/resume`, {});
      expect([cut, (await latest(market))?.state]).toEqual([cut, "finished"]);
      expect([cut, market.heard.length]).toEqual([cut, 7]);
      expect([cut, await outcome(market)]).toEqual([cut, whole]);
    }
  });

  test("whose isolate dies at any of its questions to D1 finds the same, once its lease is over", async () => {
    const market = await aFullMarket({ nextUpdatesAt: 0, watermark: Date.now() - 5 * day });
    let dead = 0;
    for (; (await latest(market))?.state !== "finished" && dead < 200; dead++) {
      let left = dead;
      await market.reconcile({ db: dying(() => left-- <= 0) }).catch(() => {});
      market.now += (await latest(market)) ? 31 * second : hour;
    }
    expect(dead).toBeGreaterThan(10);
    expect(await latest(market)).toMatchObject({ state: "finished" });
    expect(await outcome(market)).toEqual(whole);
    expect((await market.ask(`/gaps?source=${market.source.id}&limit=200`)).body.data).toHaveLength(missing);
  }, 60_000);

  test("reads an action on its own whose update is there and whose record the list did not have", async () => {
    const market = await aFullMarket();
    market.fault = (url) => (/\/Actions$/.test(url.pathname) ? Response.json({ Actions: [] }) : undefined);
    await backfill(market);
    const single = market.heard.filter(({ pathname }) => /\/Actions\/./.test(pathname));
    expect(single).toHaveLength(10);
    expect(await outcome(market)).toEqual(whole);
  });

  test("an action that impact.com does not show stops nobody", async () => {
    const market = await aFullMarket();
    const [hidden] = market.actions;
    market.fault = (url) => {
      if (/\/Actions$/.test(url.pathname)) return Response.json({ Actions: [] });
      return url.pathname.endsWith(`/${hidden?.id}`) ? new Response(null, { status: 404 }) : undefined;
    };
    await backfill(market);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: missing - 1 });
  });

  test("a record that cannot be read stops nobody, and is told", async () => {
    const market = await aFullMarket();
    market.fault = (url) => (url.pathname.endsWith("/ActionInquiries") ? Response.json({ ActionInquiries: [{ Id: "7" }] }) : undefined);
    await backfill(market);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: missing, reason: expect.stringContaining('"7"') });
  });

  test("goes campaign by campaign where there are campaigns", async () => {
    const market = await aMarket({ connection: { campaignIds: ["7", "8"] } });
    await backfill(market);
    expect(market.heard.map(({ searchParams }) => searchParams.get("CampaignId"))).toEqual(["7", "7", "8", "8", "7", "8"]);
  });
});

/** D1, until it is asked once more than it should be. */
function dying(isOver: () => boolean): D1Database {
  const check = () => {
    if (isOver()) throw new Error("the isolate died");
  };
  const real = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const ask =
      (name: "first" | "all" | "run") =>
      async (...args: never[]) => {
        check();
        return await (statement[name] as (...args: never[]) => Promise<unknown>)(...args);
      };
    const outer = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      first: ask("first"),
      all: ask("all"),
      run: ask("run"),
    } as unknown as D1PreparedStatement;
    real.set(outer, statement);
    return outer;
  };
  return {
    prepare: (sql: string) => wrap(env.DB.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      check();
      return await env.DB.batch(statements.map((one) => real.get(one) ?? one));
    },
  } as unknown as D1Database;
}
