import { expect, test } from "vitest";
import { isSecretKey, redact } from "../../src/postback/secrets.ts";
import { shapes } from "./shapes.ts";

const secretKeys = [
  "token",
  "TOKEN",
  "secret",
  "auth_token",
  "authToken",
  "access-token",
  "api_key",
  "ApiKey",
  "password",
  "shared_secret",
];

test.each(secretKeys)("%s names a secret", (key) => {
  expect(isSecretKey(key)).toBe(true);
});

test.each(["clickid", "irclickid", "RefClickId", "SubId1", "promo_code", "token_id", "tokens", "secretary", ""])("%j names none", (key) => {
  expect(isSecretKey(key)).toBe(false);
});

/** What a receipt looks like to people: its query or its body. */
const rawOf = ({ query = "", body = "" }: { query?: string; body?: string }) => query || body;
const cases = Object.entries(shapes).flatMap(([shape, encode]) => secretKeys.map((key) => [key, shape, encode] as const));

test.each(cases)("removes the value of %s from %s, and nothing else", (key, _, encode) => {
  const raw = (value: string) =>
    rawOf(
      encode([
        ["action_id", "1.2.3"],
        [key, value],
        ["clickid", "tok-1"],
        ["promo_code", "SECRET10"],
      ]),
    );
  expect(redact(raw("s3cret-value"))).toBe(raw("[removed]").replace("%5Bremoved%5D", "[removed]"));
});

test.each([
  ["a query's first key", "token=s3cret&a=1", "token=[removed]&a=1"],
  ["a query's last key", "a=&token=s3cret", "a=&token=[removed]"],
  ["a query with its question mark", "?token=s3cret", "?token=[removed]"],
  ["every secret of a query", "token=s3cret&api_key=s3cret", "token=[removed]&api_key=[removed]"],
  ["a percent-encoded value", "token=s3%20cret%26&a=1", "token=[removed]&a=1"],
  ["JSON with blanks", '{ "token" : "s3cret" }', '{ "token" : "[removed]" }'],
  ["JSON with an escaped quote", '{"token":"s3\\"cret","a":"1"}', '{"token":"[removed]","a":"1"}'],
  ["JSON with a number", '{"token":12345,"a":1}', '{"token":"[removed]","a":1}'],
  ["an object inside JSON", '{"auth":{"token":"s3cret"}}', '{"auth":{"token":"[removed]"}}'],
  ["JSON that breaks before it", '{"name":"Joe"s Diner","token":"s3cret"}', '{"name":"Joe"s Diner","token":"[removed]"}'],
  ["JSON that breaks inside it", '{"token":"s3cret', '{"token":"[removed]"'],
  ["XML of several lines", "<a>\n<token>s3\ncret</token>\n</a>", "<a>\n<token>[removed]</token>\n</a>"],
])("removes a secret from %s", (_, raw, shown) => {
  expect(redact(raw)).toBe(shown);
});

test.each([
  ["an attribute of XML", '<action token="s3cret"><a>1</a></action>'],
  ["CDATA", "<a><token><![CDATA[s3cret]]></token></a>"],
  ["an element with attributes", '<a><token type="x">s3cret</token></a>'],
  ["a percent-encoded key", "api%5Fkey=s3cret"],
  ["a key with a blank", "api+key=s3cret"],
])("removes a secret from %s", (_, raw) => {
  expect(redact(raw)).not.toContain("s3cret");
});

test.each([
  "clickid=token&ref_click_id=a:b",
  '{"note":"the token is: x","list":["token","x"]}',
  "<a><note>token=x</note></a>",
  "landing_page_url=https%3A%2F%2Fshop.example%2F%3Ftoken%3Dx",
  "plain words about a token",
  "",
])("leaves %j as it is", (raw) => {
  expect(redact(raw)).toBe(raw);
});
