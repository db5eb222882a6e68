import { expect, test } from "vitest";
import { parseMoney } from "../../src/domain/money.ts";
import { parseExact, textIn } from "../../src/impact/json.ts";

const numberIn = (text: string) => (parseExact(`{"n": ${text}}`) as { n: unknown }).n;

test.each(["0.1", "12345678901.123456", "0.10", "100", "-0.88", "9007199254740993", "0.30000000000000004"])(
  "the number %s keeps its digits",
  (text) => expect(numberIn(text)).toBe(text),
);

test.each([
  ["1.0E7", "10000000"],
  ["1.05E7", "10500000"],
  ["1.234567890125E10", "12345678901.25"],
  ["5E-4", "0.0005"],
  ["-2.50e-1", "-0.25"],
  ["1.5e0", "1.5"],
  ["0E0", "0"],
  ["10e+1", "100"],
  ["123.45e-2", "1.2345"],
])("the number %s, as some programs write it, is %s", (written, text) => {
  expect(numberIn(written)).toBe(text);
  expect(Number(text)).toBe(Number(written));
});

test("the money of a number is exact", () => {
  expect(parseMoney(String(numberIn("0.1")))).toBe(100_000n);
  expect(parseMoney(String(numberIn("12345678901.123456")))).toBe(12_345_678_901_123_456n);
  expect(parseMoney(String(numberIn("1.2345678901E7")))).toBe(12_345_678_901_000n);
});

test("numbers in lists and objects are text too, texts and booleans what they are", () => {
  expect(parseExact('{"a": [1.50, "1.5", true, null], "b": {"c": 2.0}}')).toEqual({ a: ["1.50", "1.5", true, null], b: { c: "2.0" } });
});

test("what is no JSON is an error", () => expect(() => parseExact("<ImpactRadiusResponse/>")).toThrow(SyntaxError));

test("scalars of any type are text; nothing, null and an empty text are absent", () => {
  expect(["x", "1.50", 7, true, false].map(textIn)).toEqual(["x", "1.50", "7", "true", "false"]);
  expect([undefined, null, "", [], {}].map(textIn)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(textIn(" ")).toBe(" ");
});
