import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeXml } from "../../src/postback/xml.ts";
import { runs } from "../fuzz.ts";
import { problemOf } from "./read.ts";
import { xmlOf } from "./shapes.ts";

const entriesOf = (text: string) => decodeXml(text).entries;
const nestedOf = (text: string) => decodeXml(text).nested;

test("reads the children of the root, whatever it is called, in order", () => {
  expect(decodeXml("<anything><b>1</b><a>2</a></anything>")).toEqual({
    entries: [
      ["b", "1"],
      ["a", "2"],
    ],
    nested: {},
    warnings: [],
  });
});

test.each(["<a></a>", "<a/>", "<a />"])("%s is empty", (element) => {
  expect(entriesOf(`<r>${element}</r>`)).toEqual([["a", ""]]);
});

test.each(["0.00", "5.10", "007", "1234567890123456789", "true", "0x10", "1e3"])("%s stays the text it is", (text) => {
  expect(entriesOf(`<r><a>${text}</a></r>`)).toEqual([["a", text]]);
});

test("keeps the blanks of a value", () => {
  expect(entriesOf("<r><a> Base44 </a></r>")).toEqual([["a", " Base44 "]]);
});

test("drops the white space between elements", () => {
  expect(entriesOf("<r>\n  <a>1</a>\n  <b>\n    <c>2</c>\n  </b>\n</r>")).toEqual([
    ["a", "1"],
    ["b.c", "2"],
  ]);
});

test("steps over declaration, comments and instructions", () => {
  expect(entriesOf('<?xml version="1.0" encoding="UTF-8"?><!-- x --><?do this?><r><!-- <b>2</b> --><a>1</a></r>')).toEqual([["a", "1"]]);
});

test.each([
  ["&amp;", "&"],
  ["&lt;&gt;", "<>"],
  ["&quot;&apos;", "\"'"],
  ["&#65;&#x41;&#x1F6CD;", "AA🛍"],
  ["&amp;lt;", "&lt;"],
  ["&amp;#65;", "&#65;"],
])("resolves %s, once", (written, text) => {
  expect(entriesOf(`<r><a>${written}</a></r>`)).toEqual([["a", text]]);
});

test.each(["&nbsp;", "&unknown;", "&#0;", "&#x110000;"])("leaves %s as it is: there is no such letter", (reference) => {
  expect(entriesOf(`<r><a>${reference}</a></r>`)).toEqual([["a", reference]]);
});

test("reads CDATA as text", () => {
  expect(entriesOf("<r><a><![CDATA[<b> & ]]></a></r>")).toEqual([["a", "<b> & "]]);
});

test("resolves nothing inside CDATA", () => {
  expect(entriesOf("<r><a><![CDATA[x?a=1&amp;b=2]]></a></r>")).toEqual([["a", "x?a=1&amp;b=2"]]);
});

test("reads the attributes of the root as keys", () => {
  expect(Object.fromEntries(entriesOf('<r a="1 &amp; 2"><b>3</b></r>'))).toEqual({ a: "1 & 2", b: "3" });
});

test("an element that has attributes keeps its text under its own name", () => {
  expect(entriesOf('<r><payout currency="USD">5.00</payout></r>')).toContainEqual(["payout", "5.00"]);
});

test.each([
  ["<items><item><sku>A</sku></item><item><sku>B</sku></item></items>", [{ sku: "A" }, { sku: "B" }]],
  ["<items><item><sku>A</sku></item></items>", [{ sku: "A" }]],
  ["<Items><Item><sku>A</sku></Item></Items>", [{ sku: "A" }]],
  ['<items><item sku="A"/><item sku="B"/></items>', [{ sku: "A" }, { sku: "B" }]],
  ["<items><sku>A</sku><qty>1</qty></items>", [{ sku: "A", qty: "1" }]],
  ["<items>\n <item>\n <sku>A</sku>\n </item>\n</items>", [{ sku: "A" }]],
])("reads %s as a list", (items, list) => {
  expect(Object.values(nestedOf(`<r>${items}</r>`))).toEqual([list]);
});

test("reads repeated items without a wrapper as a list", () => {
  expect(nestedOf("<r><items><sku>A</sku></items><items><sku>B</sku></items></r>")).toEqual({ items: [{ sku: "A" }, { sku: "B" }] });
});

test.each([
  ["upper case", "<!DOCTYPE r><r/>"],
  ["lower case", "<!doctype r><r/>"],
  ["entities", '<!DOCTYPE r [<!ENTITY a "x">]><r>&a;</r>'],
  ["a system file", '<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>'],
])("refuses a DOCTYPE with %s, and says so", (_, text) => {
  expect(problemOf(() => decodeXml(text)).message).toContain("DOCTYPE");
});

test.each([
  ["an open element", "<r><a>1</a>"],
  ["elements that cross", "<r><a><b></a></b></r>"],
  ["a raw ampersand", "<r><a>Acme & Sons</a></r>"],
  ["two roots", "<r><a>1</a></r><r><a>2</a></r>"],
  ["two roots that close themselves", '<r a="1"/><r a="2"/>'],
  ["an attribute without quotes", "<r a=1/>"],
  ["an attribute twice", '<r a="1" a="2"/>'],
  ["no element", '<?xml version="1.0"?>'],
  ["an end alone", "</r>"],
  ["text after its end", "<r><a>1</a></r>x"],
  ["text after a root that closes itself", '<r a="1"/>x'],
])("refuses XML with %s", (_, text) => {
  expect(problemOf(() => decodeXml(text)).code).toBe("undecodable");
});

test("names the place where XML breaks", () => {
  expect(problemOf(() => decodeXml("<r>\n<a>Acme & Sons</a></r>")).message).toContain("line 2");
});

test("no text is lost between writing and reading XML", () => {
  const letters = fc.constantFrom(..."ab &<>\"'\r\n\t;#x]é日🛍");
  const texts = fc.string({ unit: letters, minLength: 1 });
  fc.assert(
    fc.property(texts, (text) => entriesOf(xmlOf([["a", text]]))[0]?.[1] === text),
    runs(),
  );
});
