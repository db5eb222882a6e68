import fc from "fast-check";
import { expect, test } from "vitest";
import { kinds } from "../../src/domain/kind.ts";
import { macros } from "../../src/postback/fields.ts";
import { runs } from "../fuzz.ts";
import { isAnswered, isTextAnswered } from "./answered.ts";
import { xmlOf } from "./shapes.ts";

/** Each test's promise: what comes in becomes an event, or a Problem that says what is wrong and what to do about it. */

const labels = `utf-8 iso-8859-1 iso-8859-8-i utf-16 utf-16le utf-16be utf-7 utf-32 shift_jis gb18030 big5 euc-kr iso-2022-jp x-user-defined
  replacement klingon "utf-8" ' ; constructor`.split(/\s+/);
const contentTypes = fc.oneof(
  fc.constantFrom("", "application/json", "multipart/form-data; boundary=b", "text/xml;charset="),
  fc.constantFrom(...labels).map((label) => `text/plain; charset=${label}`),
  fc.string({ unit: "binary" }),
);
const headers = fc
  .tuple(contentTypes, fc.dictionary(fc.string(), fc.string()))
  .map(([contentType, others]) => ({ ...others, "content-type": contentType }));

const beginnings = fc
  .constantFrom("", "{", '{"', "[", "<", "<a", "<a>", "a=", "--b\r\ncontent-", "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff")
  .map((text) => Buffer.from(text, "latin1"));
const anyBytes = fc.tuple(beginnings, fc.uint8Array({ maxLength: 200 })).map((parts) => new Uint8Array(Buffer.concat(parts)));

const everyName = [...new Set(Object.values(macros).flatMap((list) => list.map(({ name }) => name)))];
const ownKeys = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "items",
  "Items",
  "token",
  "cid",
  "",
  "#text",
  "#cdata",
  "length",
];
const keys = fc.oneof(fc.constantFrom(...everyName, ...ownKeys), fc.string({ unit: "binary", maxLength: 8 }));
const values = fc.oneof(
  fc.constantFrom(
    "1.2.3",
    "0.88",
    "USD",
    "PENDING",
    "{SubId1}",
    "{}",
    "12345678",
    "",
    " ",
    "2026-05-13T11:37:49 08:00",
    "2026-02-30",
    "running",
  ),
  fc.constantFrom(
    "\ud800",
    "\udc00\ud800",
    "\0",
    "\ufeff",
    "\ufffe",
    "1e999",
    "-0",
    "9".repeat(400),
    `0.${"1".repeat(400)}`,
    `${"-".repeat(40)}1`,
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const pairs = fc.array(fc.tuple(keys, values), { maxLength: 12 });

const queries = fc.oneof(
  pairs.map((some) => new URLSearchParams(some).toString()),
  fc.string({ unit: fc.constantFrom(..."=&%+{}?;2Bxe9cC0 \0é🛍\ud800\ufeff"), maxLength: 60 }),
);

/** A tree of JSON, whose numbers may have hundreds of digits. */
const { tree } = fc.letrec<{ tree: unknown; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    values.map((value) => JSON.stringify(value)),
    fc.constantFrom("null", "true", "false", "5.10", "-0", "1e999", "1E-400", "9".repeat(400), `-0.${"0".repeat(400)}1`),
  ),
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("tree"), { maxLength: 4 }).map((members) => `[${members.join()}]`),
    fc
      .array(fc.tuple(keys, tie("tree")), { maxLength: 5 })
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`),
  ),
}));
/** Some with the mistakes that templates make, which are mended: a bare text before all else, and values that are not there. */
const jsonBodies = fc
  .tuple(
    fc.constantFrom("", '"Action Life Cycle Postback", '),
    fc.array(fc.tuple(keys, fc.oneof({ weight: 5, arbitrary: tree }, fc.constant(""))), { maxLength: 10 }),
  )
  .map(([bare, members]) => `{${bare}${members.map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join()}}`);

const elementName = fc.constantFrom("action_id", "payout", "items", "item", "a", "__proto__", "constructor", "toString", "a:b", "é", "x.y");
const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.tuple(elementName, values).map(([name, value]) => xmlOf([[name, value]]).replace(/^.*<action>|<\/action>$/gs, "")),
    fc.tuple(elementName, values).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`),
    fc.tuple(elementName, elementName, values).map(([name, key, value]) => `<${name} ${key}="${value.replace(/["<&]/g, "")}"/>`),
    fc.tuple(elementName, fc.array(tie("element"), { maxLength: 4 })).map(([name, inner]) => `<${name}>${inner.join("")}</${name}>`),
    fc.constantFrom("&#0;", "&#xD800;", "&#x110000;", "&amp;amp;", "&nbsp;", "<!-- -->", "<?x y?>", " ", "\0"),
  ),
}));
const xmlBodies = fc.array(element, { maxLength: 8 }).map((inner) => `<?xml version="1.0"?><action>${inner.join("")}</action>`);

