import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { day, formatInstant, hour, minute, second } from "../src/domain/time.ts";
import { plan } from "../src/plan.ts";
import { goOn } from "../src/reconcile.ts";
import { findConnection } from "../src/store/connections.ts";
import { listReconciliations } from "../src/store/reconciliations.ts";
import { newSource } from "./kit.ts";
import { aMarket, anAction, closeMarkets, type Market } from "./marketplace.ts";
import { dyingAt } from "./store/dying.ts";
import { anEvent, count, save } from "./store/samples.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());
afterAll(closeMarkets);

const ofSource = async ({ source }: Market, task?: string) =>
  (await listReconciliations(env.DB, { source: source.id, task, limit: 50 })).reconciliations;
const latest = async (market: Market) => (await ofSource(market))[0];
const watermarkOf = async ({ source }: Market) => (await findConnection(env.DB, source.id))?.watermark;
const told = ({ source }: Market, origin = "reconciliation") => count("events", "source_id = ? and origin = ?", source.id, origin);
const news = async (market: Market, type: string) => await count("events", "subject = ?", `${type}:${market.source.id}`);
const refusal = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

/** A market whose updates are due, with an action of which two of three changes came. */
async function anHourlyMarket() {
  const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
  const action = anAction(market, [5 * hour, 4 * hour, 3 * hour]);
  market.actions.push(action);
  for (const nth of [0, 2]) await market.arrive(action, nth);
  return { market, action };
}

describe("every hour", () => {
  test("what changed since the watermark less two days is read, and what nobody told is made good and told", async () => {
    const { market, action } = await anHourlyMarket();
    const listener = await market.listener();
    await market.reconcile();
    const one = await latest(market);
    expect(one).toMatchObject({ task: "updates", state: "finished", repaired: 1, since: market.start - 2 * day, until: market.start });
    const { body } = await market.ask(`/actions/${action.id}`);
    expect(body.history.map(({ step, origin }: any) => [step, origin])).toEqual([
      ["tracked", "postback"],
      ["modified", "reconciliation"],
      ["modified", "postback"],
    ]);
    expect(body).toMatchObject({ payout: "7.00", gaps: [] });
    expect(await count("deliveries", "destination_id = ?", listener.id)).toBe(1);
    expect(market.rung.filter((id) => id.endsWith(listener.id))).toHaveLength(1);
  });

  test("the watermark moves to the end of a complete walk", async () => {
    const { market } = await anHourlyMarket();
    market.now += 10 * minute;
    await market.reconcile();
    expect(await watermarkOf(market)).toBe(market.now);
  });

  test("the watermark stays where it is while a walk is not complete", async () => {
    const { market } = await anHourlyMarket();
    market.fault = (url) => (url.pathname.endsWith("/ActionInquiries") ? refusal(429, { "retry-after": "60" }) : undefined);
    market.now += 10 * minute;
    await market.reconcile();
    expect([(await latest(market))?.state, await watermarkOf(market)]).toEqual(["running", market.start]);
  });

  test("a walk stops when it has asked D1 as often as it may, and goes on from there", async () => {
    const { market } = await anHourlyMarket();
    await plan(market.app());
    const id = (await latest(market))?.id ?? "";
    const legs = async () => (await latest(market))?.cursor.legs.length ?? 0;
    const all = await legs();
    await goOn(market.app(), id, minute, 1);
    expect([await legs(), (await latest(market))?.state, (await latest(market))?.leasedUntil]).toEqual([all - 1, "running", 0]);
    await goOn(market.app(), id, minute);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 1 });
  });

  test("one walk is begun, and not a second while it is under way, nor before an hour is over", async () => {
    const { market } = await anHourlyMarket();
    market.fault = () => refusal(429, { "retry-after": "7200" });
    await market.reconcile();
    for (const ms of [minute, hour]) {
      market.now += ms;
      await market.reconcile();
    }
    expect(await ofSource(market)).toHaveLength(1);
    market.fault = () => undefined;
    market.now += 2 * hour;
    await market.reconcile();
    await market.reconcile();
    market.now += 59 * minute;
    await market.reconcile();
    const walks = await ofSource(market);
    expect(walks.map(({ state }) => state)).toEqual(walks.map(() => "finished"));
    expect(walks.length).toBeLessThanOrEqual(2);
  });

  test("two isolates at once begin one walk, and take no step of it twice", async () => {
    const { market } = await anHourlyMarket();
    await Promise.all([market.reconcile(), market.reconcile(), market.reconcile()]);
    expect(await ofSource(market)).toHaveLength(1);
    const pages = market.heard.map(({ href }) => href);
    expect(pages).toEqual([...new Set(pages)]);
    expect(await told(market)).toBe(1);
  });

  test("a call that may still be under way is waited for", async () => {
    const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
    market.actions.push(anAction(market, [19 * minute]));
    await market.reconcile();
    expect(await told(market)).toBe(0);
    market.now += hour;
    await market.reconcile();
    expect(await told(market)).toBe(1);
  });
});

