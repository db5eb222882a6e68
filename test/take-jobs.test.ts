import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { App } from "../src/app.ts";
import { collect } from "../src/collect.ts";
import type { Connection } from "../src/domain/connection.ts";
import { day, formatInstant, hour, minute, second } from "../src/domain/time.ts";
import { receive } from "../src/receive.ts";
import { goOn } from "../src/reconcile.ts";
import { listReconciliations } from "../src/store/reconciliations.ts";
import { receiptFor } from "./kit.ts";
import { aMarket, closeMarkets, type Job, type Market } from "./marketplace.ts";
import { count } from "./store/samples.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());
afterAll(closeMarkets);

const noBucket = { archive: null };
async function backfill(market: Market, others: Partial<App> = noBucket, parts: Record<string, unknown> = {}) {
  market.now += second; // of two reconciliations the later one is the latest
  await market.ask(
    "/reconciliations",
    { source: market.source.id, since: formatInstant(market.start - 10 * day), ...parts },
    "POST",
    others,
  );
}

const latest = async ({ source }: Market) => (await listReconciliations(env.DB, { source: source.id, limit: 1 })).reconciliations[0];
const asked = ({ heard }: Market) => heard.filter(({ pathname }) => pathname.endsWith("/Jobs"));

function aJob({ start }: Market, parts: Partial<Job> = {}): Job {
  return { id: crypto.randomUUID(), createdAt: start - 6 * hour, completedAt: start - 5 * hour, ...parts };
}

/** The postback of a job's completion, a minute after it unless said. */
async function arrive(market: Market, { id, completedAt = market.start }: Job, others: Partial<App> = noBucket, at = completedAt + minute) {
  const query = new URLSearchParams({ JobId: id, Status: "COMPLETED" }).toString();
  const app = market.app(others);
  const received = await receive(app, await receiptFor({ kind: "job-completion", query, receivedAt: at }, market.source));
  await app.settle();
  return received;
}

/** A market with one job that was told, and jobs that were not. */
async function aMarketOf(jobs: Partial<Job>[], connection: Partial<Connection> = {}) {
  const market = await aMarket({ connection });
  const told = aJob(market, { createdAt: market.start - 9 * hour, completedAt: market.start - 8 * hour });
  market.jobs.push(told, ...jobs.map((parts) => aJob(market, parts)));
  await arrive(market, told);
  return { market, told, lost: market.jobs.slice(1) };
}

const eventsOf = async (market: Market, { id }: Job) => (await market.ask(`/jobs/${id}`)).body.events ?? [];
const repairedOf = async (market: Market) => await count("events", "source_id = ? and origin = 'reconciliation'", market.source.id);

describe("a completed job that no postback told", () => {
  test("becomes an event with a gap, is delivered like a postback, and once", async () => {
    const { market, lost } = await aMarketOf([{}]);
    const destination = await market.listener();
    await backfill(market);
    await backfill(market);
    const [event, ...others] = await eventsOf(market, lost[0] as Job);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      kind: "job-completion",
      type: "job.completed",
      status: "COMPLETED",
      origin: "reconciliation",
      warnings: [],
    });
    expect(event.fields).toMatchObject({ JobId: lost[0]?.id, Type: "ClickExport", CompletedDate: formatInstant(market.start - 5 * hour) });
    expect(JSON.stringify(event)).not.toMatch(/IR-account-sid|Mediapartners/);
    expect(event.occurred_at).toBe(formatInstant(market.start - 5 * hour));
    const { body } = await market.ask(`/gaps?source=${market.source.id}`);
    expect(body.data).toMatchObject([{ type: "job.completed", event_id: event.id, reason: "nothing_came", subject: `job:${lost[0]?.id}` }]);
    expect((await market.ask(`/deliveries?event=${event.id}`)).body.data).toMatchObject([{ destination: destination.id }]);
    expect(market.rung).toContain(`${event.id}:${destination.id}`);
  });

  test("where results are fetched is a hint: the result is fetched and told, once, though the postback comes after all", async () => {
    const { market, lost } = await aMarketOf([{}]);
    const [job] = lost as [Job];
    const fetching = { archive: market.app().archive };
    const destination = await market.listener();
    await backfill(market, fetching);
    await backfill(market, fetching);
    const [hint, ...none] = await eventsOf(market, job);
    expect(none).toEqual([]);
    expect(hint).toMatchObject({ origin: "reconciliation", warnings: [{ code: "job_is_fetched" }] });
    expect((await market.ask(`/deliveries?event=${hint.id}`)).body.data).toEqual([]);
    const collected = async () => {
      const app = market.app(fetching);
      await collect(app, minute);
      await app.settle();
      return (await eventsOf(market, job)).filter(({ fields }: any) => fields.DownloadUrl);
    };
    const told = await collected();
    expect(told).toMatchObject([{ origin: "reconciliation", fields: { JobId: job.id, Bytes: "5", ContentType: "text/csv" } }]);
    market.now += second;
    expect(await arrive(market, job, fetching, market.now)).toMatchObject({ status: "accepted" });
    expect(await collected()).toHaveLength(1);
    expect((await market.ask(`/deliveries?event=${told[0].id}`)).body.data).toMatchObject([{ destination: destination.id }]);
    expect(await count("gaps", "source_id = ?", market.source.id)).toBe(1);
  });

  test("can be fetched once more by the operator", async () => {
    const { market, lost } = await aMarketOf([{}]);
    await backfill(market, {});
    const [job] = lost as [Job];
    await env.DB.prepare("update job_files set state = 'failed' where job_id = ?").bind(job.id).run();
    expect(await market.ask(`/jobs/${job.id}/fetch`, {})).toMatchObject({ status: 202, body: { state: "waiting" } });
  });

  test("that was run again is told again, and not for the run that was told", async () => {
    const { market, told } = await aMarketOf([]);
    await backfill(market);
    expect(await repairedOf(market)).toBe(0);
    told.completedAt = market.start - 2 * hour;
    await backfill(market);
    await backfill(market);
    expect(await eventsOf(market, told)).toMatchObject([{ origin: "postback" }, { origin: "reconciliation" }]);
  });

  test.each([
    ["it is not over", { completedAt: undefined as never }],
    ["it failed, of which impact.com does not say that it tells", { status: "FAILED" }],
    ["it is no export", { type: "UploadAds" }],
    ["it was completed before the span", { completedAt: Date.now() - 11 * day }],
  ])("is nothing when %s", async (_, parts) => {
    const { market } = await aMarketOf([parts]);
    await backfill(market);
    expect(asked(market)).toHaveLength(1);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 0 });
    expect(await repairedOf(market)).toBe(0);
  });

  test("is not asked for of a source that never told of a job, nor as history", async () => {
    const market = await aMarket();
    market.jobs.push(aJob(market));
    await backfill(market);
    expect([asked(market).length, await repairedOf(market)]).toEqual([0, 0]);
    await arrive(market, aJob(market));
    await env.DB.prepare("update sources set created_at = ? where id = ?").bind(market.start, market.source.id).run();
    market.app().catalog.forget();
    await backfill(market, noBucket, { import: true, until: formatInstant(market.start - second) });
    expect([(await latest(market))?.origin, asked(market).length, await repairedOf(market)]).toEqual(["import", 0, 0]);
  });
});