const multipartBodies = pairs.map(
  (parts) =>
    `${parts.map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join("")}--b--\r\n`,
);

const pieces = [
  ...['"', "\\", "{", "}", "[", "]", ":", ",", "null", "1e999", "\\u0000", "\\ud800", '"a":', '"__proto__":', "\0", "\n", "\r\n\r\n"],
  ...`< > </ /> & &#x0; &#xD800; <![CDATA[ ]]> <!-- --> <? ?> <! <!DOCTYPE " ' = <a/> items __proto__ --b --b-- name=" % %e9 %zz`.split(
    " ",
  ),
];

/** A text with up to five pieces cut out, doubled or written over. */
function mutated(original: string) {
  const edit = fc.record({ at: fc.nat(original.length), length: fc.nat(8), piece: fc.oneof(fc.constantFrom(...pieces), fc.string()) });
  return fc
    .array(edit, { maxLength: 5 })
    .map((edits) => edits.reduce((text, { at, length, piece }) => text.slice(0, at) + piece + text.slice(at + length), original));
}

/** The bytes of a text, in one of the encodings that bodies come in, with and without a mark. */
const encoders: ((text: string) => Uint8Array)[] = [
  (text) => Buffer.from(text),
  (text) => Buffer.from(`\ufeff${text}`),
  (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
  (text) => Buffer.from(text, "utf16le"),
  (text) => Buffer.from(text, "latin1"),
];

const wholeBodies = fc.oneof(jsonBodies, xmlBodies, multipartBodies, queries, fc.json({ maxDepth: 12, stringUnit: "binary" }));
const brokenBodies = wholeBodies.chain(mutated);
const anyBody = fc.oneof(
  anyBytes,
  fc.tuple(brokenBodies, fc.constantFrom(...encoders)).map(([text, encode]) => new Uint8Array(encode(text))),
);

const anyKind = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...kinds) }, { weight: 1, arbitrary: fc.oneof(fc.string(), keys) });
const mapping = fc.array(fc.tuple(keys, keys), { maxLength: 6 }).map((entries) => Object.fromEntries(entries));

test("any call at all", () => {
  const call = fc.record({ query: queries, headers, kind: anyKind, method: fc.string(), body: anyBody, truncated: fc.constant(false) });
  fc.assert(
    fc.property(call, mapping, (parts, names) => isAnswered(parts, { mapping: names })),
    runs(1500),
  );
});

test.each(Object.entries({ JSON: jsonBodies, XML: xmlBodies, "a form": queries, "multipart parts": multipartBodies }))(
  "%s under impact's own keys and odd ones, whole or with pieces gone, doubled or strange, of any kind",
  (_, bodies) => {
    fc.assert(
      fc.property(bodies.chain(mutated), fc.constantFrom(...kinds), mapping, (text, kind, names) =>
        isAnswered({ kind, body: new TextEncoder().encode(text) }, { mapping: names }),
      ),
      runs(500),
    );
  },
);

test("a call that was cut off", () => {
  expect(isAnswered({ truncated: true, query: "action_id=1.2.3" })).toBe(true);
});

const depths = [1, 10, 49, 50, 51, 100, 500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 10_000, 14_000];

test.each([...depths, 50_000])("a list %i lists deep", (depth) => {
  expect(isTextAnswered(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`)).toBe(true);
});

test.each(depths)("an object %i objects deep", (depth) => {
  expect(isTextAnswered(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`)).toBe(true);
});

test.each(depths)("XML %i elements deep", (depth) => {
  expect(isTextAnswered(`${"<a>".repeat(depth)}1${"</a>".repeat(depth)}`)).toBe(true);
});