describe("when the Worker dies", () => {
  /** Where a walk notes how far it has come. */
  const noting = "calls = calls +";

  test("between a repair and its note, it is counted and told all the same, once", async () => {
    const { market } = await anHourlyMarket();
    for (let steps = 0; steps < 3; steps++) {
      await expect(market.reconcile({ db: dyingAt(noting) })).rejects.toThrow("dead");
      market.now += minute;
      await goOn(market.app(), (await latest(market))?.id ?? "", 0);
      market.now += minute;
    }
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 1 });
    const { body } = await market.ask(`/events?type=operational.gap_repaired&q=${market.source.id}`);
    expect(body.data).toMatchObject([{ repaired: "1" }]);
  });

  test.each(["insert into reconciliations", "update connections set next_"])(
    "at `%s`, what is due by the hour and by the day is begun by the next to look",
    async (statement) => {
      const market = await aMarket({ connection: { nextUpdatesAt: 0, nextStatesAt: 0 } });
      await expect(market.reconcile({ db: dyingAt(statement) })).rejects.toThrow("dead");
      expect(await ofSource(market)).toEqual([]);
      await market.reconcile();
      expect((await ofSource(market)).map(({ task }) => task).sort()).toEqual(["states", "updates"]);
    },
  );
});

test("every day, what locks is asked for by its locking date, in spans that impact.com answers for", async () => {
  const market = await aMarket({ connection: { abilities: { actions: "ok", updates: "ok", inquiries: "forbidden", jobs: "ok" } } });
  const near = anAction(market, [3 * hour], { lockingDate: market.start - hour, state: "APPROVED" });
  const far = anAction(market, [2 * hour], { lockingDate: market.start + 100 * day });
  market.actions.push(near, far);
  for (const action of market.actions) await market.arrive(action, 0);
  await market.ask("/actions?limit=1"); // has them booked
  await setDates(market);
  await market.connect({ nextStatesAt: 0 });
  market.heard.length = 0;
  await market.reconcile();
  const asked = market.heard.map(({ searchParams }) => searchParams);
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.every((one) => one.has("LockingDateStart") && one.get("State") === "APPROVED")).toBe(true);
  expect(asked.every((one) => isShort(one, "LockingDateStart", "LockingDateEnd") && isShort(one, "StartDate", "EndDate"))).toBe(true);
  expect((await market.ask(`/actions/${near.id}`)).body).toMatchObject({ state: "APPROVED", stage: "approved" });
  expect((await market.ask(`/gaps?source=${market.source.id}`)).body.data).toEqual([]);
});

