import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { convert, type RatesInput, readRates } from "../../src/domain/rates.ts";
import { runs } from "../fuzz.ts";

const given: RatesInput = { convert_to: "EUR", rates: "USD:0.92,GBP:1.17", rates_date: "2026-11-20", rates_source: "ECB" };

function mistakesIn(work: () => unknown): { field: string; reason: string }[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error.mistakes;
    throw error;
  }
  return [];
}

function converted(amount: bigint, rate: string): bigint {
  const rates = readRates({ ...given, rates: `USD:${rate}` });
  return rates ? convert(amount, "USD", rates) : -1n;
}

describe("a table of rates", () => {
  test("is read as it was given", () => {
    expect(readRates({ ...given, convert_to: "eur", rates: " usd:0.92 , GBP:1.17" })).toEqual({
      currency: "EUR",
      date: "2026-11-20",
      source: "ECB",
      rates: { USD: "0.92", GBP: "1.17" },
    });
  });

  test("is none when nothing is said of it", () => expect(readRates({})).toBeNull());

  test.each(["convert_to", "rates", "rates_date", "rates_source"] as const)("wants its %s", (field) => {
    expect(mistakesIn(() => readRates({ ...given, [field]: undefined })).map((mistake) => mistake.field)).toEqual([field]);
  });

  test.each<[string, Partial<RatesInput>]>([
    ["convert_to", { convert_to: "Euro" }],
    ["rates_date", { rates_date: "yesterday" }],
    ["rates_date", { rates_date: "2026-02-30" }],
    ["rates_date", { rates_date: "2026-11-20T00:00:00Z" }],
    ["rates", { rates: "USD" }],
    ["rates", { rates: "USD:0.92," }],
    ["rates", { rates: "USD:0.92:1" }],
    ["rates", { rates: "USD:0" }],
    ["rates", { rates: "USD:0.0000000000" }],
    ["rates", { rates: "USD:-1" }],
    ["rates", { rates: "USD:1e3" }],
    ["rates", { rates: "USD:0,92" }],
    ["rates", { rates: "USD:0.12345678901" }],
    ["rates", { rates: "USD:1,USD:2" }],
    ["rates", { rates: "EUR:1.01" }],
    ["rates", { rates: "__proto__:1" }],
  ])("with a wrong %s is refused: %j", (field, wrong) => {
    expect(mistakesIn(() => readRates({ ...given, ...wrong })).map((mistake) => mistake.field)).toEqual([field]);
  });

  test("may name the currency itself, at 1", () => {
    expect(readRates({ ...given, rates: "EUR:1.0,USD:2" })?.rates).toEqual({ EUR: "1.0", USD: "2" });
  });
});

describe("a conversion", () => {
  test.each<[bigint, string, bigint]>([
    [1_000_000n, "0.92", 920_000n],
    [1n, "0.5", 0n],
    [3n, "0.5", 2n],
    [5n, "0.5", 2n],
    [-1n, "0.5", 0n],
    [-3n, "0.5", -2n],
    [1n, "0.5000000001", 1n],
    [1n, "0.4999999999", 0n],
    [10n ** 30n, "0.0000000001", 10n ** 20n],
    [10n ** 30n + 1n, "1.0000000001", 10n ** 30n + 10n ** 20n + 1n],
  ])("of %s millionths at %s gives %s", (amount, rate, result) => expect(converted(amount, rate)).toBe(result));

  test("is never farther from the truth than half a millionth, and even when it is as far", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.integer({ min: 1, max: 99_999 }), (amount, hundredths) => {
        const result = converted(amount, `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`);
        const twiceOff = 2n * (result * 100n - amount * BigInt(hundredths));
        const size = twiceOff < 0n ? -twiceOff : twiceOff;
        return size < 100n || (size === 100n && result % 2n === 0n);
      }),
      runs(500),
    );
  });

  test("leaves its own currency as it is, and nothing as nothing", () => {
    const rates = readRates(given);
    if (!rates) throw new Error();
    expect([convert(7n, "EUR", rates), convert(0n, "JPY", rates), convert(0n, "", rates)]).toEqual([7n, 0n, 0n]);
  });

  test.each([
    ["JPY", "rates has no rate for JPY, which there are amounts in"],
    ["toString", /no rate for toString/],
    ["", /without a currency/],
  ])("of %j, for which there is no rate, is refused", (currency, words) => {
    const rates = readRates(given);
    expect(() => rates && convert(1n, currency, rates)).toThrow(words);
  });
});
