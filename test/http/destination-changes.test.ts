import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSeal } from "../../src/store/seal.ts";
import { newApp, newDestination, operate } from "../kit.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const bindings = newApp().bindings;
const throughLedger: string[] = [];
beforeAll(() => {
  bindings["LEDGER"] = {
    fetch: async (input: RequestInfo) => {
      throughLedger.push(String(input));
      return new Response("through the binding");
    },
  } as unknown as Fetcher;
});
afterAll(() => {
  delete bindings["LEDGER"];
});

async function create(part: Record<string, unknown>) {
  return await operate("/destinations", {
    name: `destination ${crypto.randomUUID()}`,
    url: farHost().url,
    filter: "false",
    ...part,
  });
}

/** Changes a destination, and tells what then reaches its far side. */
async function heardAfter(part: Record<string, unknown>, settings: Record<string, unknown>) {
  const far = farHost();
  const { id } = await newDestination({ url: far.url, filter: "false", ...settings });
  const { status, body } = await operate(`/destinations/${id}`, part, "PATCH");
  expect(status, JSON.stringify(body)).toBe(200);
  await operate(`/destinations/${id}/test`, {});
  const heard = far.heard[0];
  if (!heard) throw new Error("nothing was sent");
  return heard;
}

describe("a secret sent as [hidden]", () => {
  test("stays as it was, among headers", async () => {
    const headers = { "X-One": "first", "X-Two": "second" };
    const heard = await heardAfter({ headers: { "X-One": "[hidden]", "X-Two": "other", "X-Three": "third" } }, { headers });
    expect(["x-one", "x-two", "x-three"].map((name) => heard.headers.get(name))).toEqual(["first", "other", "third"]);
  });

  test("stays as it was, among template secrets", async () => {
    const settings = { secrets: { one: "first", two: "second" }, body: '["{{ secrets.one }}", "{{ secrets.two }}"]' };
    const heard = await heardAfter({ secrets: { one: "[hidden]", two: "other" } }, settings);
    expect(JSON.parse(heard.body)).toEqual(["first", "other"]);
  });

  test.each([
    [
      "basic",
      { type: "basic", username: "new", password: "[hidden]" },
      { type: "basic", username: "old", password: "word" },
      btoa("new:word"),
    ],
    ["bearer", { type: "bearer", token: "[hidden]" }, { type: "bearer", token: "token-1" }, "token-1"],
  ])("stays as it was, in %s auth", async (_type, auth, before, sent) => {
    const heard = await heardAfter({ auth }, { auth: before });
    expect(heard.headers.get("authorization")?.split(" ")[1]).toBe(sent);
  });

  test("stays as it was when all that GET tells is sent back", async () => {
    const far = farHost();
    const settings = { headers: { "x-key": "kept" }, secrets: { key: "kept too" }, auth: { type: "bearer", token: "kept-as-well" } };
    const { id } = await newDestination({ url: far.url, filter: "false", body: '"{{ secrets.key }}"', ...settings });
    const { id: _, health, state_reason, created_at, updated_at, signing_keys, ...told } = (await operate(`/destinations/${id}`)).body;
    expect((await operate(`/destinations/${id}`, told, "PATCH")).status).toBe(200);
    await operate(`/destinations/${id}/test`, {});
    const [heard] = far.heard;
    const kept = [heard?.headers.get("x-key"), heard?.body, heard?.headers.get("authorization")];
    expect(kept).toEqual(["kept", '"kept too"', "Bearer kept-as-well"]);
  });

  test.each([
    ["a new header", { headers: { "x-new": "[hidden]" } }, "headers.x-new"],
    ["a header in another spelling", { headers: { "X-OLD": "[hidden]" } }, "headers.X-OLD"],
    ["a header that every object has", { headers: { constructor: "[hidden]" } }, "headers.constructor"],
    ["a new template secret", { secrets: { fresh: "[hidden]" } }, "secrets.fresh"],
    ["a template secret that every object has", { secrets: { constructor: "[hidden]" } }, "secrets.constructor"],
    ["the password of what was a bearer", { auth: { type: "basic", username: "u", password: "[hidden]" } }, "auth"],
    [
      "the client secret of what was a bearer",
      { auth: { type: "oauth2", token_url: "https://login.example/", client_id: "c", client_secret: "[hidden]" } },
      "auth",
    ],
  ])("is refused for %s, which has none yet", async (_what, part, field) => {
    const { id } = await newDestination({ filter: "false", headers: { "x-old": "1" }, auth: { type: "bearer", token: "t" } });
    const { status, body } = await operate(`/destinations/${id}`, part, "PATCH");
    expect([status, body.errors]).toEqual([422, [{ field, reason: expect.stringMatching(/could stay/) }]]);
  });

  test.each([
    [{ headers: { "x-key": "[hidden]" } }, "headers.x-key"],
    [{ secrets: { key: "[hidden]" } }, "secrets.key"],
    [{ auth: { type: "bearer", token: "[hidden]" } }, "auth"],
  ])("is refused when a destination is made: %j", async (part, field) => {
    expect((await create(part)).body.errors).toEqual([{ field, reason: expect.stringMatching(/could stay/) }]);
  });
});