test("what was never cleared is asked for every day, as far back as impact.com answers and no further", async () => {
  const market = await aMarket({ connection: { abilities: { actions: "ok", updates: "ok", inquiries: "forbidden", jobs: "ok" } } });
  const old = anAction(market, [1090 * day], { lockingDate: market.start - 1060 * day, state: "APPROVED" });
  const oldest = anAction(market, [1190 * day], { lockingDate: market.start - 1160 * day, state: "APPROVED" });
  const near = anAction(market, [3 * hour], { lockingDate: market.start - hour, state: "APPROVED" });
  market.actions.push(old, oldest, near);
  for (const action of market.actions) await market.arrive(action, 0);
  await market.ask("/actions?limit=1"); // has them booked
  await setDates(market);
  await market.connect({ nextStatesAt: 0 });
  market.heard.length = 0;
  for (let times = 0; times < 5; times++) await market.reconcile();
  const begun = market.heard.flatMap(({ searchParams }) =>
    ["StartDate", "LockingDateStart"].map((name) => Date.parse(searchParams.get(name) ?? "")),
  );
  expect(Math.min(...begun)).toBeGreaterThanOrEqual(market.start - 3 * 365 * day - second);
  expect(market.heard.every(({ searchParams: one }) => (one.get("StartDate") ?? "") < (one.get("EndDate") ?? ""))).toBe(true);
  expect((await latest(market))?.state).toBe("finished");
  for (const { id } of [old, near]) expect((await market.ask(`/actions/${id}`)).body.state).toBe("APPROVED");
});

test("an approval is found half a year after the last change, and comes after a postback that arrived when the action was locked already", async () => {
  const market = await aMarket({ connection: { abilities: { actions: "ok", updates: "ok", inquiries: "forbidden", jobs: "ok" } } });
  const action = anAction(market, [150 * day], { lockingDate: market.start - day, state: "APPROVED" });
  market.actions.push(action);
  await market.arrive(action, 0, market.start - hour);
  await market.ask("/actions?limit=1"); // has it booked
  await market.connect({ nextStatesAt: 0 });
  for (let times = 0; times < 5; times++) await market.reconcile();
  const { body } = await market.ask(`/actions/${action.id}`);
  expect([body.state, ...body.history.map(({ step }: any) => step)]).toEqual(["APPROVED", "tracked", "approved"]);
});

test("an approval that came by postback is one, and no repeat of what it approved", async () => {
  const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
  const action = anAction(market, [5 * hour], { lockingDate: market.start + 9 * day });
  market.actions.push(action);
  await market.arrive(action, 0);
  await market.reconcile();
  const approved = { ...action, changes: action.changes.map((change) => ({ ...change, status: "APPROVED" })) };
  await market.arrive(approved, 0, market.start + minute);
  action.state = "APPROVED";
  market.now += 2 * hour;
  await market.connect({ nextUpdatesAt: 0, nextStatesAt: 0 });
  for (let times = 0; times < 3; times++) await market.reconcile();
  const { body } = await market.ask(`/actions/${action.id}`);
  expect(body.history.map(({ step, origin }: any) => [step, origin])).toEqual([
    ["tracked", "postback"],
    ["approved", "postback"],
  ]);
  expect([body.state, await told(market)]).toEqual(["APPROVED", 0]);
});

/** The postbacks of a market do not tell locking dates; the books get them here. */
async function setDates({ actions }: Market) {
  for (const { id, lockingDate } of actions)
    await env.DB.prepare("update actions set locking_date = ? where action_id = ?").bind(lockingDate, id).run();
}

function isShort(one: URLSearchParams, from: string, to: string): boolean {
  return Date.parse(one.get(to) ?? "") - Date.parse(one.get(from) ?? "") <= 45 * day;
}

