import { expect, test } from "vitest";
import { curlOf } from "../../src/ui/curl.ts";
import type { ReceiptView } from "../../src/ui/receipt.ts";

const edge = "https://edge.example";

function aReceipt(parts: Partial<ReceiptView>): ReceiptView {
  const { body = "" } = parts;
  return { method: body ? "POST" : "GET", query: "", headers: {}, ip: "", body, body_encoding: "utf-8", body_bytes: body.length, ...parts };
}

const lineOf = (parts: Partial<ReceiptView>) => curlOf(edge, aReceipt(parts), "action-lifecycle").replaceAll(" \\\n ", "");

test("a GET is one address, with the token left open; braces and brackets in it are no patterns", () => {
  expect(lineOf({ query: "action_id={ActionId}&a[]=1" })).toBe(
    "curl --globoff 'https://edge.example/in/TOKEN/action-lifecycle?action_id={ActionId}&a[]=1'",
  );
});

test("a POST has its body and its type", () => {
  expect(lineOf({ body: '{"a":1}', headers: { "content-type": "application/json" } })).toBe(
    `curl --globoff --header 'content-type: application/json' --data-raw '{"a":1}' 'https://edge.example/in/TOKEN/action-lifecycle'`,
  );
});

test("a body that came without a type is sent without one", () => {
  expect(lineOf({ body: "a=1" })).toContain("--header 'content-type:' --data-raw 'a=1'");
});

test("a quote does not end the text, and nothing in it is run", () => {
  expect(lineOf({ body: "';rm -rf ~;$(x)`y`'" })).toContain(`--data-raw ''\\'';rm -rf ~;$(x)\`y\`'\\'''`);
});

test("an @ at the beginning names no file", () => {
  expect(lineOf({ body: "@/etc/passwd" })).toContain("--data-raw '@/etc/passwd'");
});

test.each([
  ["bytes that are no text", { body: "AP8=", body_encoding: "base64", body_bytes: 2 }, "AP8="],
  ["Latin-1", { body: "M\u00fc", body_encoding: "latin1" }, "Tfw="],
  ["letters that steer a terminal", { body: "a\u001b[31m" }, "YRtbMzFt"],
  ["lines that end as in a letter", { body: "a\r\nb" }, "YQ0KYg=="],
  ["letters that turn the direction", { body: "a\u202eb" }, "YeKArmI="],
])("%s go through base64, to the last bit", (_what, parts, base64) => {
  expect(lineOf(parts)).toMatch(`printf %s '${base64}' | base64 -d | curl --globoff`);
  expect(lineOf(parts)).toContain("--data-binary @-");
});
