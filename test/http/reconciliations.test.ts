import { afterAll, describe, expect, test } from "vitest";
import { day, formatInstant, hour, minute } from "../../src/domain/time.ts";
import { aMarket, anAction, closeMarkets, type Market } from "../marketplace.ts";

afterAll(closeMarkets);

const begin = (market: Market, parts: Record<string, unknown> = {}, others = {}) =>
  market.ask("/reconciliations", { source: market.source.id, ...parts }, "POST", others);
const refusal = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe("asking for a reconciliation", () => {
  test("begins it: the last two days, unless said", async () => {
    const market = await aMarket();
    const { status, body } = await begin(market, { source: market.source.name });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^rec_/),
      source: market.source.name,
      task: "backfill",
      origin: "reconciliation",
      state: "running",
      since: formatInstant(market.start - 2 * day),
      until: formatInstant(market.start),
      progress: 0,
      reading: { of: "updates" },
      calls: 0,
      repaired: 0,
      finished_at: null,
    });
    expect((await market.ask(`/reconciliations/${body.id}`)).body).toMatchObject({
      state: "finished",
      progress: 1,
      reading: null,
      calls: 3,
    });
  });

  const at = (market: Market, ms: number) => formatInstant(market.start + ms);
  const mistakes: [string, (market: Market) => Record<string, unknown>, string, RegExp][] = [
    ["a source that is not there", () => ({ source: "nobody" }), "source", /GET \/sources/],
    ["a moment that is none", () => ({ since: "yesterday" }), "since", /2026-05-13T11:37:49Z/],
    ["an end in the future", (market) => ({ until: at(market, 2 * hour) }), "until", /future/],
    [
      "an end before its beginning",
      (market) => ({ since: at(market, -hour), until: at(market, -2 * hour) }),
      "since",
      /earlier than until/,
    ],
    ["more than three years", (market) => ({ since: at(market, -1096 * day) }), "since", /three years/],
    [
      "an import from after the source was made",
      (market) => ({ import: true, until: at(market, -day) }),
      "until",
      /reconciled, not imported/,
    ],
    ["a key that is not known", () => ({ colour: "red" }), "colour", /known are source, since/],
  ];

  test.each(mistakes)("for %s is refused, with field, reason and way out", async (_, parts, field, reason) => {
    const market = await aMarket();
    const { status, body } = await begin(market, parts(market));
    expect([status, body.code, body.errors[0].field]).toEqual([422, "invalid_input", field]);
    expect(body.errors[0].reason).toMatch(reason);
    expect(market.heard).toEqual([]);
  });

  test("of a source without access is refused, and says where to give it", async () => {
    const market = await aMarket();
    await market.ask(`/sources/${market.source.id}/api`, undefined, "DELETE");
    expect((await begin(market)).body.errors).toEqual([
      { field: "source", reason: expect.stringContaining(`PUT /sources/${market.source.id}/api`) },
    ]);
  });

  test("from before what is in the archive is refused: it would look missing", async () => {
    const market = await aMarket();
    const config = { ...market.app().config, retentionDays: 30 };
    const early = await begin(market, { since: at(market, -31 * day) }, { config });
    expect([early.status, early.body.errors[0]]).toEqual([422, { field: "since", reason: expect.stringContaining("RETENTION_DAYS (30)") }]);
    expect((await begin(market, { since: at(market, -29 * day) }, { config })).status).toBe(202);
  });

  test("three years back is taken", async () => {
    const market = await aMarket();
    market.fault = () => refusal(429, { "retry-after": "60" });
    expect((await begin(market, { since: at(market, -1095 * day) })).status).toBe(202);
  });
});

describe("a reconciliation under way", () => {
  /** One that has read its updates, and waits. */
  async function waiting() {
    const market = await aMarket();
    market.actions.push(anAction(market));
    market.fault = (_, nth) => (nth === 2 ? refusal(429, { "retry-after": "60" }) : undefined);
    const { body } = await begin(market);
    const change = (what: string) => market.ask(`/reconciliations/${body.id}/${what}`, {});
    return { market, change, show: async () => (await market.ask(`/reconciliations/${body.id}`)).body };
  }

  test("tells how far it has come, what it reads and until when it waits", async () => {
    const { market, show } = await waiting();
    expect(await show()).toMatchObject({
      state: "running",
      progress: 0.2,
      reading: { of: "actions", since: formatInstant(market.start - 2 * day), until: formatInstant(market.start) },
      calls: 2,
      next_at: formatInstant(market.start + minute),
      reason: expect.stringContaining("enough calls"),
    });
  });

  test("is paused, stays where it is, and goes on from there", async () => {
    const { market, change, show } = await waiting();
    expect((await change("pause")).body.state).toBe("paused");
    market.now += hour;
    await market.reconcile();
    expect([await show(), market.heard.length]).toMatchObject([{ state: "paused", reading: { of: "actions" } }, 2]);
    expect((await change("resume")).body.state).toBe("running");
    expect(await show()).toMatchObject({ state: "finished", repaired: 1 });
    expect(market.heard.map(({ pathname }) => pathname.split("/")[3])).toEqual(["ActionUpdates", "Actions", "Actions", "ActionInquiries"]);
  });

  test("is cancelled for good", async () => {
    const { change, show } = await waiting();
    expect((await change("cancel")).body).toMatchObject({ state: "cancelled", finished_at: expect.any(String) });
    for (const what of ["pause", "resume", "cancel"]) {
      const { status, body } = await change(what);
      expect([status, body.code, body.detail]).toEqual([409, "conflict", expect.stringContaining("is cancelled")]);
    }
    expect((await show()).state).toBe("cancelled");
  });

  test("cannot be resumed while it runs, nor paused twice", async () => {
    const { change } = await waiting();
    expect((await change("resume")).body.detail).toBe("The reconciliation is running; only one that is paused or failed can be resumed.");
    await change("pause");
    expect((await change("pause")).status).toBe(409);
  });
});

test("one that is not there is told as such, whatever is asked of it", async () => {
  const market = await aMarket();
  for (const [method, path] of [
    ["GET", ""],
    ["POST", "/pause"],
    ["POST", "/resume"],
    ["POST", "/cancel"],
  ] as const) {
    const { status, body } = await market.ask(`/reconciliations/rec_none${path}`, method === "GET" ? undefined : {}, method);
    expect([status, body.detail]).toEqual([404, expect.stringContaining("GET /reconciliations")]);
  }
});

test("they are listed newest first, page by page, by source, task and state", async () => {
  const market = await aMarket({ connection: { nextUpdatesAt: 0 } });
  await market.reconcile();
  market.now += minute;
  const first = (await begin(market)).body.id;
  market.now += minute;
  market.fault = () => refusal(401);
  const second = (await begin(market)).body.id;
  const list = async (query: string) => (await market.ask(`/reconciliations?source=${market.source.id}${query}`)).body;
  const ids = async (query: string) => (await list(query)).data.map(({ id }: any) => id);
  expect((await list("")).data.map(({ task }: any) => task)).toEqual(["backfill", "backfill", "updates"]);
  expect(await ids("&task=backfill")).toEqual([second, first]);
  expect(await ids("&state=failed")).toEqual([second]);
  const { next } = await list("&limit=1");
  expect((await ids(`&cursor=${next}`))[0]).toBe(first);
  expect((await list("&state=gone")).errors[0].field).toBe("state");
});
