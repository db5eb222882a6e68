import { beforeAll, describe, expect, test } from "vitest";
import { call, newDestination, newSource, operate } from "../kit.ts";
import { asOperator, only, sendAccepted, sendRefused, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const document = await call("/openapi.json").then(async (response) => (await response.json()) as any);

/** Ids that lead to something, so that what is wrong is not just a missing row. */
const ids: Record<string, string> = {};
beforeAll(async () => {
  const source = await newSource();
  const far = farHost();
  const destination = await newDestination({ url: far.url, filter: only(source) });
  const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
  await untilDelivery(`${event}:${destination.id}`, "delivered");
  Object.assign(ids, {
    sources: source.id,
    destinations: destination.id,
    events: event,
    deliveries: `${event}:${destination.id}`,
    quarantine: await sendRefused(source, { query: "payout=much" }),
    recoveries: (await operate("/recoveries", { destination: destination.id })).body.id,
  });
});

/** Every address of the operator that takes a body, as `[method, path]`. A recovery is only previewed: it would reach other tests. */
const inputs = Object.entries<any>(document.paths).flatMap(([path, item]) =>
  Object.entries<any>(item).flatMap(([method, { requestBody }]) => {
    const schema = requestBody?.content["application/json"].schema;
    return schema ? [{ method: method.toUpperCase(), path: path === "/recoveries" ? `${path}?preview` : path, schema }] : [];
  }),
);

/** What each input must have, so that the rest of it is looked at. */
const needed: Record<string, Record<string, unknown>> = {
  "POST /sources": { name: "hostile", account: "partner" },
  "POST /destinations": { name: "hostile", url: "https://far.example/", filter: "false" },
};

async function ask(method: string, path: string, body: string | Uint8Array): Promise<Response> {
  const address = path.replace("{id}", encodeURIComponent(ids[path.split("/")[1] ?? ""] ?? ""));
  return await call(address, { method, headers: asOperator, body });
}

/** The answer to a mistake or to a success, never a failure of ours; a problem that says which. */
async function expectAnswer(response: Response, of: unknown): Promise<void> {
  const text = await response.text();
  expect([of, response.status < 500, text]).toEqual([of, true, text]);
  if (response.status >= 400) expect(JSON.parse(text)).toMatchObject({ status: response.status, code: expect.any(String) });
}

const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

const odd: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  "",
  " ",
  "\u0000",
  "\ud800",
  "\u202e",
  "'; drop table destinations; --",
  "{{",
  "{{ payout | append: payout }}",
  "{% for a in data %}{% for b in data %}x{% endfor %}{% endfor %}",
  "__proto__",
  "constructor",
  "[hidden]",
  "(".repeat(500),
  "!".repeat(1500),
  "x".repeat(19_000),
  [],
  [[]],
  [null],
  ["\u0000"],
  Array(1000).fill(1),
  {},
  { toString: "x" },
  { constructor: "[hidden]" },
  { a: { b: { c: [] } } },
  { type: "basic" },
  { type: "bearer", token: "\u0000" },
  { type: "oauth2", token_url: "\u0000", client_id: "\ud800", client_secret: "x" },
  { limit: -1, period: "second" },
  { limit: 1e308, period: {} },
];

const parsed = (text: string) => JSON.parse(text) as unknown;

describe.each(inputs)("$method $path", ({ method, path, schema }) => {
  const base = needed[`${method} ${path}`] ?? {};

  test("answers a wrong value of each of its keys, and fails at none", async () => {
    for (const key of [...Object.keys(schema.properties ?? {}), "colour"]) {
      for (const value of [...odd, parsed('{"__proto__":{"x":1}}')]) {
        if (key === "filter" && typeof value === "string" && value.trim() === "") continue; // it would hear all other tests
        await expectAnswer(await ask(method, path, JSON.stringify({ ...base, [key]: value })), [key, value]);
      }
    }
  }, 30_000);

  test.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["a text", '"text"'],
    ["a prototype", '{"__proto__":{"isAdmin":true}}'],
    ["a key twice", '{"name":"a","name":{"b":1}}'],
    ["a hundred thousand lists", deep("[", "]", 100_000)],
    ["forty thousand objects", `${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`],
    ["a list without an end", "[".repeat(200_000)],
    ["a thousand keys", JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n])))],
    ["bytes that are no text", Uint8Array.of(0xff, 0xfe, 0x00, 0x7b)],
  ])("answers %s as a mistake", async (_what, body) => {
    const response = await ask(method, path, body);
    await expectAnswer(response, "");
    expect(response.status).toBeGreaterThanOrEqual(400);
  });

  test("answers 413 to more than 256 KB, and takes a little less", async () => {
    expect((await ask(method, path, `{"colour":"${"x".repeat(256 * 1024)}"}`)).status).toBe(413);
    expect((await ask(method, path, `{"colour":"${"x".repeat(255 * 1024)}"}`)).status).toBe(422);
  });

  test("answers a deep value of each of its keys as a mistake", async () => {
    for (const key of Object.keys(schema.properties ?? {})) {
      const rest = JSON.stringify(base).slice(1, -1);
      const body = `{${rest ? `${rest},` : ""}${JSON.stringify(key)}:${deep("[", "]", 50_000)}}`;
      const response = await ask(method, path, body);
      await expectAnswer(response, key);
      expect([key, response.status]).toEqual([key, 422]);
    }
  });
});

describe("a template or a filter that would do too much", () => {
  test.each([
    ["a deep template", { body: `${"{% if payout %}".repeat(600)}${"{% endif %}".repeat(600)}` }],
    ["a loop in a loop", { body: `${"{% for f in fields %}".repeat(12)}x${"{% endfor %}".repeat(12)}` }],
    ["a text that keeps growing", { body: `{% assign a = "xxxxxxxxxx" %}${"{% assign a = a | append: a %}".repeat(40)}"{{ a }}"` }],
    ["many brackets", { filter: `${"(".repeat(900)}is_test${")".repeat(900)}` }],
    ["many nots", { filter: `${"!".repeat(1900)}is_test` }],
    ["a long list", { filter: `status in [${'"a",'.repeat(450)}"b"]` }],
  ])("is answered in words and in time: %s", async (_what, part) => {
    const { status, body } = await operate("/destinations/preview", { filter: "false", ...part });
    expect([200, 422], JSON.stringify(body)).toContain(status);
    if (status === 422) expect(body.errors[0]).toMatchObject({ field: Object.keys(part)[0], reason: expect.stringMatching(/\w/) });
  });
});

test.each([
  "/destinations/%00",
  "/destinations/%ff",
  "/destinations/%F0%9F%98%80",
  `/destinations/${"x".repeat(5000)}`,
  "/destinations/__proto__",
  "/recoveries/'%20or%201=1",
  "/recoveries/%ed%a0%80",
  `/deliveries/evt_${"x".repeat(5000)}:dst_x`,
  "/deliveries?destination=%00&event=%ff",
  "/deliveries?cursor=evt_%00:dst_x",
  "/deliveries?destination=constructor",
  "/events?q=%00",
])("an odd address is answered: %s", async (path) => await expectAnswer(await call(path, { headers: asOperator }), path));
