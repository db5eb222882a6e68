import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { largestReceipt } from "../../src/domain/receipt.ts";
import { decode } from "../../src/postback/decode.ts";
import { macros } from "../../src/postback/fields.ts";
import { normalise } from "../../src/postback/normalise.ts";
import { redact } from "../../src/postback/secrets.ts";
import { aReceipt, aSource } from "../kit.ts";
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

/** True when these bytes end as an event or as a Problem, and as nothing else. */
function isAnswered(bytes: Uint8Array, { query = "", contentType = "", kind = "action-lifecycle" } = {}): boolean {
  const receipt = { ...aReceipt({ query, kind, headers: { "content-type": contentType } }), body: new Uint8Array(bytes) };
  try {
    return normalise(decode(receipt), receipt, aSource({ mapping: { cid: "SubId1" } })).id === receipt.id;
  } catch (error) {
    if (error instanceof Problem) return true;
    throw error;
  }
}

const isTextAnswered = (text: string) => isAnswered(new TextEncoder().encode(text));

const charsets = fc
  .constantFrom("", "utf-8", "iso-8859-1", "utf-16", "utf-16be", "shift_jis", "utf-7", "klingon", "replacement")
  .map((charset) => `text/plain; charset=${charset}`);
const beginnings = fc
  .constantFrom("", "{", '{"', "[", "<", "<a", "<a>", "a=", "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff")
  .map((text) => Buffer.from(text, "latin1"));

test("any bytes are an event or a Problem", () => {
  const some = fc.tuple(beginnings, fc.uint8Array({ maxLength: 200 })).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(some, charsets, (bytes, contentType) => isAnswered(bytes, { contentType })),
    { numRuns: 1000 },
  );
});

test("any query is an event or a Problem", () => {
  const letters = fc.constantFrom(..."=&%+{}?2Bxe9 \0é🛍\ud800");
  fc.assert(
    fc.property(fc.string({ unit: letters }), (query) => isAnswered(new Uint8Array(), { query })),
    { numRuns: 1000 },
  );
});

test("any JSON is an event or a Problem", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 12, stringUnit: "binary" }), isTextAnswered), { numRuns: 500 });
});

test("any JSON under impact's own keys is an event or a Problem, of any kind", () => {
  const cases = fc.constantFrom(...Object.entries(macros)).chain(([kind, list]) =>
    fc.record({
      kind: fc.constant(kind),
      object: fc.dictionary(fc.constantFrom(...list.map(({ name }) => name), "cid", "items", "__proto__", "token"), fc.jsonValue()),
    }),
  );
  const isObjectAnswered = ({ kind, object }: { kind: string; object: object }) =>
    isAnswered(Buffer.from(JSON.stringify(object)), { kind });
  fc.assert(fc.property(cases, isObjectAnswered), { numRuns: 500 });
});

/** A text with up to five pieces cut out, doubled or written over. */
function mutated(original: string, pieces: string[]) {
  const edit = fc.record({ at: fc.nat(original.length), length: fc.nat(8), piece: fc.oneof(fc.constantFrom(...pieces), fc.string()) });
  return fc
    .array(edit, { minLength: 1, maxLength: 5 })
    .map((edits) => edits.reduce((text, { at, length, piece }) => text.slice(0, at) + piece + text.slice(at + length), original));
}

test("XML with pieces gone, doubled or strange is an event or a Problem", () => {
  const original =
    '<?xml version="1.0"?><!-- x --><a><action_id>1.2.3</action_id><b>A &amp; B</b><c><![CDATA[y]]></c><items n="1"><item><sku>A</sku></item></items></a>';
  const pieces = [...`< > </ /> & &#x0; &#xD800; <![CDATA[ ]]> <!-- --> <? ?> <! " ' = <a/> items __proto__`.split(" "), "\0"];
  fc.assert(fc.property(mutated(original, pieces), isTextAnswered), { numRuns: 2000 });
});

test("JSON with pieces gone, doubled or strange is an event or a Problem", () => {
  const original = '{"Action Life Cycle Postback", "action_id": "1.2.3", "payout": , "name": "a\\"b\\u00e9", "items": [{"sku": 1.50}]}';
  const pieces = ['"', "\\", "{", "}", "[", "]", ":", ",", "null", "1e999", "\\u0000", "\\ud800", '"a":', '"__proto__":', "\0", "\n"];
  fc.assert(fc.property(mutated(original, pieces), isTextAnswered), { numRuns: 2000 });
});

