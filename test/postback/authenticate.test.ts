import { expect, test } from "vitest";
import type { Source } from "../../src/domain/source.ts";
import { admit, authenticate, hashSecret, isListed, isRange } from "../../src/postback/authenticate.ts";
import { aReceipt, aSource } from "../kit.ts";
import { problemOf } from "./read.ts";

const sources = ["a", "b", "c"].map((name) => aSource({ id: `src_${name}`, tokenHash: hashSecret(`token of ${name}`) }));

test("keeps of a secret only its SHA-256", () => {
  expect(hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test.each(["a", "b", "c"])("finds the source of a token, wherever it stands: %s", (name) => {
  expect(authenticate(aReceipt({ tokenHash: hashSecret(`token of ${name}`) }), sources)?.id).toBe(`src_${name}`);
});

test.each([
  ["another token", hashSecret("token of d")],
  ["the hash of a token, hashed", hashSecret(hashSecret("token of a"))],
  ["the beginning of a hash", hashSecret("token of a").slice(0, 63)],
  ["nothing", ""],
])("knows no source for %s", (_, tokenHash) => {
  expect(authenticate(aReceipt({ tokenHash }), sources)).toBeNull();
});

test("knows no source where there is none", () => {
  expect(authenticate(aReceipt(), [])).toBeNull();
});

const graceEnd = Date.UTC(2026, 10, 23);
const rotated = aSource({ tokenHash: hashSecret("new"), previousTokenHash: hashSecret("old"), previousTokenUntil: graceEnd });

test.each([
  ["the new token counts during the grace time", "new", graceEnd - 1, true],
  ["the new token counts after the grace time", "new", graceEnd, true],
  ["the old token counts to the last millisecond of its grace time", "old", graceEnd - 1, true],
  ["the old token ends with its grace time", "old", graceEnd, false],
])("%s", (_, token, receivedAt, counts) => {
  expect(authenticate(aReceipt({ tokenHash: hashSecret(token), receivedAt }), [rotated]) !== null).toBe(counts);
});

const withHeader = aSource({ requiredHeader: { name: "x-edge-secret", valueHash: hashSecret("s3cret") } });

test("admits a call that carries the required header", () => {
  expect(admit(aReceipt({ headers: { "x-edge-secret": "s3cret" } }), withHeader)).toEqual([]);
});

test.each([
  ["is missing", {}, "is missing"],
  ["is empty", { "x-edge-secret": "" }, "another value"],
  ["has another value", { "x-edge-secret": "s3cret " }, "another value"],
  ["has another case", { "x-edge-secret": "S3CRET" }, "another value"],
])("refuses a call whose required header %s, and says so", (_, headers, reason) => {
  const problem = problemOf(() => admit(aReceipt({ headers }), withHeader));
  expect(problem.code).toBe("header_refused");
  expect(problem.message).toContain(reason);
});

test("never repeats the value of a refused header", () => {
  const problem = problemOf(() => admit(aReceipt({ headers: { "x-edge-secret": "wrong-value" } }), withHeader));
  expect(JSON.stringify(problem)).not.toContain("wrong-value");
});

const listing = (ipPolicy: Source["ipPolicy"]) => aSource({ ipPolicy, allowedIps: ["203.0.113.0/24"] });

test("asks for no address unless told to", () => {
  expect(admit(aReceipt({ ip: "198.51.100.1" }), listing("off"))).toEqual([]);
});

test("only notes an address that is not listed, while it is learning", () => {
  expect(admit(aReceipt({ ip: "198.51.100.1" }), listing("log"))).toMatchObject([{ code: "address_not_listed" }]);
});

test("refuses an address that is not listed, and names it", () => {
  const problem = problemOf(() => admit(aReceipt({ ip: "198.51.100.1" }), listing("enforce")));
  expect(problem.code).toBe("address_refused");
  expect(problem.message).toContain("198.51.100.1");
});

test("refuses a call of unknown address", () => {
  expect(problemOf(() => admit(aReceipt({ ip: "" }), listing("enforce"))).code).toBe("address_refused");
});

test.each(["log", "enforce"] as const)("says nothing of a listed address: %s", (policy) => {
  expect(admit(aReceipt({ ip: "203.0.113.7" }), listing(policy))).toEqual([]);
});

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["203.0.113.7", "203.0.113.0/24"],
  ["203.0.113.7", "203.0.113.7/32"],
  ["203.0.113.7", "0.0.0.0/0"],
  ["::ffff:203.0.113.7", "203.0.113.0/24"],
  ["::ffff:cb00:7107", "203.0.113.7"],
  ["203.0.113.7", "::ffff:203.0.113.7"],
  ["2001:db8::1", "2001:db8::/32"],
  ["2001:DB8:0:0::1", "2001:db8::1"],
  ["2001:db8::1", "2001:db8::1/128"],
  ["2001:db8::1", "::/0"],
])("%s is listed in %s", (address, range) => {
  expect(isListed(address, ["192.0.2.1", range])).toBe(true);
});

test.each([
  ["203.0.114.7", "203.0.113.0/24"],
  ["203.0.113.8", "203.0.113.7"],
  ["2001:db9::1", "2001:db8::/32"],
  ["2001:db8::1", "0.0.0.0/0"],
  ["203.0.113.7", "2001:db8::/32"],
  ["", "0.0.0.0/0"],
  ["unknown", "::/0"],
  ["203.0.113.7, 10.0.0.1", "0.0.0.0/0"],
])("%j is not listed in %s", (address, range) => {
  expect(isListed(address, [range])).toBe(false);
});

test("an empty list lists nobody", () => {
  expect(isListed("203.0.113.7", [])).toBe(false);
});

test.each(["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "::1", "::ffff:203.0.113.7"])("%s is an address or a range", (text) => {
  expect(isRange(text)).toBe(true);
});

test.each(["", "impact.com", "203.0.113.0/33", "2001:db8::/129", "203.0.113.256", "203.0.113.0/", "/24", "203.0.113.0-203.0.113.9", "*"])(
  "%j is no address and no range",
  (text) => {
    expect(isRange(text)).toBe(false);
  },
);