describe("secrets that are sent", () => {
  test("replace all headers of before, and leave template secrets and auth alone", async () => {
    const settings = {
      headers: { "x-old": "1" },
      secrets: { key: "k" },
      body: '"{{ secrets.key }}"',
      auth: { type: "bearer", token: "t" },
    };
    const heard = await heardAfter({ headers: { "x-new": "2" } }, settings);
    expect([heard.headers.get("x-old"), heard.headers.get("x-new"), heard.body]).toEqual([null, "2", '"k"']);
    expect(heard.headers.get("authorization")).toBe("Bearer t");
  });

  test("are refused when a template still names one that is taken away", async () => {
    const { id } = await newDestination({ filter: "false", secrets: { key: "k" }, body: '"{{ secrets.key }}"' });
    const { status, body } = await operate(`/destinations/${id}`, { secrets: {} }, "PATCH");
    expect([status, body.errors]).toMatchObject([422, [{ field: "body", reason: expect.stringContaining("there is no secrets.key") }]]);
  });

  test("are sent no more once auth is none", async () => {
    const heard = await heardAfter({ auth: { type: "none" } }, { auth: { type: "bearer", token: "t" } });
    expect(heard.headers.get("authorization")).toBeNull();
  });

  test("cannot be changed while they are sealed under a key that is not here, which is said", async () => {
    const { id } = await newDestination({ filter: "false" });
    const sealed = await newSeal(new Uint8Array(32)).seal({ signing: [], headers: {}, values: {}, auth: null });
    await env.DB.prepare("update destinations set sealed = ? where id = ?").bind(sealed, id).run();
    newApp().catalog.forget();
    const { status, body } = await operate(`/destinations/${id}`, { headers: { "X-New": "1" } }, "PATCH");
    expect([status, body.code, body.detail]).toEqual([409, "conflict", expect.stringContaining("ENCRYPTION_KEY")]);
  });
});

