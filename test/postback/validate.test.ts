import { expect, test } from "vitest";
import type { Warning } from "../../src/domain/fields.ts";
import { validate } from "../../src/postback/validate.ts";

function mistakesIn(fields: Record<string, string>): string[] {
  return validate(fields, "action-lifecycle", []).map(({ field }) => field);
}

test.each(["0.00", "5", "-21.99", "+5.00", " 5.00", "1.234", "5000000.00"])("an amount may be %j", (Payout) => {
  expect(mistakesIn({ Payout })).toEqual([]);
});

test.each(["1,234.56", "5,00", "$5", "5 USD", "1e3", "n/a", "null", "NaN", "0x10", "1.2345678", "--5", "10000000000000"])(
  "an amount may not be %j",
  (Payout) => {
    expect(mistakesIn({ Payout })).toEqual(["Payout"]);
  },
);

test.each(["USD", "usd", "KWD", " EUR "])("a currency may be %j", (Currency) => {
  expect(mistakesIn({ Currency })).toEqual([]);
});

test.each(["US", "USDT", "$", "US$", "840", "Dollars", "ÄÖÜ"])("a currency may not be %j", (Currency) => {
  expect(mistakesIn({ Currency })).toEqual(["Currency"]);
});

test.each(["2026-05-13T11:37:49+08:00", "2026-06-08T00:00:00+08:00", "2026-05-13"])("a date may be %s", (EventDate) => {
  expect(mistakesIn({ EventDate })).toEqual([]);
});

test.each(["13/05/2026", "0", "n/a", "2026-02-30T00:00:00Z", "1778643469"])("a date may not be %j", (EventDate) => {
  expect(mistakesIn({ EventDate })).toEqual(["EventDate"]);
});

test("text may be anything", () => {
  expect(mistakesIn({ SubId1: "$ 13/05/2026 <b>", CampaignId: "x", ActionId: "\0" })).toEqual([]);
});

test("every mistake is told, not the first alone", () => {
  expect(mistakesIn({ Payout: "x", Amount: "y", Currency: "z", EventDate: "w", Note: "v" }).sort()).toEqual([
    "Amount",
    "Currency",
    "EventDate",
    "Payout",
  ]);
});

test("a mistake names the value and what was wanted", () => {
  const [mistake] = validate({ Payout: "1,234.56" }, "action-lifecycle", []);
  expect(mistake?.reason).toBe('is "1,234.56", not a decimal number like 0.88');
});

test("a mistake quotes no more than the beginning of a long value", () => {
  const [mistake] = validate({ Payout: "9".repeat(10_000) }, "action-lifecycle", []);
  expect(mistake?.reason.length).toBeLessThan(100);
});

test("asks of an inquiry what an inquiry has", () => {
  expect(validate({ TransactionAmount: "x", Payout: "x" }, "action-inquiry", []).map(({ field }) => field)).toEqual(["TransactionAmount"]);
});

test.each([
  ["2026-05-13T11:37:49 08:00", "2026-05-13T11:37:49+08:00"],
  ["2026-05-13T11:37 08:00", "2026-05-13T11:37+08:00"],
  ["2026-05-13T11:37:49.5 0800", "2026-05-13T11:37:49.5+0800"],
])("puts the + back into %s, and warns", (EventDate, repaired) => {
  const fields: Record<string, string> = { EventDate };
  const warnings: Warning[] = [];
  expect(validate(fields, "action-lifecycle", warnings)).toEqual([]);
  expect(fields["EventDate"]).toBe(repaired);
  expect(warnings).toMatchObject([{ code: "repaired_offset", field: "EventDate" }]);
});

test("repairs dates alone, and no other text that looks like one", () => {
  const fields = { SubId1: "2026-05-13T11:37:49 08:00" };
  validate(fields, "action-lifecycle", []);
  expect(fields.SubId1).toBe("2026-05-13T11:37:49 08:00");
});

test("warns of every date that names no offset", () => {
  const warnings: Warning[] = [];
  validate({ EventDate: "2026-05-13T11:37:49", LockingDate: "2026-06-08" }, "action-lifecycle", warnings);
  expect(warnings.map(({ code, field }) => `${code} ${field}`).sort()).toEqual(["assumed_utc EventDate", "assumed_utc LockingDate"]);
});