describe("jobs are looked for", () => {
  const due = { nextUpdatesAt: 0, watermark: Date.now() };

  test("every hour, and not while their postback may be under way", async () => {
    const { market, lost } = await aMarketOf([{ completedAt: Date.now() - 10 * minute }], due);
    await market.reconcile(noBucket);
    expect([asked(market).length, await repairedOf(market)]).toEqual([1, 0]);
    market.now += hour;
    await market.reconcile(noBucket);
    expect(await eventsOf(market, lost[0] as Job)).toHaveLength(1);
  });

  test("every day among those made in the last ninety, since a job that is run again keeps its date", async () => {
    const { market, lost } = await aMarketOf([{ createdAt: Date.now() - 88 * day, completedAt: Date.now() - 3 * day }], {
      nextStatesAt: 0,
    });
    await market.reconcile(noBucket);
    expect(await latest(market)).toMatchObject({ task: "states", state: "finished", repaired: 1 });
    expect(await eventsOf(market, lost[0] as Job)).toHaveLength(1);
  });

  test("by days that are wide enough for any clock", async () => {
    const { market } = await aMarketOf([]);
    await backfill(market, noBucket, { until: formatInstant(market.start - 5 * day) });
    const [{ searchParams } = new URL("a:")] = asked(market);
    const date = (at: number) => formatInstant(at).slice(0, 10);
    expect(Object.fromEntries(searchParams)).toEqual({
      CreatedAfter: date(market.start - 102 * day),
      CreatedBefore: date(market.start - 3 * day),
    });
  });

  test("no farther back than events are kept", async () => {
    const { market } = await aMarketOf([{ completedAt: Date.now() - 2 * day }, {}], { nextStatesAt: 0 });
    const { config } = market.app();
    await market.reconcile({ ...noBucket, config: { ...config, retentionDays: 1 } });
    expect(await latest(market)).toMatchObject({ task: "states", repaired: 1 });
  });

  test("page by page, and without them where the token lacks the scope", async () => {
    const { market } = await aMarketOf([{}, {}, {}]);
    market.pageSize = 2;
    market.fault = (url, nth) =>
      asked(market).length === 2 && nth > 0 && url.pathname.endsWith("/Jobs") ? new Response(null, { status: 401 }) : undefined;
    await backfill(market);
    const one = await latest(market);
    expect(one).toMatchObject({ state: "failed" });
    market.fault = () => undefined;
    await goOnAnew(market, one?.id ?? "");
    expect([(await latest(market))?.state, await repairedOf(market)]).toEqual(["finished", 3]);

    market.fault = (url) => (url.pathname.endsWith("/Jobs") ? new Response(null, { status: 403 }) : undefined);
    await backfill(market);
    expect(await latest(market)).toMatchObject({ state: "finished", repaired: 0 });
  });

  test("in vain where impact.com refuses the list: that is told, and nothing else waits for it", async () => {
    const { market } = await aMarketOf([{}], due);
    market.fault = (url) => (url.pathname.endsWith("/Jobs") ? Response.json({ Message: "No such filter" }, { status: 400 }) : undefined);
    await market.reconcile(noBucket);
    expect(asked(market).length).toBeLessThan(8);
    expect(await latest(market)).toMatchObject({ state: "finished", reason: expect.stringContaining("No such filter") });
  });
});

async function goOnAnew(market: Market, id: string) {
  await env.DB.prepare("update reconciliations set state = 'running', next_at = 0, leased_until = 0 where id = ?").bind(id).run();
  const app = market.app(noBucket);
  await goOn(app, id, minute);
  await app.settle();
}