describe("a filter", () => {
  test.each([
    ["an unknown field", "payoutt > 1.0", 1, 1, /payoutt.*Known names:.*payout/],
    ["an unknown field further on", 'status == "X" && colour == "red"', 1, 18, /colour/],
    ["an unknown field on another line", 'status == "X"\n  && colour == "red"', 2, 6, /colour/],
    ["an end that comes too early", "payout >", 1, 9, /./],
    ["a character that is none of CEL's", 'status = "X"', 1, 8, /./],
    ["a text where a number must be", 'payout >= "10"', 1, 1, /double.*string/],
    ["a number where a text must be", "status == 1", 1, 1, /string.*int/],
    ["a type on another line", 'status == "X" &&\n\nsub_id1 == 1', 3, 1, /string.*int/],
    ["a number for an answer", "payout", 1, 1, /true or false/],
    ["a text for an answer", "status", 1, 1, /true or false/],
    ["a regular expression", 'status.matches("^(a+)+$")', 1, 1, /matches\(\)/],
    ["a regular expression further on", 'is_test || status.matches("a")', 1, 12, /matches\(\)/],
    ["a function that does not exist", "shout(status)", 1, 1, /shout/],
  ])("with %s is refused with line and column", async (_what, filter, line, column, reason) => {
    const { status, body } = await create({ filter });
    expect([status, body.errors]).toEqual([422, [{ field: "filter", line, column, reason: expect.stringMatching(reason) }]]);
  });

  test.each([
    "",
    "   ",
    "is_test",
    'status == "APPROVED" && payout >= 10.0',
    'type == "action.pending"',
    'fields["cid"] == "7"',
    'sub_id1 in ["a", "b"]',
  ])("that reads well is taken: %s", async (filter) => expect((await create({ filter, state: "paused" })).status).toBe(201));

  test("is checked when it is changed, and the old one stays", async () => {
    const { id } = await newDestination({ filter: "is_test" });
    const { status, body } = await operate(`/destinations/${id}`, { filter: "is_tes" }, "PATCH");
    expect([status, body.errors[0].column]).toEqual([422, 1]);
    expect((await operate(`/destinations/${id}`)).body.filter).toBe("is_test");
  });
});

describe("a template", () => {
  test.each([
    ["an output without an end", { body: "{{ payout" }, "body", 1, 1, /not closed/],
    ["a tag without an end", { body: '"{% if payout %}"' }, "body", 1, 2, /not closed/],
    ["an unknown name", { body: '{"a": "{{ colour }}"}' }, "body", 1, 11, /there is no colour\. Known names: kind, .*secrets/],
    ["an unknown name on another line", { body: '{\n  "a": "{{ colour }}"}' }, "body", 2, 12, /there is no colour/],
    ["an unknown name in a URL", { url: "https://far.example/{{ colour }}" }, "url", 1, 24, /there is no colour/],
    ["an unknown name in a header", { headers: { "x-key": "k {{ colour }}" } }, "headers.x-key", 1, 6, /there is no colour/],
    ["an unknown filter", { body: '{"a":\n "{{ payout | shout }}"}' }, "body", 2, 3, /there is no filter shout here\. There are abs, /],
    ["an unknown tag", { body: "{% include 'x' %}" }, "body", 1, 1, /there is no tag include here\. There are assign, /],
    [
      "an unknown secret",
      { body: '"{{ secrets.nope }}"', secrets: { key: "k" } },
      "body",
      1,
      5,
      /no secrets\.nope\. Known are secrets\.key; add it/,
    ],
    [
      "a secret where there is none",
      { url: "https://far.example/?k={{ secrets.key }}" },
      "url",
      1,
      27,
      /There are none yet; add it to secrets/,
    ],
    ["Liquid in its host", { url: "https://{{ sub_id1 }}.example/" }, "url", 1, 9, /may stand in its path and query, but not in its/],
    ["Liquid behind its host", { url: "https://far.example{{ sub_id1 }}/" }, "url", 1, 20, /but not in its scheme, host or port/],
    ["Liquid for its port", { url: "https://far.example:{{ sub_id1 }}/" }, "url", 1, 21, /but not in its scheme, host or port/],
    ["Liquid for its scheme", { url: "{{ sub_id1 }}://far.example/" }, "url", 1, 1, /but not in its scheme, host or port/],
    ["nothing but Liquid for a URL", { url: "{{ sub_id1 }}" }, "url", 1, 1, /but not in its scheme, host or port/],
    ["a fragment", { url: "https://far.example/{{ sub_id1 }}#top" }, "url", 1, 34, /never sent/],
    ["a fragment before a preset's query", { url: "https://far.example/#top", preset: "voluum" }, "url", 1, 21, /never sent/],
  ])("with %s is refused with line and column", async (_what, part, field, line, column, reason) => {
    const { status, body } = await create(part);
    expect([status, body.errors]).toEqual([422, [{ field, line, column, reason: expect.stringMatching(reason) }]]);
  });

  test.each([
    ["a body that is no JSON", { body: "hello" }, "body", /it is not JSON.*Put texts between quotes/],
    ["a body that is no JSON without values", { body: '{"a": {{ payout }} }' }, "body", /event without any values.*default: 0/],
    ["a body with a GET", { method: "GET", body: "{}" }, "body", /a GET has none.*choose POST/],
    ["a body with a tracker's preset", { preset: "voluum", body: "{}" }, "body", /a GET has none/],
    ["a body with the preset raw", { preset: "raw", body: "{}" }, "body", /Choose another preset, or send body as null/],
    ["a content type of Liquid", { headers: { "Content-Type": "{{ type }}" } }, "headers.content-type", /may not hold Liquid/],
    ["a path that leads elsewhere", { url: "https://far.example/a/{{ '..' }}/b" }, "url", /came out as \. or \.\./],
    ["a preset's secret that is missing", { preset: "meta-conversions" }, "url", /no secrets\.access_token.*add it to secrets/],
  ])("of %s is refused in words", async (_what, part, field, reason) => {
    const { status, body } = await create(part);
    expect([status, body.errors]).toMatchObject([422, [{ field, reason: expect.stringMatching(reason) }]]);
  });

  test("is checked when it is changed, and the old one stays", async () => {
    const { id } = await newDestination({ filter: "false", body: '"a"' });
    expect((await operate(`/destinations/${id}`, { body: "{{ colour }}" }, "PATCH")).status).toBe(422);
    expect((await operate(`/destinations/${id}`)).body.body).toBe('"a"');
  });
});

