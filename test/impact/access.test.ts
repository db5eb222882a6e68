import { describe, expect, test } from "vitest";
import { addressOf, hashOf, headersOf, withoutSecrets } from "../../src/impact/access.ts";
import { anAccess } from "./anAccess.ts";

const access = anAccess();
const addressIn = (path: string, parts = {}) => addressOf(anAccess(parts), path)?.href ?? null;

test("a partner's addresses and a brand's begin differently", () => {
  expect(addressIn("Actions?PageSize=2000")).toBe("https://api.impact.com/Mediapartners/IRsid1234567890abcd/Actions?PageSize=2000");
  expect(addressIn("Jobs", { account: "brand" })).toBe("https://api.impact.com/Advertisers/IRsid1234567890abcd/Jobs");
});

describe("a link of impact.com's", () => {
  const home = "/Mediapartners/IRsid1234567890abcd";

  test.each([`${home}/Actions?Page=2`, `https://api.impact.com${home}/Actions?Page=2`])(
    "that stays in the account is followed: %s",
    (link) => expect(addressIn(link)).toBe(`https://api.impact.com${home}/Actions?Page=2`),
  );

  test.each([
    ["another host", `https://evil.example${home}/Actions`],
    ["another host without a scheme", `//evil.example${home}/Actions`],
    ["another host, with backslashes", `\\\\evil.example${home}/Actions`],
    ["a host that only begins like ours", `https://api.impact.com.evil.example${home}/Actions`],
    ["another port", `https://api.impact.com:8443${home}/Actions`],
    ["no TLS", `http://api.impact.com${home}/Actions`],
    ["a user name", `https://api.impact.com@evil.example${home}/Actions`],
    ["our own host with a user name", `https://me:pass@api.impact.com${home}/Actions`],
    ["another account", "/Mediapartners/IRother/Actions"],
    ["an account whose name begins like this one", `${home}2/Actions`],
    ["the other side of the marketplace", "/Advertisers/IRsid1234567890abcd/Actions"],
    ["up and out", `${home}/../IRother/Actions`],
    ["up and out, encoded", `${home}/%2e%2e/IRother/Actions`],
    ["another scheme", "javascript:alert(1)"],
    ["nothing that is a link", "https://"],
  ])("is refused when it leads to %s", (_, link) => expect(addressIn(link)).toBeNull());
});

test("a call says who we are, and asks for JSON and a version", () => {
  const headers = headersOf(access);
  expect(headers).toEqual({
    accept: "application/json",
    authorization: `Basic ${btoa("IRsid1234567890abcd:tok/en+secret~1")}`,
    "ir-version": "16",
    "user-agent": expect.stringMatching(/^Postback-Edge\/\d/),
  });
  expect(headersOf(anAccess({ account: "brand" }))["ir-version"]).toBe("14");
});

test("an account is one by its AccountSID and the API it is in, and by nothing else", () => {
  const same = [anAccess(), anAccess({ authToken: "other" }), anAccess({ account: "brand" })].map(hashOf);
  expect(new Set(same).size).toBe(1);
  expect(same[0]).toMatch(/^[0-9a-f]{64}$/);
  const others = [anAccess({ accountSid: "IRother" }), anAccess({ api: "http://127.0.0.1:1" })].map(hashOf);
  expect(new Set([...same, ...others]).size).toBe(3);
});

test("words that hold the credentials, however spelt, or a URL come without", () => {
  const { authorization = "" } = headersOf(access);
  const words = `no ${access.authToken}, ${encodeURIComponent(access.authToken)}, ${authorization} of ${access.accountSid} at https://api.impact.com/x?a=1 .`;
  const told = withoutSecrets(words, access);
  expect(told).toBe("no [hidden], [hidden], Basic [hidden] of [hidden] at (url) .");
});
