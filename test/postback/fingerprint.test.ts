import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fields } from "../../src/domain/fields.ts";
import { foldKey, macros } from "../../src/postback/fields.ts";
import { fingerprint } from "../../src/postback/fingerprint.ts";
import { runs } from "../fuzz.ts";
import { read } from "./read.ts";

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

test("a list of pairs is not the object of the same pairs", () => {
  const asObject = fingerprint("src_a", "action-lifecycle", fields, { items: [{ sku: "A" }] });
  expect(fingerprint("src_a", "action-lifecycle", fields, { items: [[["sku", "A"]]] })).not.toBe(asObject);
});

type Pair = [key: string, value: string];

/** Text that could be taken for the marks between keys, values, lists and objects, from few letters, so that many are alike. */
const text = fc.string({ unit: fc.constantFrom(...'a"\\,:[]{}\0'), minLength: 1, maxLength: 4 });
const key = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "1", "A", "a_", "-a"));
const pairs = fc.uniqueArray(fc.tuple(key, text), { maxLength: 4, selector: ([name]) => name });
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.constantFrom(null, true),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 2 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const said = fc.record({
  source: text,
  kind: text,
  fields: pairs,
  nested: fc.uniqueArray(fc.tuple(key, fc.array(value, { maxLength: 2 })), { maxLength: 2, selector: ([name]) => name }),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

const printOf = ({ source, kind, fields, nested }: Said) =>
  fingerprint(source, kind, Object.fromEntries(fields), Object.fromEntries(nested));

/** What is said, as a text that is equal for equal ones: keys folded, and in one order. */
function meaningOf({ source, kind, fields, nested }: Said): string {
  const told = [...fields, ...nested].map(([name, inner]) => `${foldKey(name).length} ${foldKey(name)}=${written(inner)}`);
  return [source, kind].map(written).concat(told.sort()).join("|");
}

function written(inner: unknown): string {
  if (Array.isArray(inner)) return `list of ${inner.length}: ${inner.map(written).join("")}.`;
  if (typeof inner !== "object" || inner === null) return `${typeof inner} ${String(inner).length} ${inner};`;
  const entries = Object.entries(inner).map(([name, one]) => `${name.length} ${name}=${written(one)}`);
  return `object of ${entries.length}: ${entries.sort().join("")}.`;
}

/** What could be taken for something else that was said: objects for their pairs, a list for its text or its members, one key for two. */
const lookalikes: ((one: Said) => Said)[] = [
  (one) => ({ ...one, nested: one.nested.map(([name, list]) => [name, list.map(asPairs)]) }),
  (one) => ({ ...one, nested: [], fields: [...one.fields, ...one.nested.map(([name, list]): Pair => [name, JSON.stringify(list)])] }),
  (one) => ({ ...one, nested: one.nested.map(([name, list]) => [name, [list]]) }),
  (one) => ({ ...one, nested: one.nested.map(([name, list]) => [name, list.flat()]) }),
  (one) => ({ ...one, nested: one.nested.map(([name, list]) => [name, list.map(String)]) }),
  (one) => ({ ...one, fields: one.fields.map(([name, inner]): Pair => [`${name}${inner[0]}`, inner.slice(1)]) }),
  (one) => ({ ...one, fields: one.fields.map(([name, inner]): Pair => [inner, name]) }),
  (one) => ({ ...one, fields: [[one.fields.flat().join('","'), one.kind]] }),
  (one) => ({ ...one, source: one.source + one.kind, kind: "" }),
  (one) => ({ ...one, source: `${one.source}","${one.kind}`, kind: "" }),
];

function asPairs(inner: unknown): unknown {
  if (typeof inner !== "object" || inner === null) return inner;
  return Array.isArray(inner) ? inner.map(asPairs) : Object.entries(inner).map(([name, one]) => [name, asPairs(one)]);
}

test("is the same for the same meaning, and for no other", () => {
  const isJust = (one: Said, other: Said) => (printOf(one) === printOf(other)) === (meaningOf(one) === meaningOf(other));
  fc.assert(fc.property(said, said, isJust), runs(500));
  fc.assert(
    fc.property(said, fc.constantFrom(...lookalikes), (one, make) => isJust(one, make(one))),
    runs(2000),
  );
});

test("differs where any one part says something else", () => {
  const parts = ["source", "kind", "fields", "nested"] as const;
  const differs = (one: Said, other: Said, part: (typeof parts)[number]) => {
    const changed = { ...one, [part]: other[part] };
    return (printOf(one) === printOf(changed)) === (meaningOf(one) === meaningOf(changed));
  };
  fc.assert(fc.property(said, said, fc.constantFrom(...parts), differs), runs(2000));
});

const names = macros["action-lifecycle"].filter(({ name, shape }) => shape === "text" && name !== "ActionId").map(({ name }) => name);
const present = fc
  .string({ unit: fc.constantFrom(...'ab&=%+ {}"\\é日\0'), minLength: 1, maxLength: 6 })
  .filter((some) => !/^\s*\{[A-Za-z0-9]+\}\s*$/.test(some));
const told = fc.uniqueArray(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^x[A-Za-z0-9]{1,6}$/)), present), {
  maxLength: 8,
  selector: ([name]) => foldKey(name),
});
const ofPairs = (list: Pair[]) => ofQuery(new URLSearchParams([["ActionId", "1.2.3"], ...list]).toString());

/** The same in other letters of case, with marks between them. */
const respelt = (name: string, bits: number) =>
  [...name].map((letter, at) => ((bits >> at) & 1 ? `${"_- "[at % 3]}${letter.toUpperCase()}` : letter.toLowerCase())).join("");

test("is blind to order and spelling of keys, and to what is absent, all at once", () => {
  const absent = fc.constantFrom("", "{Oid}", " {SubId2} ");
  const also = fc.array(fc.tuple(fc.stringMatching(/^y[a-z]{1,6}$/), absent), { maxLength: 4 });
  const cases = told.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), also, fc.nat(2 ** 16)),
  );
  const isBlind = ([list, shuffled, others, bits]: [Pair[], Pair[], Pair[], number]) =>
    ofPairs([...others, ...shuffled.map(([name, one]): Pair => [respelt(name, bits), one])]) === ofPairs(list);
  fc.assert(fc.property(cases, isBlind), runs(300));
});

test("is blind to null, and to macros left literal, in JSON", () => {
  const isBlind = (list: Pair[], absent: unknown) =>
    read({ body: JSON.stringify({ ...Object.fromEntries(list), y: absent, ActionId: "1.2.3" }) }).fingerprint === ofPairs(list);
  fc.assert(fc.property(told, fc.constantFrom(null, "", "{Payout}"), isBlind), runs(100));
});

test("differs where one value of a call differs, in any letter", () => {
  const cases = told.filter((list) => list.length > 0).chain((list) => fc.tuple(fc.constant(list), fc.nat(list.length - 1), present));
  const differs = ([list, at, other]: [Pair[], number, string]) => {
    const changed = list.map(([name, one], index): Pair => [name, index === at ? other : one]);
    return list[at]?.[1] === other || ofPairs(changed) !== ofPairs(list);
  };
  fc.assert(fc.property(cases, differs), runs(300));
});
