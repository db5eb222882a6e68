import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMoney, parseMoney } from "../../src/domain/money.ts";
import { runs } from "../fuzz.ts";

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

const most = 10n ** 18n; // micros: 10^12
const micros = fc.bigInt({ min: -most, max: most });

test("loses nothing between micros and text, within ±10^12", () => {
  fc.assert(
    fc.property(micros, (value) => parseMoney(formatMoney(value)) === value),
    runs(300),
  );
});

/** An amount as somebody might write it: a sign or none, zeros before it, and 0 to 6 decimals. */
const written = fc
  .record({
    sign: fc.constantFrom("", "-", "+"),
    zeros: fc.constantFrom("", "0", "00"),
    whole: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }), fc.nat(1000).map(BigInt)),
    decimals: fc.stringMatching(/^\d{0,6}$/),
  })
  .filter(({ zeros, whole }) => zeros.length + whole.toString().length <= 13);

test("loses nothing between text and micros, for 0 to 6 decimals", () => {
  const isExact = ({ sign, zeros, whole, decimals }: { sign: string; zeros: string; whole: bigint; decimals: string }) => {
    const text = `${sign}${zeros}${whole}${decimals && "."}${decimals}`;
    const isNothing = whole === 0n && /^0*$/.test(decimals);
    const canonical = `${sign === "-" && !isNothing ? "-" : ""}${whole}.${decimals.padEnd(6, "0").replace(/0{1,4}$/, "")}`;
    return formatMoney(parseMoney(text) ?? -1n) === canonical;
  };
  fc.assert(fc.property(written, isExact), runs(500));
});

test("keeps the order and the sums of amounts", () => {
  const isKept = (a: bigint, b: bigint) => {
    const [one, other] = [parseMoney(formatMoney(a)) ?? 0n, parseMoney(formatMoney(b)) ?? 0n];
    return one + other === a + b && one < other === a < b;
  };
  fc.assert(fc.property(micros, micros, isKept), runs(300));
});

test("refuses more than ±10^12", () => {
  const beyond = fc.bigInt({ min: most + 1n, max: 10n ** 30n });
  fc.assert(
    fc.property(beyond, (value) => parseMoney(formatMoney(value)) === null && parseMoney(formatMoney(-value)) === null),
    runs(100),
  );
});

/** Ways to write a number that leave a doubt, or that no amount has: none of them is guessed at. */
const doubtful: Record<string, (whole: string, decimals: string) => string> = {
  "more than six decimals": (whole, decimals) => `${whole}.${decimals}0000000`.slice(0, whole.length + 8),
  "an exponent": (whole, decimals) => `${whole}.${decimals}e0`,
  "a capital exponent": (whole) => `${whole}E3`,
  "a comma for the dot": (whole, decimals) => `${whole},${decimals}`,
  "a comma at the thousands": (whole, decimals) => `${whole},000.${decimals}`,
  "a dot at the thousands": (whole, decimals) => `${whole}.000.${decimals}`,
  "a blank at the thousands": (whole) => `${whole} 000`,
  "a narrow blank at the thousands": (whole) => `${whole}\u202f000`,
  "an apostrophe at the thousands": (whole) => `${whole}'000`,
  "an underscore at the thousands": (whole) => `${whole}_000`,
  "a currency sign": (whole) => `$${whole}`,
  "a currency code": (whole) => `${whole}USD`,
  percent: (whole) => `${whole}%`,
  brackets: (whole) => `(${whole})`,
  "two signs": (whole) => `--${whole}`,
  "a sign behind it": (whole) => `${whole}-`,
  "a blank behind its sign": (whole) => `- ${whole}`,
  "another minus": (whole) => `\u2212${whole}`,
  hexadecimal: (whole) => `0x${whole}`,
  "a letter behind it": (whole) => `${whole}n`,
  "full-width digits": (whole) => whole.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  "Arabic digits": (whole) => whole.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
  "400 digits": (whole) => whole.padEnd(400, "7"),
  "400 zeros before it": (whole) => whole.padStart(400, "0"),
};

test.each(Object.entries(doubtful))("refuses any amount with %s", (_, write) => {
  const [wholes, decimals] = [fc.stringMatching(/^[1-9]\d{0,8}$/), fc.stringMatching(/^\d{1,6}$/)];
  fc.assert(
    fc.property(wholes, decimals, (whole, some) => parseMoney(write(whole, some)) === null),
    runs(50),
  );
});

test("takes no text for an amount that is not decimal", () => {
  const text = fc.string({ unit: fc.constantFrom(..."0123456789..+-eE, xn_\n\0") });
  const isRead = (some: string) => parseMoney(some) === null || /^[+-]?(\d+\.?\d{0,6}|\.\d{1,6})$/.test(some.trim());
  fc.assert(fc.property(text, isRead), runs(1000));
});
