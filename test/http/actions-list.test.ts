import { beforeAll, describe, expect, test } from "vitest";
import { newSource, operate } from "../kit.ts";
import { sendAccepted, type TestSource } from "./ask.ts";

let source: TestSource;
const ids: Record<string, string> = {};
const campaign = `Shoes ${crypto.randomUUID()}`;

/** Four actions of one source. In each, all that is not said is as in the first. */
beforeAll(async () => {
  source = await newSource();
  const usual = { Status: "PENDING", Payout: "5.00", DeltaPayout: "5.00", Currency: "EUR", CampaignId: "71", CampaignName: campaign };
  const tell = async (name: string, fields: Record<string, string>) => {
    ids[name] ??= `1000.${name}.${crypto.randomUUID()}`;
    await sendAccepted(source, { query: new URLSearchParams({ ...usual, ActionId: ids[name], ...fields }).toString() });
  };
  await tell("plain", {
    SubId1: "blog",
    SubId2: "b",
    SubId3: "c",
    SharedId: "s",
    PromoCode: "SALE",
    ActionTrackerId: "81",
    ActionTrackerName: "Sign Up",
  });
  await tell("reversed", { SubId1: "blog", CampaignId: "72", CampaignName: "Hats" });
  await tell("reversed", { SubId1: "blog", CampaignId: "72", CampaignName: "Hats", Status: "REVERSED", Payout: "0", DeltaPayout: "-5.00" });
  await tell("gapped", { Payout: "9.00", DeltaPayout: "1.00", Currency: "JPY" });
  await tell("paid", { Status: "APPROVED", StatusDetail: "PAID" });
});

const found = async (query: Record<string, string>): Promise<string[]> => {
  const { body } = await operate(`/actions?${new URLSearchParams({ source: source.id, ...query })}`);
  return body.data.map(({ action_id }: any) => Object.keys(ids).find((name) => ids[name] === action_id));
};

describe("actions are found by", () => {
  test.each<[Record<string, string>, string[]]>([
    [{}, ["paid", "gapped", "reversed", "plain"]],
    [{ state: "REVERSED" }, ["reversed"]],
    [{ state: "approved" }, ["paid"]],
    [{ stage: "reversed" }, ["reversed"]],
    [{ stage: "approved" }, ["paid"]],
    [{ stage: "tracked" }, ["gapped", "plain"]],
    [{ currency: "jpy" }, ["gapped"]],
    [{ campaign: "72" }, ["reversed"]],
    [{ campaign: "Hats" }, ["reversed"]],
    [{ action_tracker: "81" }, ["plain"]],
    [{ action_tracker: "Sign Up" }, ["plain"]],
    [{ sub_id1: "blog" }, ["reversed", "plain"]],
    [{ sub_id2: "b" }, ["plain"]],
    [{ sub_id3: "c" }, ["plain"]],
    [{ shared_id: "s" }, ["plain"]],
    [{ promo_code: "SALE" }, ["plain"]],
    [{ gaps: "true" }, ["gapped"]],
    [{ gaps: "false" }, ["paid", "reversed", "plain"]],
    [{ since: "2999-01-01T00:00:00Z" }, []],
    [{ until: "2020-01-01T00:00:00Z" }, []],
    [{ since: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z" }, ["paid", "gapped", "reversed", "plain"]],
    [{ sub_id1: "nobody" }, []],
    [{ state: "PENDING", sub_id1: "blog", currency: "EUR", gaps: "false", promo_code: "SALE", since: "2020-01-01T00:00:00Z" }, ["plain"]],
    [{ state: "REVERSED", sub_id1: "blog", campaign: "71" }, []],
  ])("%j", async (query, names) => expect(await found(query)).toEqual(names));

  test("their source's name, and their campaign's of all sources", async () => {
    expect(await found({ source: source.name, stage: "tracked" })).toEqual(["gapped", "plain"]);
    const { body } = await operate(`/actions?campaign=${encodeURIComponent(campaign)}`);
    expect(body.data.map(({ action_id }: any) => action_id)).toEqual([ids["paid"], ids["gapped"], ids["plain"]]);
  });

  test("what is not known is refused", async () => {
    for (const query of ["gaps=perhaps", "state=bogus", "stage=bogus", "cursor=bogus", "since=yesterday", "limit=0", "colour=red"]) {
      const { status, body } = await operate(`/actions?${query}`);
      expect([status, body.errors[0].field]).toEqual([422, query.split("=")[0]]);
    }
  });
});

test("pages follow one another until the last", async () => {
  const first = await operate(`/actions?source=${source.id}&limit=3`);
  const rest: string[] = [];
  for (let { next } = first.body; next !== null; ) {
    const { body } = await operate(`/actions?source=${source.id}&limit=3&cursor=${next}`); // one may be empty: each looks at so many of all sources
    rest.push(...body.data.map(({ action_id }: any) => action_id));
    next = body.next;
  }
  expect([first.body.data.length, rest]).toEqual([3, [ids["plain"]]]);
});

test("an action is told with all that it is known by", async () => {
  const { body } = await operate(`/actions?source=${source.id}&promo_code=SALE`);
  expect(body.data).toEqual([
    {
      action_id: ids["plain"],
      source: source.name,
      state: "PENDING",
      stage: "tracked",
      payout: "5.00",
      amount: null,
      currency: "EUR",
      cleared: false,
      campaign_id: "71",
      campaign_name: campaign,
      action_tracker_id: "81",
      action_tracker_name: "Sign Up",
      sub_id1: "blog",
      sub_id2: "b",
      sub_id3: "c",
      shared_id: "s",
      promo_code: "SALE",
      is_test: false,
      event_date: expect.any(String),
      locking_date: null,
      cleared_date: null,
      gaps: 0,
      events: 1,
      first_heard_at: expect.any(String),
      last_heard_at: expect.any(String),
    },
  ]);
});

test("an action's history tells each step, when it took effect, when we learned of it and from where", async () => {
  const { body } = await operate(`/actions/${ids["reversed"]}?source=${source.id}`);
  expect(body.stage).toBe("reversed");
  expect(body.history).toMatchObject([
    { step: "tracked", origin: "postback", status: "PENDING", payout: "5.00", delta_payout: "5.00", currency: "EUR" },
    { step: "reversed", origin: "postback", status: "REVERSED", payout: "0.00", delta_payout: "-5.00", effective_at: null },
  ]);
  expect(body.history.map(({ event_id }: any) => event_id)).toEqual(body.events.map(({ id }: any) => id));
  expect(body.history.every(({ learned_at }: any) => Math.abs(Date.parse(learned_at) - Date.now()) < 60_000)).toBe(true);
});
