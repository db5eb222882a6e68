import { expect, test } from "vitest";
import { decode } from "../../src/postback/decode.ts";
import { redact } from "../../src/postback/secrets.ts";
import { aReceipt } from "../kit.ts";

const body = (...parts: [string, string][]) =>
  `${parts.map(([name, value]) => `--x1y2\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join("")}--x1y2--\r\n`;

test("reads a multipart form, whatever the Content-Type says", () => {
  const receipt = aReceipt({ body: body(["action_id", "1.2.3"], ["campaign_name", "Joe's\r\nDiner"], ["sub_id1", ""]), headers: {} });
  expect(decode(receipt).entries).toEqual([
    ["action_id", "1.2.3"],
    ["campaign_name", "Joe's\r\nDiner"],
    ["sub_id1", ""],
  ]);
});

test("reads one that has bare line ends, and more headers than it needs", () => {
  const text = "--b\nContent-Type: text/plain\nContent-Disposition: form-data; name=payout\n\n0.88\n--b--";
  expect(decode(aReceipt({ body: text })).entries).toEqual([["payout", "0.88"]]);
});

test("what FormData of this platform writes is read back", async () => {
  const form = new FormData();
  form.set("status", "PENDING");
  form.set("landing_page_url", "https://shop.example/?a=1&b=2");
  const text = await new Response(form).text();
  expect(decode(aReceipt({ body: text })).entries).toEqual([...form]);
});

test("a boundary counts at the beginning of a line only, and ends where its line does", () => {
  const pairs: [string, string][] = [
    ["a", "say --x1y2, or --x1y2--"],
    ["b", "1\r\n--x1y2z\r\n2"],
    ["c", "\r\n"],
  ];
  expect(decode(aReceipt({ body: body(...pairs) })).entries).toEqual(pairs);
});

test("a name is what stands between its quotes, with what browsers write percent-encoded there", () => {
  const named = (parameters: string) => `--b\r\nContent-Disposition: form-data${parameters}\r\n\r\nv\r\n--b--`;
  const nameOf = (parameters: string) => decode(aReceipt({ body: named(parameters) })).entries[0]?.[0];
  expect(nameOf('; name="a;b; name=c"')).toBe("a;b; name=c");
  expect(nameOf('; filename="x; name=y"; name="z"')).toBe("z");
  expect(nameOf('; name="%22a%22%0D%0A100%25"')).toBe('"a"\r\n100%25');
  expect(nameOf("; NAME=plain; x=1")).toBe("plain");
  expect(nameOf('; name=""')).toBe("");
});

test.each([
  ["breaks off", body(["a", "1"]).replace("--x1y2--", "")],
  ["has a part without a name", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"],
])("refuses one that %s", (_, text) =>
  expect(() => decode(aReceipt({ body: text }))).toThrow(expect.objectContaining({ code: "undecodable" })),
);

test("shows no secret of a multipart form", () => {
  expect(redact(body(["token", "hush-hush"], ["action_id", "1.2.3"]))).not.toContain("hush-hush");
  expect(redact(body(["token", "hush-hush"], ["action_id", "1.2.3"]))).toContain("1.2.3");
});
