import { describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { call } from "../kit.ts";
import { anEvent, save } from "../store/samples.ts";
import { asOperator } from "./ask.ts";
import { harmless, hostile, look, wordsOf } from "./look.ts";

interface Sale {
  state?: string;
  payout?: bigint;
  currency?: string;
  fields?: Record<string, string>;
}

/** Sales of a source of their own, on a day of May unless they say another; its id. */
async function sales(...all: Sale[]): Promise<string> {
  const sourceId = newShortId("src");
  for (const { state = "PENDING", payout = 1_000_000n, currency = "EUR", fields } of all) {
    const told = { status: state, payout, currency, amount: 10_000_000n, deltaPayout: null, deltaAmount: null, isTest: false };
    await save(anEvent({ sourceId, ...told, fields: { EventDate: "2026-05-13T12:00:00Z", ...fields } }));
  }
  return sourceId;
}

const may = "since=2026-05-01&until=2026-06-01";

describe("the page of a report", () => {
  test("has each currency by itself, with its total, and never one of both", async () => {
    const source = await sales({ currency: "EUR" }, { currency: "USD", payout: 2_000_000n }, { currency: "EUR", payout: 5_000_000n });
    const { status, text } = await look(`/reports?source=${source}&${may}`);
    expect(status).toBe(200);
    const words = wordsOf(text);
    expect(words).toMatch(/Total2 ?6\.00 EUR/);
    expect(words).toMatch(/Total1 ?2\.00 USD/);
    expect(words).not.toContain("8.00");
    const tables = [...text.matchAll(/<caption>By day, (\w+)<\/caption>(.*?)<\/table>/gs)].map(([, of, table = ""]) => [
      of,
      [...new Set(table.match(/EUR|USD/g))],
    ]);
    expect(tables).toEqual([
      ["EUR", ["EUR"]],
      ["USD", ["USD"]],
    ]);
  });

  test("draws days, and those without an action as zero", async () => {
    const source = await sales({});
    const { text } = await look(`/reports?source=${source}&${may}`);
    const [, figures = ""] = /Payout by day, EUR<\/caption>(.*?)<\/table>/s.exec(text) ?? [];
    const values = [...figures.matchAll(/data-value="([^"]*)"/g)].map(([, value]) => value);
    expect(values).toHaveLength(31);
    expect(values.filter((value) => value !== "0")).toEqual(["1.00"]);
    expect(values[12]).toBe("1.00");
  });

  test("does not draw what goes on on another page", async () => {
    const source = await sales({}, { fields: { EventDate: "2026-05-20T12:00:00Z" } });
    const { text } = await look(`/reports?source=${source}&${may}&limit=1`);
    expect(text).not.toContain("data-chart");
    expect(text).toMatch(/rel="next" href="\/reports\?[^"]*cursor=/);
  });

  test("shows shares of other groupings, led on to their actions, and hostile values as text", async () => {
    const source = await sales({ fields: { SubId1: hostile } }, { payout: 500_000n, fields: { SubId1: "blog" } });
    const { text } = await look(`/reports?source=${source}&by=sub_id1&${may}`);
    expect(text).toContain(harmless);
    expect(text).not.toContain("<img");
    expect(text).toContain(`<rect width="50" height="4"/>`);
    expect(text).toContain(`href="/actions?sub_id1=blog&amp;currency=EUR&amp;source=${source}"`);
    expect(text).not.toContain(" style=");
  });

  test("leads to the same as CSV", async () => {
    const source = await sales({ fields: { SubId1: "blog" } });
    const { text } = await look(`/reports?source=${source}&by=sub_id1&${may}`);
    const [, link = ""] = /href="([^"]+)" download>CSV/.exec(text) ?? [];
    const response = await call(link.replaceAll("&amp;", "&"), { headers: { ...asOperator, accept: "text/html" } });
    expect(response.headers.get("content-type")).toContain("text/csv");
    expect((await response.text()).split("\r\n")[1]).toMatch(/^blog,EUR,1,1\.00/);
  });

  test("shows the rates with their date and source", async () => {
    const source = await sales({ currency: "USD" });
    const rates = "convert_to=EUR&rates=USD:0.92&rates_date=2026-11-20&rates_source=ECB";
    const words = wordsOf((await look(`/reports?source=${source}&${may}&${rates}`)).text);
    expect(words).toMatch(/Rates.*Summed up inEUR.*2026-11-20.*ECB.*1 USD.*0\.92 EUR/);
    expect(words).toContain("Total10.92 EUR");
  });

  test("says what to do where there is nothing", async () => {
    const { status, text } = await look(`/reports?source=nobody&${may}`);
    expect([status, wordsOf(text)]).toEqual([200, expect.stringContaining("Nothing to report")]);
  });

  test("shows a mistake at its field, and what was typed", async () => {
    const { status, text } = await look("/reports?by=month&time_zone=Mars");
    expect(status).toBe(422);
    expect(text).toMatch(/name="time_zone" type="text" value="Mars"[^>]* aria-invalid="true" aria-describedby="mistake-time_zone"/);
    expect(text).toContain(`<option value="month" selected>`);
  });
});
