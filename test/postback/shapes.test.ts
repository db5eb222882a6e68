import fc from "fast-check";
import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { kinds } from "../../src/domain/kind.ts";
import type { Source } from "../../src/domain/source.ts";
import { foldKey, macros } from "../../src/postback/fields.ts";
import { normalise } from "../../src/postback/normalise.ts";
import { runs } from "../fuzz.ts";
import { aReceipt, aSource } from "../kit.ts";
import { problemOf, read } from "./read.ts";
import { shapes } from "./shapes.ts";

type Pair = [key: string, value: string];

/** A macro's name as an account owner might write it: other letters of case, and `_`, `-` and blanks where there were none. */
function respelt(name: string, separators: string[]) {
  const letters = [...name].map((letter) =>
    fc
      .tuple(fc.boolean(), fc.constantFrom("", "", "", ...separators))
      .map(([isUpper, mark]) => mark + (isUpper ? letter.toUpperCase() : letter.toLowerCase())),
  );
  return fc.tuple(...letters).map((parts) => parts.join("").replace(/^[-_ ]+/, ""));
}

const money = fc.stringMatching(/^-?\d{1,12}(\.\d{1,6})?$/);
const date = fc.constantFrom("2026-05-13T11:37:49+08:00", "2026-05-13T11:37:49 08:00", "2026-05-13");
const unlike = fc.constantFrom("", "{SubId1}", "12345678", " ", "null", "0");

/** What a macro may hold: text of any kind, or what its shape wants. */
const valuesOf = {
  text: (text: fc.Arbitrary<string>) => fc.oneof(text, unlike),
  money: () => money,
  date: () => date,
  currency: () => fc.constantFrom("USD", "eur"),
};

const mapping = { cid: "SubId1", "Click-Ref": "shared_id" };

/** Pairs of known macros in any spelling, mapped names and names of nobody's, none twice, of keys and text that a shape can hold. */
function pairsOf(kind: keyof typeof macros, text: fc.Arbitrary<string>, key: fc.Arbitrary<string>, separators: string[]) {
  const known = fc.constantFrom(...macros[kind]).chain(({ name, shape }) => fc.tuple(respelt(name, separators), valuesOf[shape](text)));
  const mapped = fc.constantFrom("cid", "CID", "click-ref", "click_ref").chain((name) => fc.tuple(fc.constant(name), text));
  const others = fc.tuple(key, text).filter(([name]) => !isTyped(kind, name));
  const some = fc.uniqueArray(fc.oneof(known, mapped, others), { maxLength: 10, selector: ([name]) => foldKey(name) });
  return some.map((rest): Pair[] => [...rest, ["x", "something"]]);
}

const isTyped = (kind: keyof typeof macros, key: string) =>
  macros[kind].some(({ name, synonyms, shape }) => [name, ...synonyms].some((one) => foldKey(one) === foldKey(key)) && shape !== "text");

/** What an event says, for comparison: fields in any order, and the fingerprint. */
const told = ({ fields, fingerprint }: Event) => JSON.stringify([Object.entries(fields).sort(), fingerprint]);

/** The same pairs, never written in any shape. */
function asTheyAre(kind: string, entries: Pair[], source: Partial<Source>): Event {
  return normalise({ entries, nested: {}, warnings: [] }, aReceipt({ kind }), aSource(source));
}

const wellFormed = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.toWellFormed());
const withSurrogates = fc.oneof(wellFormed, fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "\0", '"', "\\", "a"), maxLength: 6 }));
const escaped = ["&lt;", "&amp;", "&#65;", "%41", "%2B", "\\n", "\\u0041", "]]>", "<![CDATA[", "{SubId1}"];
const tricky = fc.string({
  unit: fc.constantFrom(...escaped, ..."aZ09 &<>\"'=+%#;:{}[]()\\/,.?!-_\t\n\r\u0085\ufeffé日本🛍"),
  maxLength: 12,
});
const texts = fc.oneof(wellFormed, tricky);
const blanks = ["_", "-", " "];

/**
 * What keys and values a shape can hold. Half a surrogate pair has no UTF-8, so only JSON can write it. A
 * form is known by its first key, of 1 to 100 characters. NUL is no character of XML, and
 * an XML name has no blanks and few marks; `items` is XML's list, and the reader refuses or renames what objects of JavaScript have by
 * themselves. Browsers write %22, %0D and %0A for a quote and for line ends in a name of multipart, so these cannot stand for
 * themselves. In JSON, a key may not end in NUL and digits, which is how its repeats are told apart.
 */
const xmlName = fc
  .stringMatching(/^[A-Za-z_éß日][\w.\-·é日]{0,8}$/)
  .filter((name) => !/^(items|xml.*|prototype|constructor|__.*)$/i.test(name) && !(name in {}));
const holds: Record<keyof typeof shapes, { key: fc.Arbitrary<string>; value: fc.Arbitrary<string>; blanks: string[] }> = {
  "a query": { key: texts, value: texts, blanks },
  "a percent-encoded query": { key: texts, value: texts, blanks },
  "a form": { key: texts.filter((key) => key !== "" && encodeURIComponent(key).length < 90), value: texts, blanks },
  "a multipart form": { key: texts.filter((key) => !/%(22|0d|0a)/i.test(key)), value: texts, blanks },
  JSON: { key: withSurrogates.filter((key) => !/\0\d+$/.test(key)), value: withSurrogates, blanks },
  XML: { key: xmlName, value: texts.map((text) => text.replaceAll("\0", "")), blanks: ["_", "-"] },
};

const each = Object.entries(shapes).flatMap(([name, shape]) => kinds.map((kind) => [name as keyof typeof shapes, kind, shape] as const));

test.each(each)("%s of %s gives the fields and the fingerprint that its pairs have", (name, kind, shape) => {
  const { key, value, blanks: separators } = holds[name];
  const isTold = (pairs: Pair[]) => told(read({ kind, ...shape(pairs) }, { mapping })) === told(asTheyAre(kind, pairs, { mapping }));
  fc.assert(fc.property(pairsOf(kind, value, key, separators), isTold), runs(60));
});

test("half a surrogate pair in a query or form is U+FFFD", () => {
  expect(read(shapes["a form"]([["a", "\ud800"]])).fields).toEqual({ a: "\ufffd" });
});

test.each([0, 101])("a form whose first key has %i characters is not known for one, but a query is", (length) => {
  const pairs: Pair[] = [["k".repeat(length), "v"]];
  expect(problemOf(() => read(shapes["a form"](pairs))).code).toBe("undecodable");
  expect(read(shapes["a query"](pairs)).fields).toEqual(Object.fromEntries(pairs));
});

test("NUL and digits at the end of a key of JSON are cut off", () => {
  expect(read(shapes.JSON([["a\u00007", "v"]])).fields).toEqual({ a: "v" });
});

test.each(["constructor", "prototype", "__proto__"])("XML with an element %s is refused", (name) => {
  expect(problemOf(() => read(shapes.XML([[name, "v"]]))).code).toBe("undecodable");
});

test.each(["toString", "valueOf", "hasOwnProperty"])("XML's %s comes with __ before it, which no macro has", (name) => {
  expect(read(shapes.XML([[name, "v"]])).fields).toEqual({ [`__${name}`]: "v" });
});
