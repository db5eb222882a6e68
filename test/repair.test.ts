import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { day, formatInstant, hour, minute } from "../src/domain/time.ts";
import { receive } from "../src/receive.ts";
import { receiptFor } from "./kit.ts";
import { type Action, aMarket, anAction, closeMarkets, type Market } from "./marketplace.ts";
import { metered } from "./store/meter.ts";
import { count } from "./store/samples.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());
afterAll(closeMarkets);

const backfill = (market: Market) =>
  market.ask("/reconciliations", { source: market.source.id, since: formatInstant(market.start - 10 * day) });
const gapsOf = async (market: Market) => (await market.ask(`/gaps?source=${market.source.id}&limit=200`)).body.data;

/** A market with one action, and the gaps that its walk leaves. */
async function gapsAfter(
  action: (market: Market) => Action,
  before: (market: Market, action: Action) => Promise<unknown> = async () => {},
) {
  const market = await aMarket();
  const one = action(market);
  market.actions.push(one);
  await before(market, one);
  await backfill(market);
  return await gapsOf(market);
}

/** Another action's postback, around the same time. */
async function neighbour(market: Market, ago: number[], nths = ago.map((_, nth) => nth)) {
  const other = anAction(market, ago);
  for (const nth of nths) await market.arrive(other, nth);
}

describe("why a notification was missed", () => {
  const change = (market: Market) => anAction(market, [5 * hour, 3 * hour]);
  const first = (market: Market, action: Action) => market.arrive(action, 0);

  test("since it happened before the source was made", async () => {
    const early = async ({ source, start }: Market) =>
      await env.DB.prepare("update sources set created_at = ? where id = ?")
        .bind(start - minute, source.id)
        .run();
    expect(await gapsAfter((market) => anAction(market), early)).toMatchObject([{ reason: "before_source" }]);
  });

  test("since no postback of its kind ever came", async () => {
    expect(await gapsAfter((market) => anAction(market))).toMatchObject([{ reason: "kind_never_sent" }]);
  });

  test("since the postback is set up for tracking alone", async () => {
    expect(await gapsAfter(change, first)).toMatchObject([{ reason: "tracking_only", type: "action.pending" }]);
  });

  test("since this call alone was lost", async () => {
    const before = async (market: Market, action: Action) => {
      await first(market, action);
      await neighbour(market, [4 * hour, 3 * hour]);
    };
    expect(await gapsAfter(change, before)).toMatchObject([{ reason: "call_lost" }]);
  });

  test("since nothing at all came at the time", async () => {
    const before = async (market: Market, action: Action) => {
      await first(market, action);
      await neighbour(market, [9 * hour, 8 * hour]);
    };
    expect(await gapsAfter(change, before)).toMatchObject([{ reason: "nothing_came" }]);
  });

  test("since it is in quarantine, with its id there", async () => {
    let quarantined = "";
    const before = async (market: Market, action: Action) => {
      const query = `ActionId=${action.id}&Payout=much`;
      const receipt = await receiptFor({ query, receivedAt: market.start - 3 * hour + minute }, market.source);
      quarantined = (await receive(market.app(), receipt)).id;
      await neighbour(market, [3 * hour]);
    };
    const gaps = await gapsAfter((market) => anAction(market), before);
    expect(gaps).toMatchObject([{ reason: "quarantined", detail: expect.stringContaining(quarantined) }]);
  });

  test("or that the record of it is another", async () => {
    const before = async (market: Market, action: Action) => {
      market.fault = (url) => (url.pathname.endsWith("/ActionUpdates") ? Response.json({ ActionUpdates: [] }) : undefined);
      const told = { ...action, changes: [{ at: market.start - 3 * hour, payout: 1, amount: 2 }] };
      await market.arrive(told, 0);
    };
    expect(await gapsAfter((market) => anAction(market), before)).toMatchObject([{ reason: "differs" }]);
  });

  test("is said with how late it was noticed, and by what event it is told instead", async () => {
    const [gap] = await gapsAfter((market) => anAction(market));
    expect(gap).toMatchObject({
      late_seconds: 3 * 3600,
      event_id: expect.stringMatching(/^evt_/),
      reconciliation: expect.stringMatching(/^rec_/),
    });
  });
});

