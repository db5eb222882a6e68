import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { newDestination, newSource } from "../kit.ts";
import { only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, type Heard, useFarSide } from "./far.ts";

useFarSide();

/** What a destination hears of one postback; `<host>` in its URL stands for its far side. */
async function heardOf(
  fields: Record<string, string>,
  settings: Record<string, unknown>,
): Promise<Heard & { secret: string; host: string }> {
  const source = await newSource();
  const far = farHost();
  const url = String(settings["url"] ?? "https://<host>/hook").replace("<host>", far.host);
  const { id, secret } = await newDestination({ filter: only(source), ...settings, url });
  const event = await sendAccepted(source, { query: new URLSearchParams({ action_id: "1", status: "PENDING", ...fields }).toString() });
  await untilDelivery(`${event}:${id}`, "delivered");
  expect(far.heard).toHaveLength(1);
  return { ...(far.heard[0] as Heard), secret, host: far.host };
}

const hostile = [
  "a&payout=999&cid=b",
  "a=b;c",
  "a#fragment",
  "a?b?c",
  "../../etc/passwd",
  "..",
  "%2e%2e%2f",
  "100%",
  "a+b c",
  "https://evil.example/",
  "@evil.example",
  "\\\\evil.example",
  "a\r\nX-Evil: 1",
  "<script>alert(1)</script>",
  "'\"`",
  "{{ secrets.key }}",
  "{% raw %}",
  "für 😀 ключ",
  "\u202eevil",
  "null",
  "x".repeat(1000),
];

describe("a GET destination with macros", () => {
  const get = { method: "GET", url: "https://<host>/postback?cid={{ sub_id1 | url_encode }}&payout={{ payout }}" };

  test("arrives exactly, without a body", async () => {
    const { url, host, method, init } = await heardOf({ sub_id1: "click-1", payout: "0.88" }, get);
    expect([url, method, init.body]).toEqual([`https://${host}/postback?cid=click-1&payout=0.88`, "GET", null]);
  });

  test("is empty where the event has no value", async () => {
    const { url, host } = await heardOf({}, get);
    expect(url).toBe(`https://${host}/postback?cid=&payout=`);
  });

  test("is signed over an empty body", async () => {
    const { headers, body, secret } = await heardOf({ sub_id1: "click-1" }, get);
    expect(body).toBe("");
    expect(() => new Webhook(secret).verify("", Object.fromEntries(headers))).not.toThrow();
  });

  test.each(hostile)("carries a hostile value as that value and nothing more: %j", async (value) => {
    const { url, host } = await heardOf({ sub_id1: value, payout: "0.88" }, get);
    const read = new URL(url);
    expect([read.origin, read.pathname, read.hash]).toEqual([`https://${host}`, "/postback", ""]);
    expect([...read.searchParams]).toEqual([
      ["cid", value],
      ["payout", "0.88"],
    ]);
  });

  test.each(hostile)("is as safe where the operator left the encoding out: %j", async (value) => {
    const { url, host } = await heardOf({ sub_id1: value }, { method: "GET", url: "https://<host>/postback?cid={{ sub_id1 }}&x=1" });
    const read = new URL(url);
    expect([read.origin, read.pathname, read.hash]).toEqual([`https://${host}`, "/postback", ""]);
    expect([...read.searchParams]).toEqual([
      ["cid", value],
      ["x", "1"],
    ]);
  });

  test.each(hostile.filter((value) => value !== ".."))("keeps a value in its part of the path: %j", async (value) => {
    const { url, host } = await heardOf({ sub_id1: value }, { method: "GET", url: "https://<host>/a/{{ sub_id1 }}/b?x=1" });
    const read = new URL(url);
    expect([read.origin, read.search, read.hash]).toEqual([`https://${host}`, "?x=1", ""]);
    expect(read.pathname.split("/").map(decodeURIComponent)).toEqual(["", "a", value, "b"]);
  });
});

describe("a body with macros", () => {
  test.each(hostile)("is JSON with a hostile value in its place: %j", async (value) => {
    const { body } = await heardOf({ sub_id1: value }, { body: '{"cid":"{{ sub_id1 }}","x":1}' });
    expect(JSON.parse(body)).toEqual({ cid: value, x: 1 });
  });

  test.each(hostile)("is a form with a hostile value in its place: %j", async (value) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { body } = await heardOf({ sub_id1: value }, { headers, body: "cid={{ sub_id1 }}&x=1" });
    expect([...new URLSearchParams(body)]).toEqual([
      ["cid", value],
      ["x", "1"],
    ]);
  });
});

test.each(hostile)("a header with a macro stays one header, whatever the value: %j", async (value) => {
  const { headers } = await heardOf({ sub_id1: value }, { headers: { "x-click": "c-{{ sub_id1 }}" } });
  expect(headers.get("x-evil")).toBeNull();
  expect(headers.get("x-click")).toMatch(/^c-[\x20-\x7e]*$/);
});
