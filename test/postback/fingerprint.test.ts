import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fields } from "../../src/domain/fields.ts";
import { foldKey } from "../../src/postback/fields.ts";
import { fingerprint } from "../../src/postback/fingerprint.ts";
import { read } from "./read.ts";
import { shapes } from "./shapes.ts";

const fields: Fields = { ActionId: "1.2.3", Status: "PENDING", Payout: "0.88", my_key: "x" };
const nested = { items: [{ sku: "A", qty: "1" }] };
const original = fingerprint("src_a", "action-lifecycle", fields, nested);

const ofQuery = (query: string) => read({ query }).fingerprint;

test("is a SHA-256 in hex", () => {
  expect(original).toMatch(/^[0-9a-f]{64}$/);
});

test("is blind to the order of keys", () => {
  const reversed = Object.fromEntries(Object.entries(fields).reverse());
  expect(fingerprint("src_a", "action-lifecycle", reversed, { items: [{ qty: "1", sku: "A" }] })).toBe(original);
});

test("is blind to the order of keys that differ in spelling alone", () => {
  expect(ofQuery("my_key=1&mykey=2")).toBe(ofQuery("mykey=2&my_key=1"));
});

test("is blind to the spelling of keys, known or not", () => {
  expect(ofQuery("ACTION-ID=1.2.3&My-Key=x")).toBe(ofQuery("action_id=1.2.3&mykey=x"));
});

test("is blind to values that are absent", () => {
  expect(ofQuery("action_id=1.2.3&sub_id1=&creation_date=")).toBe(ofQuery("action_id=1.2.3"));
});

test("is blind to the value of a secret, which may be rotated", () => {
  expect(ofQuery("action_id=1.2.3&token=old")).toBe(ofQuery("action_id=1.2.3&token=new"));
});

test("is blind to a + that was lost from an offset", () => {
  expect(ofQuery("event_date=2026-05-13T11:37:49+08:00")).toBe(ofQuery("event_date=2026-05-13T11%3A37%3A49%2B08%3A00"));
});

test("is blind to id and time of arrival", () => {
  const query = "action_id=1.2.3";
  expect(read({ query, receivedAt: 1 }).fingerprint).toBe(read({ query, receivedAt: 2 }).fingerprint);
});

test("is blind to whether query or body told a thing", () => {
  expect(read({ query: "status=PENDING", body: '{"action_id":"1.2.3"}' }).fingerprint).toBe(ofQuery("action_id=1.2.3&status=PENDING"));
});

test.each([
  ["source", fingerprint("src_b", "action-lifecycle", fields, nested)],
  ["kind", fingerprint("src_a", "action-clearing", fields, nested)],
  ["value", fingerprint("src_a", "action-lifecycle", { ...fields, Payout: "0.89" }, nested)],
  ["letter case of a value", fingerprint("src_a", "action-lifecycle", { ...fields, Status: "pending" }, nested)],
  ["blank in a value", fingerprint("src_a", "action-lifecycle", { ...fields, Status: "PENDING " }, nested)],
  ["number of decimals", fingerprint("src_a", "action-lifecycle", { ...fields, Payout: "0.880" }, nested)],
  ["key", fingerprint("src_a", "action-lifecycle", { ...fields, other: "x" }, nested)],
  ["item", fingerprint("src_a", "action-lifecycle", fields, { items: [{ sku: "A", qty: "2" }] })],
  ["order of items", fingerprint("src_a", "action-lifecycle", fields, { items: [{ sku: "B" }, { sku: "A", qty: "1" }] })],
  ["list", fingerprint("src_a", "action-lifecycle", fields, {})],
])("differs for another %s", (_, other) => {
  expect(other).not.toBe(original);
});

test("differs where a value only moved from one key to another", () => {
  expect(ofQuery("a=1&b=2")).not.toBe(ofQuery("a=2&b=1"));
});

test("differs where the border between key and value moved", () => {
  expect(ofQuery("ab=c")).not.toBe(ofQuery("a=bc"));
});

test("is the same for items in JSON and in XML", () => {
  const json = read({ body: '{"action_id":"1.2.3","items":[{"sku":"A","qty":1}]}' });
  const xml = read({ body: "<a><action_id>1.2.3</action_id><items><item><qty>1</qty><sku>A</sku></item></items></a>" });
  expect(xml.fingerprint).toBe(json.fingerprint);
});

/** Flat pairs of every kind of key, no key twice in any spelling, with text that every shape has to escape. */
const text = fc.string({ unit: fc.constantFrom(..."aZ09 &<>\"'=+%#;:{}[]()\\/,.?!-_\t\n\ré日本🛍"), maxLength: 12 });
const known = fc.constantFrom("SubId1", "sub_id2", "SUBID3", "campaign-name", "statusDetail", "RefClickId", "landing_page_url");
const unknown = fc.stringMatching(/^x[A-Za-z0-9_-]{0,8}$/);
const some = fc.uniqueArray(fc.tuple(fc.oneof(known, unknown), text), { maxLength: 10, selector: ([key]) => foldKey(key) });
const pairs = some.map((rest): [string, string][] => [["action_id", "1.2.3"], ...rest]);

const { "a query": asQuery, ...otherShapes } = shapes;
const others = Object.entries(otherShapes);

test.each(others)("is the same in %s as in a query", (_, shape) => {
  fc.assert(fc.property(pairs, (flat) => read(shape(flat)).fingerprint === read(asQuery(flat)).fingerprint));
});

test.each(others)("has the same fields in %s as in a query", (_, shape) => {
  const told = (receipt: Parameters<typeof read>[0]) => JSON.stringify(Object.entries(read(receipt).fields).sort());
  fc.assert(fc.property(pairs, (flat) => told(shape(flat)) === told(asQuery(flat))));
});

test("is the same for any order of a query", () => {
  const shuffled = pairs.chain((flat) => fc.tuple(fc.constant(flat), fc.shuffledSubarray(flat, { minLength: flat.length })));
  fc.assert(fc.property(shuffled, ([flat, other]) => read(asQuery(flat)).fingerprint === read(asQuery(other)).fingerprint));
});