describe("what is made good", () => {
  test("goes to each destination that selects it, with its origin, once", async () => {
    const market = await aMarket();
    const [all, approved, paused] = [
      await market.listener(),
      await market.listener({ filter: `source == "${market.source.name}" && status == "APPROVED"` }),
      await market.listener(),
    ];
    expect((await market.ask(`/destinations/${paused.id}`, { state: "paused" }, "PATCH")).status).toBe(200);
    market.actions.push(anAction(market));
    await backfill(market);
    await backfill(market);
    const deliveries = async (id: string) => await count("deliveries", "destination_id = ?", id);
    expect([await deliveries(all.id), await deliveries(approved.id), await deliveries(paused.id)]).toEqual([1, 0, 1]);
    expect(market.rung.filter((id) => id.endsWith(all.id))).toHaveLength(1);
    expect(market.rung.filter((id) => id.endsWith(paused.id))).toHaveLength(0);
  });

  test("goes once to a destination that hears of each action once", async () => {
    const market = await aMarket();
    const once = await market.listener({ once_per_action: true });
    market.actions.push(anAction(market, [5 * hour, 4 * hour, 3 * hour]));
    await backfill(market);
    expect(await count("deliveries", "destination_id = ?", once.id)).toBe(1);
  });

  test("stands in the books at once", async () => {
    const market = await aMarket();
    const action = anAction(market, [5 * hour, 3 * hour]);
    market.actions.push(action);
    await backfill(market);
    const row = await env.DB.prepare("select state, events, gaps, campaign_name from actions where action_id = ?").bind(action.id).first();
    expect(row).toEqual({ state: "PENDING", events: 2, gaps: 0, campaign_name: "Shoes" });
  });

  test("is a postback's like: its amounts, its dates, what the action is known by", async () => {
    const market = await aMarket();
    const action = anAction(market, [5 * hour, 3 * hour]);
    market.actions.push(action);
    await backfill(market);
    const { body } = await market.ask(`/actions/${action.id}`);
    expect(
      body.events.map(({ origin, payout, delta_payout, amount, currency }: any) => [origin, payout, delta_payout, amount, currency]),
    ).toEqual([
      ["reconciliation", "5.00", "5.00", "50.00", "EUR"],
      ["reconciliation", "6.00", "1.00", "60.00", "EUR"],
    ]);
    expect(body.history.map(({ step, effective_at }: any) => [step, effective_at])).toEqual([
      ["tracked", formatInstant(market.start - 5 * hour)],
      ["modified", formatInstant(market.start - 3 * hour)],
    ]);
  });
});

test("a page of a walk costs a fixed number of questions, and a repaired event few rows", async () => {
  const bill = async (actions: number) => {
    const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
    for (let nth = 0; nth < actions; nth++) market.actions.push(anAction(market, [5 * hour]));
    await neighbour(market, [5 * hour]);
    await market.ask("/actions?limit=1");
    await market.listener();
    const { db, bill } = metered(env.DB);
    await market.reconcile({ db });
    return bill;
  };
  const [none, some, more] = [await bill(0), await bill(10), await bill(40)];
  const [trips, rows] = [(more.roundTrips - some.roundTrips) / 30, (more.rowsWritten - some.rowsWritten) / 30];
  console.info(`an empty walk: ${none.roundTrips} round trips; of 10 repaired: ${some.roundTrips}; each more: ${trips}, and ${rows} rows`);
  expect(none.roundTrips).toBeLessThanOrEqual(40);
  expect(trips).toBeLessThanOrEqual(1);
  expect(rows).toBeLessThanOrEqual(40);
});
