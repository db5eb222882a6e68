import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { day, formatInstant, hour, minute } from "../src/domain/time.ts";
import { begin } from "../src/plan.ts";
import { goOn } from "../src/reconcile.ts";
import { findConnection, saveConnection } from "../src/store/connections.ts";
import { listReadingsOf, saveReadings } from "../src/store/readings.ts";
import { aReading } from "./domain/told.ts";
import { type Action, aMarket, anAction, type Change, closeMarkets, type Market } from "./marketplace.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());
afterAll(closeMarkets);

/** An action of two months with two early changes and three late ones. */
function aLongLife(market: Market, parts: Partial<Action> = {}, worth = [38, 43, 25, 20, 0]): Action {
  const action = anAction(market, [60 * day, 55 * day, 9 * day, 7 * day, 5 * hour], parts);
  action.changes = action.changes.map((change, nth) => ({ ...change, payout: worth[nth] as number, amount: 10 * (worth[nth] as number) }));
  (action.changes[4] as { status?: string }).status = parts.state === "APPROVED" ? "PENDING" : "REVERSED";
  market.actions.push(action);
  return action;
}

/** A backfill that is paused when it has read its older window, with all that changed in it, and not yet the newer one. */
async function halfway(market: Market) {
  const connection = await findConnection(env.DB, market.source.id);
  if (!connection) throw new Error("no access");
  const { id } = await begin(market.app(), connection, "backfill", market.start - 80 * day, market.now);
  await goOn(market.app(), id, minute, 1); // the updates of the older window
  await goOn(market.app(), id, minute, 1); // its actions
  await market.ask(`/reconciliations/${id}/pause`, {});
  return async () => {
    await market.ask(`/reconciliations/${id}/resume`, {});
    await goOn(market.app(), id, 10 * minute);
  };
}

const due = async (market: Market, task: "updates" | "states") => {
  const connection = await findConnection(env.DB, market.source.id);
  if (!connection) throw new Error("no access");
  await saveConnection(env.DB, { ...connection, [task === "updates" ? "nextUpdatesAt" : "nextStatesAt"]: 0 });
  await market.reconcile();
};

const linesOf = async (market: Market, { id }: Action) => {
  const { body } = await market.ask(`/actions/${id}`);
  return body.history.map(({ step, payout, delta_payout, origin }: any) => [step, payout, delta_payout, origin]);
};

const whole = [
  ["tracked", "38.00", "38.00", "reconciliation"],
  ["modified", "43.00", "5.00", "reconciliation"],
  ["modified", "25.00", "-18.00", "reconciliation"],
  ["modified", "20.00", "-5.00", "postback"],
  ["reversed", "0.00", "-20.00", "reconciliation"],
];

describe("while a backfill is halfway", () => {
  test("the hourly walk tells what it has read itself, and the rest is told with what it was worth", async () => {
    const market = await aMarket();
    const action = aLongLife(market);
    await market.arrive(action, 3, market.start);
    const finish = await halfway(market);
    await due(market, "updates");
    expect((await linesOf(market, action)).filter(([, , , origin]: string[]) => origin === "reconciliation")).toEqual([whole[4]]);
    await finish();
    expect(await linesOf(market, action)).toEqual(whole);
    expect((await market.ask(`/actions/${action.id}`)).body).toMatchObject({ state: "REVERSED", payout: "0.00", gaps: [] });
  });

  test("the daily walk tells the approval, and nothing of what was not read to its end", async () => {
    const market = await aMarket();
    const action = aLongLife(market, { state: "APPROVED", lockingDate: market.start - hour }, [38, 43, 25, 20, 25]); // its last change is that of the second
    await market.arrive(action, 3, market.start);
    const finish = await halfway(market);
    await market.ask("/actions");
    await due(market, "states");
    const lines = await linesOf(market, action);
    expect(lines.map(([step, , , origin]: string[]) => `${step} by ${origin}`).sort()).toEqual([
      "approved by reconciliation",
      "tracked by postback",
    ]);
    await finish();
    expect((await linesOf(market, action)).map(([, payout]: string[]) => payout)).toEqual([
      "38.00",
      "43.00",
      "25.00",
      "20.00",
      "25.00",
      "25.00",
    ]);
  });

  test("what changed since it began, and was read by the hour, belongs to what it knows", async () => {
    const market = await aMarket();
    const action = aLongLife(market);
    action.changes.pop();
    const finish = await halfway(market);
    market.now += 5 * minute;
    action.changes.push({ at: market.start + minute, payout: 12, amount: 120 });
    await due(market, "updates"); // reads it, and leaves it alone: its postback may be under way
    await finish();
    expect((await linesOf(market, action)).map(([, payout]: string[]) => payout)).toEqual(["38.00", "43.00", "25.00", "20.00"]);
  });

  test("what an hourly walk is in the middle of reading is left to that", async () => {
    const market = await aMarket();
    const action = aLongLife(market);
    await market.arrive(action, 3, market.start);
    const finish = await halfway(market);
    const [unread, read] = [2, 4].map((minutes) => ({ at: market.start + minutes * minute, payout: minutes, amount: 10 * minutes }));
    action.changes.push(unread as Change, read as Change);
    const two = { deltaPayout: 2_000_000n, deltaAmount: 20_000_000n };
    const key = { sourceId: market.source.id, actionId: action.id, id: `${action.id}.906`, at: market.start + 4 * minute };
    await saveReadings(env.DB, [aReading({ ...key, ...two })]);
    market.now += 5 * minute;
    await finish();
    const readings = await listReadingsOf(env.DB, [[market.source.id, action.id]]);
    expect(readings.map(({ payout }) => payout)).toEqual([...[38, 43, 25, 20, 0].map((worth) => BigInt(worth) * 1_000_000n), null]);
  });

  test("a backfill of a time long past knows what came after it", async () => {
    const market = await aMarket({ connection: { watermark: Date.now() - 40 * day } }); // no hourly walk has come so far
    const action = aLongLife(market);
    const span = { since: formatInstant(market.start - 80 * day), until: formatInstant(market.start - 30 * day) };
    await market.ask("/reconciliations", { source: market.source.name, ...span });
    expect(await linesOf(market, action)).toEqual(whole.slice(0, 2));
  });

  test("another backfill tells what it has read itself", async () => {
    const market = await aMarket();
    const action = aLongLife(market);
    await market.arrive(action, 3, market.start);
    const finish = await halfway(market);
    await market.ask("/reconciliations", { source: market.source.name, since: formatInstant(market.start - 8 * day) });
    expect((await linesOf(market, action)).filter(([, , , origin]: string[]) => origin === "reconciliation")).toEqual([whole[4]]);
    await finish();
    expect(await linesOf(market, action)).toEqual(whole);
  });
});