test("three years are asked for in spans of 45 days at the most, without a hole", async () => {
  const market = await aMarket();
  const since = formatInstant(market.start - 1094 * day);
  await market.ask("/reconciliations", { source: market.source.id, since });
  const asked = market.heard.filter(({ pathname }) => pathname.endsWith("/ActionUpdates")).map(({ searchParams }) => searchParams);
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.every((one) => isShort(one, "StartDate", "EndDate"))).toBe(true);
  const ends = [since, ...asked.map((one) => one.get("EndDate"))];
  expect(asked.every((one, nth) => Date.parse(one.get("StartDate") ?? "") <= Date.parse(ends[nth] ?? ""))).toBe(true);
  expect(ends.at(-1)).toBe(formatInstant(market.start));
  expect((await latest(market))?.state).toBe("finished");
});

describe("when impact.com", () => {
  test("has had enough, the walk waits until it says, and goes on at its place", async () => {
    const { market } = await anHourlyMarket();
    market.fault = (_, nth) => (nth === 2 ? refusal(429, { "retry-after": "300" }) : undefined);
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "running", nextAt: market.start + 5 * minute, failures: 0, calls: 2 });
    market.now += 4 * minute;
    await market.reconcile();
    expect(market.heard).toHaveLength(2);
    market.now += minute;
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 1, reason: null });
    const lists = market.heard.map(({ pathname }) => pathname.split("/")[3]);
    expect(lists).toEqual(["ActionUpdates", "Actions", "Actions", "ActionInquiries"]);
  });

  test("does not know the credentials any more, the walk fails, which is told once, until they are saved anew", async () => {
    const { market } = await anHourlyMarket();
    market.fault = () => refusal(401);
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "failed", failures: 1, reason: expect.stringContaining("AuthToken") });
    expect((await findConnection(env.DB, market.source.id))?.failure).toContain("AuthToken");
    market.now += hour;
    await market.reconcile();
    expect(await news(market, "operational.reconciliation_failing")).toBe(1);
    expect((await ofSource(market)).map(({ state }) => state)).toEqual(["failed", "failed"]);
    market.fault = () => undefined;
    await market.connect({ nextUpdatesAt: 0 });
    await market.reconcile();
    expect((await findConnection(env.DB, market.source.id))?.failure).toBeNull();
    expect(await told(market)).toBe(1);
    market.fault = () => refusal(401);
    market.now += hour;
    await market.reconcile();
    expect(await news(market, "operational.reconciliation_failing")).toBe(2);
  });

  test("failed a walk, resuming goes on at its place", async () => {
    const { market } = await anHourlyMarket();
    market.fault = (_, nth) => (nth === 2 ? refusal(401) : undefined);
    await market.reconcile();
    const { id = "", state } = (await latest(market)) ?? {};
    expect(state).toBe("failed");
    const { body } = await market.ask(`/reconciliations/${id}/resume`, {});
    expect(body).toMatchObject({ state: "running", reason: null, failures: 0 });
    expect(await latest(market)).toMatchObject({ id, state: "finished", repaired: 1 });
    expect(market.heard.filter(({ pathname }) => pathname.endsWith("/ActionUpdates"))).toHaveLength(1);
    expect((await findConnection(env.DB, market.source.id))?.failure).toBeNull();
  });

  test("is away, the walk waits longer and longer, and is given up after twelve times", async () => {
    const { market } = await anHourlyMarket();
    market.fault = () => refusal(503, { "retry-after": "1" });
    const failures: number[] = [];
    for (let tries = 0; tries < 14; tries++) {
      await market.reconcile();
      const one = (await ofSource(market)).at(-1);
      failures.push(one?.failures ?? 0);
      market.now = Math.max((one?.nextAt ?? 0) + second, market.now);
      if (one?.state === "failed") break;
    }
    expect(failures).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await news(market, "operational.reconciliation_failing")).toBe(1);
  });

  test("is away without a word of for how long, the waits double from half a minute on, up to half an hour less some chance", async () => {
    const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
    market.fault = () => refusal(502);
    const waits: number[] = [];
    for (const failures of [0, 1, 4, 5, 10]) {
      await env.DB.prepare("update reconciliations set failures = ?, next_at = ? where source_id = ?")
        .bind(failures, market.now, market.source.id)
        .run();
      await market.reconcile();
      waits.push((((await latest(market))?.nextAt ?? 0) - market.now) / minute);
    }
    expect(waits.slice(1)).toEqual([1, 8, 15, 15]);
    expect(waits[0]).toBe(0.5);
  });

  test("does not let inquiries be read, they are left out, and the rest is read", async () => {
    const { market } = await anHourlyMarket();
    market.fault = (url) => (url.pathname.endsWith("/ActionInquiries") ? refusal(403) : undefined);
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 1 });
  });
});