test.each([1, 10, 100, 500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 10_000, 50_000])(
  "a list %i lists deep is an event or a Problem",
  (depth) => {
    expect(isTextAnswered(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`)).toBe(true);
  },
);

test.each([1, 10, 100, 500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 10_000, 14_000])(
  "an object %i objects deep is an event or a Problem",
  (depth) => {
    expect(isTextAnswered(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`)).toBe(true);
  },
);

test.each([1, 10, 100, 1000, 14_000])("XML %i elements deep is an event or a Problem", (depth) => {
  expect(isTextAnswered(`${"<a>".repeat(depth)}1${"</a>".repeat(depth)}`)).toBe(true);
});

/** As often as it goes into the largest receipt. */
const fill = (piece: string, before = "", after = "") =>
  before + piece.repeat(Math.floor((largestReceipt - before.length - after.length) / piece.length)) + after;
const numbered = (write: (n: number) => string, glue = "") => Array.from({ length: 5000 }, (_, n) => write(n)).join(glue);

const worst: Record<string, string> = {
  "an unclosed quote": fill("x", '{"'),
  "quotes alone": fill('"', "{"),
  "escaped quotes in a string": fill('\\"', '{"a":"', '"}'),
  "escaped quotes without an end": fill('\\"', '{"a":"'),
  "escaped quotes and a backslash at the end": fill('\\"', '{"', "\\"),
  "backslashes in a string": fill("\\\\", '{"a":"', '"}'),
  "keys and colons without values": fill('"a":', "{"),
  "one key again and again": fill('"a":1,', "{", '"b":2}'),
  "colons and commas": fill(":,", '{"a"'),
  "blanks after a colon": fill(" ", '{"a":', "x}"),
  "lists that never close": fill("["),
  "objects that never close": fill('{"a":'),
  "lists in a list": fill("[],", '{"a":[', "[]]}"),
  "a very long number": fill("9", '{"payout":', "}"),
  "5,000 keys of JSON": `{${numbered((n) => `"k${n}":"v"`, ",")}}`,
  "5,000 keys of a form": numbered((n) => `k${n}=v`, "&"),
  "one key of a form again and again": fill("a=1&"),
  "signs of equality": fill("=", "a"),
  "percent signs": fill("%", "a="),
  "a very long literal macro": fill("A", "a={", "}"),
  "blanks before a brace": fill(" ", "a=%7B", "x"),
  braces: fill("{", "a="),
  "5,000 elements": `<a>${numbered((n) => `<k${n}>v</k${n}>`)}</a>`,
  "5,000 attributes": `<a ${numbered((n) => `k${n}="v"`, " ")}/>`,
  "elements that never close": fill("<a>"),
  "empty elements": fill("<b/>", "<a>", "</a>"),
  "character references": fill("&#x41;", "<a><b>", "</b></a>"),
  "references without an end": fill("&#x4", "<a><b>", "</b></a>"),
  ampersands: fill("&", "<a>", "</a>"),
  "CDATA that never closes": fill("<![CDATA[", "<a>"),
  "comments that never close": fill("<!--", "<a>"),
  "instructions that never close": fill("<?", ""),
  "attributes that never close": fill('b="', "<a "),
  "opening brackets": fill("<"),
  "one item again and again": fill("<item/>", "<a><items>", "</items></a>"),
  "a very long name": fill("a", "<", "/>"),
};

/** The time limit is far above what the slowest needs, and far below what a pattern that goes back again and again takes. */
const timeout = 2000;

test.each(Object.entries(worst))("100 KB of %s come back", { timeout }, (_, body) => {
  expect(isTextAnswered(body)).toBe(true);
});

test.each(Object.entries(worst))("100 KB of %s in a query come back", { timeout }, (_, query) => {
  expect(isAnswered(new Uint8Array(), { query })).toBe(true);
});

test.each(Object.entries(worst))("100 KB of %s can be shown", { timeout }, (_, raw) => {
  expect(redact(raw)).toBe(raw);
});
