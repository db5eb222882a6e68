import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMoney, parseMoney } from "../../src/domain/money.ts";

test("reads decimal text as micros", () => {
  expect(parseMoney("0.88")).toBe(880_000n);
  expect(parseMoney("-21.99")).toBe(-21_990_000n);
  expect(parseMoney("+5")).toBe(5_000_000n);
  expect(parseMoney(".5")).toBe(500_000n);
  expect(parseMoney("0.000001")).toBe(1n);
  expect(parseMoney("1000000000000")).toBe(10n ** 18n);
});

test.each([
  "",
  " ",
  ".",
  "-",
  "abc",
  "1e3",
  "1,5",
  "1,234.56",
  "0x10",
  "1.1234567",
  "10000000000000",
  "NaN",
  "Infinity",
  "1.2.3",
  "$5",
  "5 USD",
])("refuses %j", (text) => expect(parseMoney(text)).toBeNull());

test("writes two decimals at least, more only where they say something", () => {
  expect(formatMoney(880_000n)).toBe("0.88");
  expect(formatMoney(5_000_000n)).toBe("5.00");
  expect(formatMoney(-1n)).toBe("-0.000001");
  expect(formatMoney(1_230_000n)).toBe("1.23");
  expect(formatMoney(1_234_500n)).toBe("1.2345");
  expect(formatMoney(0n)).toBe("0.00");
});

test("loses nothing between text and micros, within ±10^12 and six decimals", () => {
  const micros = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
  fc.assert(fc.property(micros, (value) => parseMoney(formatMoney(value)) === value));
});