describe("credentials that are given anew", () => {
  const put = (market: Market, parts: Record<string, unknown> = {}) =>
    market.ask(`/sources/${market.source.id}/api`, { account_sid: market.accountSid, auth_token: "another.token", ...parts }, "PUT");
  const backfill = async (market: Market) =>
    (await market.ask("/reconciliations", { source: market.source.id, since: formatInstant(market.start - 10 * day) })).body.id as string;

  test("have what failed without them go on at its place: what was asked for, and the last walk by the hour", async () => {
    const { market } = await anHourlyMarket();
    market.fault = (url) => (url.pathname.endsWith("/ActionUpdates") ? undefined : refusal(401));
    await market.reconcile();
    market.now += hour;
    await market.reconcile();
    const asked = await backfill(market);
    const before = await ofSource(market);
    expect(before.map(({ id, state }) => [id === asked, state])).toEqual([
      [true, "failed"],
      [false, "failed"],
      [false, "failed"],
    ]);
    market.fault = () => undefined;
    market.heard.length = 0;
    expect((await put(market)).status).toBe(200);
    const after = await ofSource(market);
    expect(after.map(({ id, state }) => [id, state])).toEqual([
      [before[0]?.id, "finished"],
      [before[1]?.id, "finished"],
      [before[2]?.id, "failed"],
    ]);
    const tried = 1; // of updates, by the credentials' trial
    expect(market.heard.filter(({ pathname }) => pathname.endsWith("/ActionUpdates"))).toHaveLength(tried);
    expect([await told(market), (await findConnection(env.DB, market.source.id))?.failure]).toEqual([1, null]);
  });

  test("of another account begin anew", async () => {
    const { market } = await anHourlyMarket();
    market.fault = () => refusal(401);
    await market.reconcile();
    await env.DB.prepare("update connections set account_hash = 'another' where source_id = ?").bind(market.source.id).run();
    market.fault = () => undefined;
    expect((await put(market)).status).toBe(200);
    expect((await ofSource(market)).map(({ state }) => state)).toEqual(["failed"]);
  });

  test("leave alone what failed for something else, and what the operator paused", async () => {
    const { market } = await anHourlyMarket();
    market.fault = () => Response.json({ Message: "No" }, { status: 400 });
    const asked = await backfill(market);
    market.fault = () => refusal(429, { "retry-after": "60" });
    const paused = await backfill(market);
    await market.ask(`/reconciliations/${paused}/pause`, {});
    market.fault = () => undefined;
    market.now += hour;
    expect((await put(market)).status).toBe(200);
    expect((await ofSource(market)).map(({ id, state }) => [id, state])).toEqual([
      [paused, "paused"],
      [asked, "failed"],
    ]);
  });
});

