import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { day, formatInstant, hour, minute } from "../src/domain/time.ts";
import { aMarket, anAction, closeMarkets, type Market } from "./marketplace.ts";
import { count } from "./store/samples.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());
afterAll(closeMarkets);

const backfill = async (market: Market, parts: Record<string, unknown> = {}) =>
  (await market.ask("/reconciliations", { source: market.source.id, since: formatInstant(market.start - 10 * day), ...parts })).body;
const made = ({ source }: Market) => count("events", "source_id = ? and origin <> 'postback'", source.id);
const history = async (market: Market, id: string) =>
  (await market.ask(`/actions/${id}`)).body.history.map(({ step, origin }: any) => `${step} by ${origin}`);

describe("a postback that comes after what it says was made good", () => {
  /** An action whose change came by reconciliation. */
  async function repaired() {
    const market = await aMarket();
    const action = anAction(market, [5 * hour, 3 * hour]);
    market.actions.push(action);
    await market.arrive(action, 0);
    await backfill(market);
    return { market, action };
  }

  test("is a duplicate, and so is its repeat", async () => {
    const { market, action } = await repaired();
    for (const at of [market.now + minute, market.now + 2 * hour])
      expect(await market.arrive(action, 1, at)).toMatchObject({ status: "duplicate" });
    expect(await history(market, action.id)).toEqual(["tracked by postback", "modified by reconciliation"]);
  });

  test("is a duplicate of the event that was made, by its id", async () => {
    const { market, action } = await repaired();
    const { body } = await market.ask(`/actions/${action.id}`);
    expect((await market.arrive(action, 1, market.now + minute)).id).toBe(body.events[1].id);
  });

  test("and tells a true return to an earlier state is none", async () => {
    const { market, action } = await repaired();
    action.changes.push({ at: market.now + hour, status: "REVERSED", payout: 0, amount: 0 });
    action.changes.push({ at: market.now + 2 * hour, payout: 5, amount: 50 });
    expect(await market.arrive(action, 2)).toMatchObject({ status: "accepted" });
    expect(await market.arrive(action, 3)).toMatchObject({ status: "accepted" });
    market.now += 3 * hour;
    const { repaired: again } = await backfill(market);
    expect(again).toBe(0);
    expect((await market.ask(`/actions/${action.id}`)).body).toMatchObject({ state: "PENDING", payout: "5.00", gaps: [] });
    expect((await history(market, action.id)).map((entry: string) => entry.split(" ")[0])).toEqual([
      "tracked",
      "modified",
      "reversed",
      "reinstated",
    ]);
  });
});

describe("an order that impact.com's API tells by an update for each item, and its postback at once", () => {
  /** An action tracked with two items, which nobody told, in a walk that made it good; and the postback that told it. */
  async function repaired(skus: (string | undefined)[]) {
    const market = await aMarket();
    const listener = await market.listener();
    const at = market.start - 3 * hour;
    const items = [
      { at, payout: 2, amount: 20 },
      { at, payout: 5, amount: 50 },
    ].map((item, nth) => ({ ...item, ...(skus[nth] !== undefined && { sku: skus[nth] }) }));
    const action = anAction(market, [], { changes: items });
    market.actions.push(action);
    await backfill(market);
    return { market, listener, action, whole: { ...action, changes: items.slice(1) } };
  }

  test("is made good by one event with the sums, and is one gap", async () => {
    const { market, action } = await repaired(["shoes", "socks"]);
    const { events, ...shown } = (await market.ask(`/actions/${action.id}`)).body;
    expect(events.map(({ payout, amount, fields }: any) => [payout, amount, fields.DeltaPayout, fields.DeltaAmount])).toEqual([
      ["5.00", "50.00", "5.00", "50.00"],
    ]);
    expect(shown).toMatchObject({ state: "PENDING", payout: "5.00", amount: "50.00", gaps: [] });
    const { data } = (await market.ask(`/gaps?source=${market.source.id}`)).body;
    expect(data.map(({ type, reason }: any) => [type, reason])).toEqual([["action.pending", "kind_never_sent"]]);
    await backfill(market);
    expect(await made(market)).toBe(1);
  });

  test("and its late postback is a duplicate, forwarded never", async () => {
    const { market, listener, whole } = await repaired(["shoes", "socks"]);
    expect(await market.arrive(whole, 0, market.now + minute)).toMatchObject({ status: "duplicate" });
    expect(await count("deliveries", "destination_id = ?", listener.id)).toBe(1);
  });

  test("where its postback came and comes again, is told once", async () => {
    const market = await aMarket();
    const at = market.start - 3 * hour;
    const changes = ["shoes", "socks"].map((sku, nth) => ({ at, sku, payout: 2 + 3 * nth, amount: 20 }));
    const action = anAction(market, [], { changes: [...changes, { at: at + hour, status: "REVERSED", payout: 0, amount: 0 }] });
    const whole = { ...action, changes: action.changes.slice(1) };
    market.actions.push(action);
    for (const [nth, came] of [[0, at + minute] as const, [1, at + hour + minute] as const, [0, at + 2 * hour] as const])
      expect(await market.arrive(whole, nth, came)).toMatchObject({ status: "accepted" });
    await backfill(market);
    expect(await history(market, action.id)).toEqual(["tracked by postback", "repeated by postback", "reversed by postback"]);
    expect(await made(market)).toBe(0);
  });

  test("and two updates of one second without Skus are two events", async () => {
    const { market } = await repaired([undefined, undefined]);
    expect(await made(market)).toBe(2);
  });
});

