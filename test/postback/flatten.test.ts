import { expect, test } from "vitest";
import { flatten } from "../../src/postback/flatten.ts";
import { problemOf } from "./read.ts";

test("scalars become text under their keys, in order", () => {
  expect(flatten({ b: "text", a: 5, c: true, d: "" }).entries).toEqual([
    ["b", "text"],
    ["a", "5"],
    ["c", "true"],
    ["d", ""],
  ]);
});

test("nested objects become dotted keys", () => {
  expect(flatten({ customer: { address: { city: "Berlin" } } }).entries).toEqual([["customer.address.city", "Berlin"]]);
});

test("null is absent", () => {
  expect(flatten({ a: null, b: undefined, c: { d: null } }).entries).toEqual([]);
});

test("lists are kept whole, under their dotted keys", () => {
  expect(flatten({ items: [{ sku: "A" }], order: { tags: ["x", null] } }).nested).toEqual({
    items: [{ sku: "A" }],
    "order.tags": ["x", null],
  });
});

test("an empty object leaves nothing, an empty list a list", () => {
  expect(flatten({ a: {}, b: [] })).toMatchObject({ entries: [], nested: { b: [] } });
});

const nestedIn = (levels: number): Record<string, unknown> => (levels === 0 ? { end: "x" } : { n: nestedIn(levels - 1) });

test("eight levels are flattened", () => {
  expect(flatten(nestedIn(8)).entries).toEqual([["n.n.n.n.n.n.n.n.end", "x"]]);
});

test("what lies deeper than eight levels is kept whole", () => {
  expect(flatten(nestedIn(9))).toMatchObject({ entries: [], nested: { "n.n.n.n.n.n.n.n.n": { end: "x" } } });
});

const listsIn = (levels: number): unknown => (levels === 0 ? "x" : [listsIn(levels - 1)]);

test("lists fifty levels deep are kept", () => {
  expect(flatten({ a: listsIn(50) }).nested).toEqual({ a: listsIn(50) });
});

test("lists deeper than fifty levels are refused", () => {
  expect(problemOf(() => flatten({ a: listsIn(51) })).code).toBe("undecodable");
});

const underLongKeys = (size: number) => ({ [`${"k".repeat(1000)}`]: Object.fromEntries(Array.from({ length: size }, (_, n) => [n, "x"])) });

test("a long key above some others is kept", () => {
  expect(flatten(underLongKeys(100)).entries).toHaveLength(100);
});

test("a long key above so many others that they multiply is refused", () => {
  expect(problemOf(() => flatten(underLongKeys(1000))).code).toBe("undecodable");
});

test("a key of __proto__ is a key like others", () => {
  const { nested } = flatten(JSON.parse('{"__proto__": ["x"]}'));
  expect(Object.entries(nested)).toEqual([["__proto__", ["x"]]]);
});
