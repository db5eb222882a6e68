import { describe, expect, test } from "vitest";
import { decode } from "../../src/postback/decode.ts";
import { aReceipt } from "../kit.ts";
import { problemOf } from "./read.ts";

const entriesOf = (parts: Parameters<typeof aReceipt>[0]) => decode(aReceipt(parts)).entries;

const bodies = {
  JSON: '{"action_id":"1.2.3"}',
  XML: "<action><action_id>1.2.3</action_id></action>",
  form: "action_id=1.2.3",
};
const contentTypes = [
  "application/json",
  "application/xml",
  "application/x-www-form-urlencoded",
  "text/plain;charset=UTF-8",
  "image/png",
  "",
];

describe.each(Object.entries(bodies))("%s is known by its bytes", (_, body) => {
  test.each(contentTypes)("whatever its Content-Type: %j", (contentType) => {
    expect(entriesOf({ body, headers: { "content-type": contentType } })).toEqual([["action_id", "1.2.3"]]);
  });

  test("with white space around it", () => {
    expect(entriesOf({ body: `\r\n\t ${body} \n` })).toEqual([["action_id", "1.2.3"]]);
  });

  test("after a byte order mark", () => {
    expect(entriesOf({ body: `\ufeff${body}` })).toEqual([["action_id", "1.2.3"]]);
  });

  test("in a GET, too", () => {
    expect(entriesOf({ body, method: "GET" })).toEqual([["action_id", "1.2.3"]]);
  });
});

test("reads a query as a form: percent-encoding, + and all", () => {
  expect(entriesOf({ query: "a=1%202&b=3+4&c=%2B&d&e==&%C3%A9=%F0%9F%9B%8D" })).toEqual([
    ["a", "1 2"],
    ["b", "3 4"],
    ["c", "+"],
    ["d", ""],
    ["e", "="],
    ["é", "🛍"],
  ]);
});

test("a broken percent-encoding is text", () => {
  expect(entriesOf({ query: "a=100%&b=%zz" })).toEqual([
    ["a", "100%"],
    ["b", "%zz"],
  ]);
});

test("puts the body after the query, so that it wins", () => {
  expect(entriesOf({ query: "payout=5&a=1", body: "payout=6" })).toEqual([
    ["payout", "5"],
    ["a", "1"],
    ["payout", "6"],
  ]);
});

test.each(["", " ", "\r\n"])("a body of %j is none", (body) => {
  expect(entriesOf({ query: "a=1", method: "POST", body })).toEqual([["a", "1"]]);
});

test.each([
  ["words", "action 1.2.3 is pending"],
  ["a JSON string", '"1.2.3"'],
  ["a number", "12345"],
  ["null", "null"],
  ["YAML", "action_id: 1.2.3"],
  ["binary", "\u0000\u0001\u0002"],
])("refuses %s, and tells what to choose in impact.com", (_, body) => {
  const problem = problemOf(() => decode(aReceipt({ body })));
  expect(problem.code).toBe("undecodable");
  expect(problem.message).toContain("impact.com");
});

test("refuses what was too large to be kept whole", () => {
  expect(problemOf(() => decode(aReceipt({ query: "a=1", truncated: true }))).code).toBe("too_large");
});

test("warns of bytes that are no text", () => {
  const receipt = { ...aReceipt(), body: new Uint8Array([...Buffer.from('{"a":"'), 0xe9, ...Buffer.from('"}')]) };
  expect(decode(receipt).warnings).toMatchObject([{ code: "invalid_text" }]);
});
