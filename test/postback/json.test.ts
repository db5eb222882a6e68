import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeJson } from "../../src/postback/json.ts";
import { runs } from "../fuzz.ts";
import { problemOf } from "./read.ts";

const entriesOf = (text: string) => decodeJson(text).entries;
const codesOf = (text: string) => decodeJson(text).warnings.map(({ code }) => code);

test("reads keys and text in order", () => {
  expect(decodeJson('{"b": "1", "a": "2"}')).toEqual({
    entries: [
      ["b", "1"],
      ["a", "2"],
    ],
    nested: {},
    warnings: [],
  });
});

test.each(["5.10", "0.00", "1234567890123456789", "9007199254740993", "-0.880", "1e3", "100000000000.01"])(
  "the number %s keeps its own text",
  (number) => {
    expect(entriesOf(`{"a": ${number}}`)).toEqual([["a", number]]);
  },
);

test("the number at any depth keeps its own text", () => {
  expect(decodeJson('{"a": {"b": 5.10}, "items": [{"amt": 719.10, "list": [1.0]}]}')).toMatchObject({
    entries: [["a.b", "5.10"]],
    nested: { items: [{ amt: "719.10", list: ["1.0"] }] },
  });
});

test("no decimal text is lost as a number", () => {
  const decimals = fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,12})?$/);
  fc.assert(
    fc.property(decimals, (number) => entriesOf(`{"payout":${number}}`)[0]?.[1] === number),
    runs(),
  );
});

test("no text is lost as a string", () => {
  const flat = fc.dictionary(fc.stringMatching(/^[A-Za-z_]{1,12}$/), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(flat, (object) => JSON.stringify(Object.fromEntries(entriesOf(JSON.stringify(object)))) === JSON.stringify({ ...object })),
    runs(),
  );
});

test("every value of a repeated key is told, in order", () => {
  expect(entriesOf('{"a": "1", "b": "x", "a": "2"}').filter(([key]) => key === "a")).toEqual([
    ["a", "1"],
    ["a", "2"],
  ]);
});

test("every value of a key that came three times is told, in order", () => {
  expect(entriesOf('{"a": "1", "a": "2", "a": "3"}')).toEqual([
    ["a", "1"],
    ["a", "2"],
    ["a", "3"],
  ]);
});

test("a key inside an object is no repeat of one outside", () => {
  expect(entriesOf('{"a": "1", "b": {"a": "2"}}')).toEqual([
    ["a", "1"],
    ["b.a", "2"],
  ]);
});

test("a value that looks like a key is no key", () => {
  expect(entriesOf('{"a": "\\"a\\": 1", "b": "{\\"a\\":", "c": ["a", "a"]}')).toEqual([
    ["a", '"a": 1'],
    ["b", '{"a":'],
  ]);
});

test("leaves out the bare text that impact.com's clearing template begins with, and warns", () => {
  const text = '{"Action Life Cycle Postback", "action_id": "1.2.3"}';
  expect([entriesOf(text), codesOf(text)]).toEqual([[["action_id", "1.2.3"]], ["repaired_json"]]);
});

test.each([
  ['{"a": , "b": "1"}', "a blank"],
  ['{"a":,"b":"1"}', "nothing"],
  ['{"b": "1", "a":\n}', "a line break"],
  ['{"b": "1", "c": {"a": }}', "an object's end"],
])("reads %s, whose unquoted value came empty, and warns", (text) => {
  expect([entriesOf(text), codesOf(text)]).toEqual([[["b", "1"]], ["repaired_json"]]);
});

test("repairs both mistakes at once", () => {
  expect(entriesOf('{"Action Life Cycle Postback", "payout": , "action_id": "1.2.3"}')).toEqual([["action_id", "1.2.3"]]);
});

test("repairs nothing inside a string", () => {
  expect(entriesOf('{"payout": , "note": "paid:, {\\"x\\":,} :}"}')).toEqual([["note", 'paid:, {"x":,} :}']]);
});

test.each([
  ["an unescaped quote", '{"a":"Joe"s Diner","b":"1"}'],
  ["a missing end", '{"a":"1"'],
  ["a missing comma", '{"a":"1" "b":"2"}'],
  ["a comma too many", '{"a":"1",}'],
  ["single quotes", "{'a':'1'}"],
  ["keys without quotes", "{a:1}"],
  ["a raw line break in a string", '{"a":"x\ny"}'],
  ["a comment", '{"a":"1" /* x */}'],
  ["text after its end", '{"a":"1"} x'],
  ["a value with a comma inside a number", '{"a": 1,234.56}'],
])("refuses JSON with %s: nothing is guessed", (_, text) => {
  expect(problemOf(() => decodeJson(text)).code).toBe("undecodable");
});

test("tells the sender what JSON.parse said of the text as it came", () => {
  expect(problemOf(() => decodeJson('{"payout": , "b": "Joe"s"}')).message).toMatch(/not JSON: .*(position|line|token)/i);
});

test.each(["[]", '[{"action_id": "1.2.3"}]'])("refuses the list %s", (text) => {
  expect(problemOf(() => decodeJson(text)).message).toContain("list");
});