describe("a preset", () => {
  test("brings its method along, when a destination is made and when it is changed", async () => {
    const { body } = await create({ preset: "voluum" });
    const changed = (await operate(`/destinations/${body.id}`, { preset: "slack" }, "PATCH")).body;
    expect([body.method, changed.method]).toEqual(["GET", "POST"]);
  });

  test("leaves a method alone that is said", async () => {
    const { body } = await create({ preset: "cloudevents-structured", method: "PUT" });
    expect((await operate(`/destinations/${body.id}`, { timeout: 3 }, "PATCH")).body.method).toBe("PUT");
    expect((await operate(`/destinations/${body.id}`, { preset: "slack", method: "PATCH" }, "PATCH")).body.method).toBe("PATCH");
  });
});

describe("a binding", () => {
  test.each(["NOPE", "toString", "constructor", "__proto__"])(
    "that is not there is refused, with the list of those that are: %s",
    async (via) => {
      const { status, body } = await create({ via });
      expect([status, body.errors]).toEqual([
        422,
        [{ field: "via", reason: expect.stringMatching(/names no binding.*there are: .*LEDGER/) }],
      ]);
    },
  );

  test("is sent through, to where the public network does not lead", async () => {
    const { body } = await create({ via: "LEDGER", url: "http://ledger.internal/hooks/impact" });
    const tried = (await operate(`/destinations/${body.id}/test`, {})).body;
    expect(tried).toMatchObject({ delivered: true, response: { body: "through the binding" } });
    expect(throughLedger).toContain("http://ledger.internal/hooks/impact");
  });

  test.each(["", "ledger", "ftp://ledger.internal/", "javascript:alert(1)"])("wants a URL of HTTP all the same: %s", async (url) => {
    expect((await create({ via: "LEDGER", url })).body.errors).toEqual([
      { field: "url", reason: expect.stringMatching(/is not a URL, like http:/) },
    ]);
  });

  test("cannot be taken away from a URL that is not public", async () => {
    const { body } = await create({ via: "LEDGER", url: "http://ledger.internal/" });
    const refused = await operate(`/destinations/${body.id}`, { via: null }, "PATCH");
    expect([refused.status, refused.body.errors[0].field]).toEqual([422, "url"]);
  });
});