describe("a template without {ActionId}", () => {
  const without = ["ActionId"];

  /** A market whose postbacks do not say which action they are about. */
  async function aNamelessMarket() {
    const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
    const listener = await market.listener();
    const action = anAction(market, [5 * hour, 3 * hour]);
    market.actions.push(action);
    for (const nth of [0, 1]) await market.arrive(action, nth, undefined, without);
    await market.ask("/actions?limit=1"); // has them booked
    return { market, listener, action, deliveries: () => count("deliveries", "destination_id = ?", listener.id) };
  }

  test("fails the walk before anything is asked or told, and says what to do", async () => {
    const { market, deliveries } = await aNamelessMarket();
    await market.reconcile();
    const { body } = await market.ask(`/reconciliations?source=${market.source.id}`);
    expect(body.data).toMatchObject([{ state: "failed", repaired: 0, reason: expect.stringContaining("without {ActionId}") }]);
    expect([market.heard.length, await told(market), await deliveries()]).toEqual([0, 0, 2]);
    expect(await news(market, "operational.reconciliation_failing")).toBe(1);
    expect((await findConnection(env.DB, market.source.id))?.failure).toContain("{ActionId}");
    await market.ask(`/reconciliations/${body.data[0].id}/resume`, {});
    expect((await latest(market))?.state).toBe("failed");
  });

  test("once it is mended lets the walk go on, tells nothing twice, and what was lost since", async () => {
    const { market, action, deliveries } = await aNamelessMarket();
    const since = anAction(market, [2 * hour, hour]);
    market.actions.push(since);
    await market.arrive(since, 0);
    await market.ask("/actions?limit=1");
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 3 });
    const { body } = await market.ask(`/gaps?source=${market.source.id}`);
    const reasons = body.data.map(({ subject, reason, detail }: any) => [subject, reason, detail.includes("{ActionId}")]);
    expect(reasons.toSorted()).toEqual(
      [
        [`action:${action.id}`, "template_without_id", true],
        [`action:${action.id}`, "template_without_id", true],
        [`action:${since.id}`, "nothing_came", false],
      ].toSorted(),
    );
    expect(await deliveries()).toBe(4);
    expect((await market.ask(`/actions/${action.id}`)).body).toMatchObject({ payout: "6.00", gaps: [] });
  });

  test("of a test call, or of another source, holds nothing up", async () => {
    const { market } = await anHourlyMarket();
    const other = await newSource();
    const kinds = [{ sourceId: market.source.id, isTest: true }, { sourceId: other.id }];
    for (const parts of kinds) await save(anEvent({ ...parts, subject: null, actionId: null, receivedAt: market.start - 4 * hour }));
    await market.reconcile();
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 1 });
    expect((await market.ask(`/gaps?source=${market.source.id}`)).body.data).toMatchObject([{ reason: "call_lost" }]);
  });

  test("holds no history up, which goes to nobody", async () => {
    const { market } = await aNamelessMarket();
    const { body } = await market.ask("/reconciliations", { source: market.source.id, import: true, ...span(market) });
    expect([body.origin, (await latest(market))?.state]).toEqual(["import", "finished"]);
  });

  const span = ({ start }: Market) => ({ since: formatInstant(start - 110 * day), until: formatInstant(start - 101 * day) });
});

describe("what was made good", () => {
  test("is told as news, once, with how much it was", async () => {
    const { market } = await anHourlyMarket();
    market.actions.push(anAction(market, [6 * hour, 5 * hour]));
    await market.reconcile();
    const { body } = await market.ask(`/events?type=operational.gap_repaired&q=${market.source.id}`);
    expect(body.data).toMatchObject([{ repaired: "3", source_name: market.source.name, since: formatInstant(market.start - 2 * day) }]);
    market.now += hour;
    await market.reconcile();
    expect(await ofSource(market)).toHaveLength(2);
    expect(await news(market, "operational.gap_repaired")).toBe(1);
  });

  test("is not told when nothing was", async () => {
    const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
    await market.reconcile();
    expect([(await latest(market))?.state, await news(market, "operational.gap_repaired")]).toEqual(["finished", 0]);
  });
});

test("a source that has lost its access fails its walk, and says what to do", async () => {
  const { market } = await anHourlyMarket();
  market.fault = () => refusal(429, { "retry-after": "60" });
  await market.reconcile();
  await env.DB.prepare("delete from connections where source_id = ?").bind(market.source.id).run();
  market.now += 2 * minute;
  await market.reconcile();
  expect(await latest(market)).toMatchObject({ state: "failed", reason: expect.stringContaining("PUT /sources/:id/api") });
});