describe("history from before a source was made", () => {
  async function imported() {
    const market = await aMarket();
    await env.DB.prepare("update sources set created_at = ? where id = ?")
      .bind(market.start - hour, market.source.id)
      .run();
    const listener = await market.listener();
    const action = anAction(market, [5 * hour, 3 * hour]);
    market.actions.push(action);
    const begun = await backfill(market, { import: true });
    return { market, listener, action, begun };
  }

  test("is kept as such, delivered to nobody, and makes no gap", async () => {
    const { market, listener, action, begun } = await imported();
    expect(begun).toMatchObject({ origin: "import", until: formatInstant(market.start - hour) });
    expect(await history(market, action.id)).toEqual(["tracked by import", "modified by import"]);
    expect([await count("deliveries", "destination_id = ?", listener.id), await count("gaps", "source_id = ?", market.source.id)]).toEqual([
      0, 0,
    ]);
    expect(await count("events", "subject = ?", `operational.gap_repaired:${market.source.id}`)).toBe(0);
  });

  test("counts in no capture rate", async () => {
    const { market } = await imported();
    expect((await market.ask(`/capture?source=${market.source.id}`)).body.data).toEqual([]);
  });
});

describe("inquiries", () => {
  test("that nobody told of are made good, once for each state", async () => {
    const market = await aMarket();
    const inquiry = {
      id: `9${Date.now()}${Math.floor(1e6 * Math.random())}`,
      createdAt: market.start - 5 * hour,
      resolvedAt: market.start - hour,
    };
    market.inquiries.push(inquiry);
    await backfill(market);
    await backfill(market);
    const { body } = await market.ask(`/inquiries/${inquiry.id}`);
    expect(body.events.map(({ status, type }: any) => [status, type])).toEqual([["VALID", "inquiry.resolved"]]);
    expect((await market.ask(`/gaps?source=${market.source.id}`)).body.data).toMatchObject([
      { subject: `inquiry:${inquiry.id}`, type: "inquiry.resolved", effective_at: formatInstant(inquiry.resolvedAt), late_seconds: 3600 },
    ]);
  });

  test("that are open are read one by one every day, until they are resolved", async () => {
    const market = await aMarket();
    const inquiry = {
      id: `8${Date.now()}${Math.floor(1e6 * Math.random())}`,
      createdAt: market.start - 40 * day,
      resolvedAt: market.start + hour,
    };
    market.inquiries.push(inquiry);
    await backfill(market, { since: formatInstant(market.start - 43 * day) });
    for (const [ms, status] of [
      [minute, "UNRESOLVED"],
      [2 * hour, "VALID"],
    ] as const) {
      market.now += ms;
      market.heard.length = 0;
      await market.connect({ nextStatesAt: 0 });
      await market.reconcile();
      expect(market.heard.map(({ pathname }) => pathname.split("/").slice(3).join("/"))).toEqual([`ActionInquiries/${inquiry.id}`]);
      expect((await market.ask(`/inquiries/${inquiry.id}`)).body.status).toBe(status);
    }
    expect(await made(market)).toBe(2);
  });
});

test("what a clearing and an approval by date left is told, and only the clearing counts as missed", async () => {
  const market = await aMarket();
  const action = anAction(market, [9 * day], { lockingDate: market.start - 2 * day, clearedDate: market.start - day, state: "APPROVED" });
  market.actions.push(action);
  await market.arrive(action, 0);
  expect((await backfill(market)).id).toMatch(/^rec_/);
  expect(await history(market, action.id)).toEqual(["tracked by postback", "approved by reconciliation", "cleared by reconciliation"]);
  expect((await market.ask(`/gaps?source=${market.source.id}`)).body.data.map(({ type }: any) => type)).toEqual(["action.cleared"]);
  await backfill(market);
  expect(await made(market)).toBe(2);
});
