import { describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { call, newSource, operate } from "../kit.ts";
import { anEvent, save } from "../store/samples.ts";
import { asOperator } from "./ask.ts";

interface Sale {
  state?: string;
  payout?: bigint;
  amount?: bigint;
  currency?: string | null;
  date?: string;
  isTest?: boolean;
  fields?: Record<string, string>;
}

/** Sales of a source of their own; its id. */
async function sales(...all: Sale[]): Promise<string> {
  const sourceId = newShortId("src");
  for (const {
    state = "PENDING",
    date = "2026-05-13T12:00:00Z",
    currency = "EUR",
    payout = 1_000_000n,
    amount = 10_000_000n,
    isTest = false,
    fields,
  } of all)
    await save(
      anEvent({
        sourceId,
        status: state,
        currency,
        payout,
        amount,
        isTest,
        deltaPayout: null,
        deltaAmount: null,
        fields: { EventDate: date, ...fields },
      }),
    );
  return sourceId;
}

const may = "since=2026-05-01&until=2026-06-01";
const rates = "convert_to=EUR&rates=USD:0.92,GBP:1.17&rates_date=2026-11-20&rates_source=ECB";
const none = { actions: 0, payout: "0.00", amount: "0.00" };

async function report(source: string, question: string) {
  const { status, body } = await operate(`/reports?source=${source}&${question}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

async function csv(source: string, question: string, headers: Record<string, string> = {}) {
  const response = await call(`/reports?source=${source}&${question}`, { headers: { ...asOperator, ...headers } });
  return { response, text: await response.text() };
}

describe("a report", () => {
  test("is by day unless said", async () => {
    const source = await sales({});
    expect(await report(source, may)).toMatchObject({ by: "day", data: [{ value: "2026-05-13" }] });
  });

  test("tells a value's figures, all in all and by state, and the totals beside them", async () => {
    const source = await sales(
      { fields: { CampaignId: "7", CampaignName: "Shoes" } },
      { state: "APPROVED", payout: 500_001n, fields: { CampaignId: "7", CampaignName: "Shoes" } },
    );
    const figures = {
      currency: "EUR",
      actions: 2,
      payout: "1.500001",
      amount: "20.00",
      pending: { actions: 1, payout: "1.00", amount: "10.00" },
      approved: { actions: 1, payout: "0.500001", amount: "10.00" },
      reversed: none,
      other: none,
    };
    expect(await report(source, `by=campaign&${may}`)).toEqual({
      by: "campaign",
      since: "2026-05-01T00:00:00Z",
      until: "2026-06-01T00:00:00Z",
      time_zone: "UTC",
      data: [{ value: "7", name: "Shoes", ...figures }],
      totals: [figures],
      next: null,
      up_to_date: true,
    });
  });

  test("counts by the days of its time zone", async () => {
    const source = await sales({ date: "2026-05-13T21:59:59Z" }, { date: "2026-05-13T22:00:00Z" });
    const values = async (zone: string) => (await report(source, `by=day&${may}&time_zone=${zone}`)).data.map(({ value }: any) => value);
    expect(await values("Europe/Berlin")).toEqual(["2026-05-13", "2026-05-14"]);
    expect(await values("UTC")).toEqual(["2026-05-13"]);
    expect(await values("+02:00")).toEqual(["2026-05-13", "2026-05-14"]);
  });

  test("is of the last thirty days, unless it says otherwise", async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    const source = await sales({ date: daysAgo(0) }, { date: daysAgo(28) }, { date: daysAgo(31) });
    expect((await report(source, "by=state")).totals).toMatchObject([{ actions: 2 }]);
  });

  test("never sums up two currencies", async () => {
    const source = await sales({ currency: "USD" }, { currency: "JPY", payout: 5n }, { currency: null });
    const { data, totals } = await report(source, `by=day&${may}`);
    const expected = [
      { currency: null, payout: "1.00" },
      { currency: "JPY", payout: "0.000005" },
      { currency: "USD", payout: "1.00" },
    ];
    expect(data).toMatchObject(expected);
    expect(totals).toMatchObject(expected);
  });

  test("sums up amounts that do not fit into 64 bits", async () => {
    const largest = 10n ** 18n;
    const source = await sales(...Array.from({ length: 12 }, () => ({ payout: largest, amount: largest - 1n })), {
      payout: -1n,
      amount: -largest,
    });
    for (const by of ["day", "sub_id1"]) {
      for (const until of ["2026-06-01", "2026-05-13T12:00:01Z"]) {
        const { data } = await report(source, `by=${by}&since=2026-05-01&until=${until}`);
        expect(data).toMatchObject([{ actions: 13, payout: "11999999999999.999999", amount: "10999999999999.999988" }]);
      }
    }
  });

  test("leaves out test calls, and what is nothing any more", async () => {
    const source = await sales({ isTest: true });
    expect(await report(source, `by=day&${may}`)).toMatchObject({ data: [], totals: [] });
  });

  test("follows an action that changes", async () => {
    const source = newShortId("src");
    const first = anEvent({
      sourceId: source,
      receivedAt: Date.now() - 5000,
      deltaPayout: null,
      deltaAmount: null,
      fields: { EventDate: "2026-05-13T12:00:00Z", CampaignId: "7" },
    });
    await save(first);
    expect((await report(source, `by=campaign&${may}`)).data).toMatchObject([{ value: "7", currency: "USD", pending: { actions: 1 } }]);
    const { actionId, subject } = first;
    await save(
      anEvent({
        sourceId: source,
        actionId,
        subject,
        status: "REVERSED",
        currency: "EUR",
        payout: 0n,
        deltaPayout: null,
        deltaAmount: null,
        fields: { CampaignId: "8" },
      }),
    );
    expect((await report(source, `by=campaign&${may}`)).data).toMatchObject([
      { value: "8", currency: "EUR", pending: none, reversed: { actions: 1, payout: "0.00" } },
    ]);
  });

  test("finds a campaign by its name, and a source by its own", async () => {
    const { id, name } = await newSource();
    const fields = { CampaignId: `c-${id}`, CampaignName: `Hats ${id}`, EventDate: "2026-05-13T12:00:00Z" };
    await save(anEvent({ sourceId: id, fields }));
    for (const until of ["2026-06-01", "2026-05-13T13:00:00Z"]) {
      const { data } = await report(encodeURIComponent(name), `by=campaign&campaign=Hats ${id}&since=2026-05-01&until=${until}`);
      expect(data).toMatchObject([{ value: `c-${id}`, name: `Hats ${id}`, actions: 1 }]);
    }
  });
});

describe("a conversion", () => {
  test("gives one line for a value, and says by what", async () => {
    const source = await sales({ currency: "USD" }, { currency: "GBP" }, { currency: "EUR" });
    const { data, totals, conversion } = await report(source, `by=day&${may}&${rates}`);
    expect(data).toMatchObject([{ currency: "EUR", actions: 3, payout: "3.09", amount: "30.90" }]);
    expect(totals).toMatchObject([{ currency: "EUR", actions: 3, payout: "3.09" }]);
    expect(conversion).toEqual({ currency: "EUR", date: "2026-11-20", source: "ECB", rates: { USD: "0.92", GBP: "1.17" } });
  });

  test("sorts by what lines are worth in its currency, page by page", async () => {
    const [one, two, three] = ["one", "two", "three"].map((SubId1) => ({ fields: { SubId1 } }));
    const source = await sales(
      { ...one, currency: "GBP" },
      { ...two, currency: "USD", payout: 1_200_000n },
      { ...three, currency: "EUR" },
      { ...three, currency: "USD", payout: 1n },
    );
    const first = await report(source, `by=sub_id1&${may}&${rates}&limit=2`);
    const second = await report(source, `by=sub_id1&${may}&${rates}&limit=2&cursor=${first.next}`);
    expect([...first.data, ...second.data].map(({ value, payout }: any) => [value, payout])).toEqual([
      ["one", "1.17"],
      ["two", "1.104"],
      ["three", "1.000001"],
    ]);
    expect(second.next).toBeNull();
  });

  test("of a currency without a rate is refused, by its name", async () => {
    const source = await sales({ currency: "JPY" });
    const { status, body } = await operate(`/reports?source=${source}&by=day&${may}&${rates}`);
    expect([status, body.errors]).toEqual([422, [{ field: "rates", reason: "has no rate for JPY, which there are amounts in" }]]);
  });
});

test("a later page is of the same span as the first", async () => {
  const now = new Date().toISOString();
  const source = await sales({ date: now, fields: { SubId1: "a" } }, { date: now, fields: { SubId1: "b" } });
  const first = await report(source, "by=sub_id1&limit=1");
  const second = await report(source, `by=sub_id1&limit=1&cursor=${first.next}`);
  expect([second.since, second.until]).toEqual([first.since, first.until]);
});

describe("as CSV", () => {
  test("a report is a table with a line of names, and comes as a file", async () => {
    const source = await sales(
      { fields: { CampaignId: "7", CampaignName: 'Say "hi", you' } },
      { state: "REVERSED", payout: -1n, fields: { CampaignId: "7" } },
    );
    const { response, text } = await csv(source, `by=campaign&${may}`, { accept: "text/csv" });
    expect(text.split("\r\n")).toEqual([
      "value,name,currency,actions,payout,amount,pending_actions,pending_payout,pending_amount,approved_actions,approved_payout,approved_amount,reversed_actions,reversed_payout,reversed_amount,other_actions,other_payout,other_amount",
      '7,"Say ""hi"", you",EUR,2,0.999999,20.00,1,1.00,10.00,0,0.00,0.00,1,-0.000001,10.00,0,0.00,0.00',
      "",
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": 'attachment; filename="campaign-2026-05-01-to-2026-05-31.csv"',
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-up-to-date": "true",
      vary: "accept",
    });
    expect(response.headers.has("link")).toBe(false);
  });

  test.each([
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@sum", "'@sum"],
    ['=A1,"x"', '"\'=A1,""x"""'],
    ["a=b", "a=b"],
    ["für 1 €", "für 1 €"],
  ])("the text %j is harmless", async (SubId1, field) => {
    const source = await sales({ fields: { SubId1 } });
    const line = (await csv(source, `by=sub_id1&${may}&format=csv`)).text.split("\r\n")[1] ?? "";
    expect(line.slice(0, line.indexOf(",EUR,1,"))).toBe(field);
  });

  test("a report links to its next page", async () => {
    const source = await sales({ fields: { SubId1: "a" } }, { fields: { SubId1: "b" } });
    const { response, text } = await csv(source, `by=sub_id1&${may}&limit=1`, { accept: "text/csv" });
    const [, next = ""] = /^<(.+)>; rel="next"$/.exec(response.headers.get("link") ?? "") ?? [];
    const second = await (await call(next, { headers: asOperator })).text();
    expect([text, second].map((page) => page.split("\r\n")[1]?.slice(0, 2))).toEqual(["a,", "b,"]);
  });

  test("a conversion is told in every line", async () => {
    const source = await sales({ currency: "USD" });
    const [names = "", line = ""] = (await csv(source, `by=day&${may}&${rates}&format=csv`)).text.split("\r\n");
    expect(names.split(",").slice(-3)).toEqual(["rates", "rates_date", "rates_source"]);
    expect(line.split(",").slice(-3)).toEqual(["USD:0.92 GBP:1.17", "2026-11-20", "ECB"]);
  });

  test("`format` says more than Accept", async () => {
    const source = await sales({});
    const { response } = await csv(source, `by=day&${may}&format=json`, { accept: "text/csv" });
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  test("a mistake stays a problem", async () => {
    const { response } = await csv("x", "by=day&since=never&format=csv");
    expect([response.status, response.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
  });
});

test.each([
  ["by", "by=weather"],
  ["time_zone", "by=day&time_zone=Europe/Atlantis"],
  ["since", "by=day&since=2026-02-30"],
  ["until", "by=day&until=soon"],
  ["since", "by=day&since=2026-05-02&until=2026-05-02"],
  ["since", "by=day&since=2020-05-02&until=2026-05-02"],
  ["order", "by=day&order=colour"],
  ["limit", "by=day&limit=0"],
  ["limit", "by=day&limit=1001"],
  ["cursor", "by=day&cursor=x"],
  [
    "cursor",
    `by=day&cursor=${Buffer.from('["payout","1","a","EUR","2026-05-01T00:00:00Z","2026-05-02T00:00:00Z"]').toString("base64url")}`,
  ],
  [
    "cursor",
    `by=day&cursor=${Buffer.from('["value","1e5","a","EUR","2026-05-01T00:00:00Z","2026-05-02T00:00:00Z"]').toString("base64url")}`,
  ],
  ["rates", "by=day&convert_to=EUR&rates_date=2026-11-20&rates_source=ECB"],
  ["rates_source", "by=day&convert_to=EUR&rates=USD:1&rates_date=2026-11-20"],
  ["rates_date", "by=day&convert_to=EUR&rates=USD:1&rates_source=ECB"],
  ["rates", "by=day&convert_to=EUR&rates=USD:one&rates_date=2026-11-20&rates_source=ECB"],
  ["format", "by=day&format=xml"],
])("a wrong %s is 422 and named: %s", async (field, question) => {
  const { status, body } = await operate(`/reports?${question}`);
  expect([status, body.code, body.errors?.map((mistake: any) => mistake.field)]).toEqual([422, "invalid_input", [field]]);
});

test("nobody but the operator sees a report", async () => expect((await call("/reports?by=day")).status).toBe(401));
