import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { day, formatInstant, hour, minute } from "../../src/domain/time.ts";
import { aMarket, anAction, closeMarkets, type Market } from "../marketplace.ts";

let market: Market;
let id: string;
const today = (at: number) => formatInstant(at).slice(0, 10);

/** Three actions of one moment, of which one came; a fourth later, which was lost too. */
beforeAll(async () => {
  market = await aMarket();
  const ago = 3 * day;
  market.actions.push(anAction(market, [ago]), anAction(market, [ago]), anAction(market, [ago]), anAction(market, [hour]));
  await market.arrive(market.actions[0] as never, 0);
  id = (await market.ask("/reconciliations", { source: market.source.id, since: formatInstant(market.start - 5 * day) })).body.id;
});
afterAll(closeMarkets);

const list = async (query: string, of = `source=${market.source.id}`) => (await market.ask(`/gaps?${of}${query}`)).body;

test("the gap ledger tells what was missed, why, how late, and by what event it is told instead", async () => {
  const { data, next } = await list("");
  expect(next).toBeNull();
  expect(data).toHaveLength(3);
  const last = data.find(({ subject }: any) => subject === `action:${market.actions[3]?.id}`);
  expect(last).toEqual({
    id: expect.stringMatching(/^gap_/),
    source: market.source.name,
    subject: `action:${market.actions[3]?.id}`,
    type: "action.pending",
    reason: "nothing_came",
    detail: expect.stringMatching(/could not reach this Worker/),
    effective_at: formatInstant(market.start - hour),
    noticed_at: formatInstant(market.start),
    late_seconds: 3600,
    event_id: expect.stringMatching(/^evt_/),
    reconciliation: id,
  });
  expect((await market.ask(`/events/${last.event_id}`)).body).toMatchObject({ origin: "reconciliation", source: market.source.name });
});

test("it is found by source, reason, reconciliation and time, page by page", async () => {
  const sizes = async (...queries: string[]) => (await Promise.all(queries.map((query) => list(query)))).map(({ data }) => data.length);
  expect(await sizes("&reason=call_lost", "&reason=nothing_came", "&reason=quarantined")).toEqual([2, 1, 0]);
  expect(await sizes(`&reconciliation=${id}`, "&reconciliation=rec_none")).toEqual([3, 0]);
  const [before, after] = [formatInstant(market.start - minute), formatInstant(market.start + minute)];
  expect(await sizes(`&since=${before}`, `&since=${after}`, `&until=${before}`, `&until=${after}`)).toEqual([3, 0, 0, 3]);
  expect((await list("", `source=${encodeURIComponent(market.source.name)}`)).data).toHaveLength(3);
  const first = await list("&limit=2");
  expect([...first.data, ...(await list(`&limit=2&cursor=${first.next}`)).data]).toEqual((await list("")).data);
});

test("a reason that is none is told which there are", async () => {
  expect((await list("&reason=unknown")).errors).toEqual([{ field: "reason", reason: expect.stringContaining("kind_never_sent") }]);
});

test("the capture rate tells by day how much came, the latest day first, and never rounds up to all", async () => {
  const { body } = await market.ask(`/capture?source=${market.source.id}`);
  const [last, first] = [today(market.start - hour), today(market.start - 3 * day)];
  expect(body.data).toEqual([
    { source: market.source.name, day: last, captured: 0, repaired: 1, capture_rate: "0.00", words: "0.00 % by postback, 1 repaired" },
    { source: market.source.name, day: first, captured: 1, repaired: 2, capture_rate: "33.33", words: "33.33 % by postback, 2 repaired" },
  ]);
  const insert = `insert into readings (source_id, action_id, id, kind, at, told_by, event_id)
    with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < 29998) select ?, 'many', n, 'update', ?, 'postback', 'evt_' || n from numbers`;
  await env.DB.prepare(insert)
    .bind(market.source.id, market.start - 3 * day)
    .run();
  const [, many] = (await market.ask(`/capture?source=${market.source.id}`)).body.data;
  expect([many.captured, many.repaired, many.capture_rate]).toEqual([30_000, 2, "99.99"]);
});

test("and of a span", async () => {
  const span = `since=${today(market.start - 4 * day)}&until=${today(market.start - 2 * day)}`;
  expect((await market.ask(`/capture?source=${market.source.name}&${span}`)).body.data.map(({ day }: any) => day)).toEqual([
    today(market.start - 3 * day),
  ]);
});
