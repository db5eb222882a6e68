import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newApp, newDestination, operate } from "../kit.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const bindings = newApp().bindings;
beforeAll(() => {
  bindings["LEDGER"] = { fetch: async () => new Response("ok") } as unknown as Fetcher;
});
afterAll(() => {
  delete bindings["LEDGER"];
});

const unique = () => `destination ${crypto.randomUUID()}`;

async function create(part: Record<string, unknown>) {
  return await operate("/destinations", { name: unique(), url: farHost().url, filter: "false", ...part });
}

const oauth2 = { type: "oauth2", token_url: "https://login.example/token", client_id: "edge" };

/** A value of each setting, and how it is told again. */
const settings: [key: string, value: unknown, told: unknown][] = [
  ["name", "the ledger", "the ledger"],
  ["name", "  the ledger ", "the ledger"],
  ["url", "https://far.example/other?x=1", "https://far.example/other?x=1"],
  ["url", "https://far.example/{{ action_id }}?x={{ payout }}", "https://far.example/{{ action_id }}?x={{ payout }}"],
  ["preset", "cloudevents-binary", "cloudevents-binary"],
  ["method", "GET", "GET"],
  ["method", "PUT", "PUT"],
  ["method", "PATCH", "PATCH"],
  ["body", '{"id":"{{ action_id }}"}', '{"id":"{{ action_id }}"}'],
  ["filter", 'status == "APPROVED" && payout >= 10.0', 'status == "APPROVED" && payout >= 10.0'],
  ["headers", { "X-Tenant": "seven", "content-type": "text/plain" }, { "X-Tenant": "[hidden]", "content-type": "[hidden]" }],
  ["headers", { "x-type": "{{ type }}" }, { "x-type": "[hidden]" }],
  ["secrets", { api_key: "k" }, { api_key: "[hidden]" }],
  ["auth", { type: "none" }, { type: "none" }],
  ["auth", { type: "basic", username: "edge", password: "p" }, { type: "basic", username: "edge", password: "[hidden]" }],
  ["auth", { type: "bearer", token: "t" }, { type: "bearer", token: "[hidden]" }],
  ["auth", { ...oauth2, client_secret: "s" }, { ...oauth2, client_secret: "[hidden]", scope: "", audience: "", client_auth: "basic" }],
  [
    "auth",
    { ...oauth2, client_secret: "s", scope: "a b", audience: "ledger", client_auth: "body" },
    { ...oauth2, client_secret: "[hidden]", scope: "a b", audience: "ledger", client_auth: "body" },
  ],
  ["via", "LEDGER", "LEDGER"],
  ["timeout", 1, 1],
  ["timeout", 25, 25],
  ["retry_schedule", [], []],
  ["retry_schedule", [1, 86_400], [1, 86_400]],
  ["rate_limit", { limit: 1, period: "second" }, { limit: 1, period: "second" }],
  ["rate_limit", { limit: 50, period: "minute" }, { limit: 50, period: "minute" }],
  ["rate_limit", { limit: 1_000_000, period: "hour" }, { limit: 1_000_000, period: "hour" }],
  ["concurrency", 1, 1],
  ["concurrency", 1000, 1000],
  ["ordered", true, true],
  ["once_per_action", true, true],
  ["state", "paused", "paused"],
  ["state", "disabled", "disabled"],
];

describe("a setting", () => {
  test.each(settings)("is taken when a destination is made, and told again: %s = %j", async (key, value, told) => {
    const { status, body } = await create({ [key]: value });
    expect([status, body[key]]).toEqual([201, told]);
    expect((await operate(`/destinations/${body.id}`)).body[key]).toEqual(told);
  });

  test.each(settings)("is changed later, and told again: %s = %j", async (key, value, told) => {
    const { id } = await newDestination({ filter: "false" });
    const { status, body } = await operate(`/destinations/${id}`, { [key]: value }, "PATCH");
    expect([status, body[key]]).toEqual([200, told]);
    expect((await operate(`/destinations/${id}`)).body[key]).toEqual(told);
  });

  test.each([
    ["body", '{"id":1}', null],
    ["via", "LEDGER", null],
    ["rate_limit", { limit: 1, period: "hour" }, null],
    ["concurrency", 3, null],
    ["ordered", true, false],
    ["once_per_action", true, false],
    ["auth", { type: "bearer", token: "t" }, { type: "none" }],
    ["headers", { "x-a": "1" }, {}],
    ["secrets", { key: "k" }, {}],
    ["retry_schedule", [5], []],
    ["filter", "is_test", "is_test && payout > 1.0"],
  ])("is taken away again: %s", async (key, value, none) => {
    const { id } = await newDestination({ filter: "false", [key]: value });
    await operate(`/destinations/${id}`, { [key]: none }, "PATCH");
    expect((await operate(`/destinations/${id}`)).body[key]).toEqual(none);
  });

  test("that is left out has a default", async () => {
    const { body } = await operate("/destinations", { name: unique(), url: farHost().url, state: "paused" });
    expect(body).toMatchObject({
      preset: "standard-webhooks",
      method: "POST",
      body: null,
      filter: "",
      headers: {},
      secrets: {},
      auth: { type: "none" },
      via: null,
      timeout: 15,
      retry_schedule: [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
      rate_limit: null,
      concurrency: null,
      ordered: false,
      once_per_action: false,
      signing_keys: [{ version: "v1" }],
    });
  });
});

const wrong: [what: string, part: Record<string, unknown>, field: string, reason: RegExp][] = [
  ["an unknown key", { colour: "red" }, "colour", /not known here; known are name, url, preset/],
  ["an empty name", { name: " " }, "name", /must not be empty/],
  ["a name that is too long", { name: "x".repeat(101) }, "name", /<=100/],
  ["a URL that is too long", { url: `https://far.example/${"x".repeat(2000)}` }, "url", /<=2000/],
  ["an unknown preset", { preset: "zapier" }, "preset", /is not one of the choices/],
  ["an unknown method", { method: "DELETE" }, "method", /is not one of GET, POST, PUT, PATCH/],
  ["a body that is too long", { body: "x".repeat(20_001) }, "body", /<=20000/],
  ["a filter that is no text", { filter: true }, "filter", /expected string/],
  ["a filter that is too long", { filter: `status == "${"x".repeat(2000)}"` }, "filter", /<=2000/],
  ["no timeout at all", { timeout: 0 }, "timeout", />=1/],
  ["a timeout beyond 25 seconds", { timeout: 26 }, "timeout", /<=25/],
  ["half a second of timeout", { timeout: 1.5 }, "timeout", /expected int/],
  ["a timeout in words", { timeout: "15" }, "timeout", /expected number/],
  ["a pause of 0 seconds", { retry_schedule: [0] }, "retry_schedule.0", />=1/],
  ["a pause beyond a day", { retry_schedule: [5, 86_401] }, "retry_schedule.1", /<=86400/],
  ["more than thirty pauses", { retry_schedule: Array(31).fill(1) }, "retry_schedule", /<=30/],
  ["a rate limit of nothing", { rate_limit: { limit: 0, period: "second" } }, "rate_limit.limit", />=1/],
  ["half a request", { rate_limit: { limit: 0.5, period: "second" } }, "rate_limit.limit", /expected int/],
  ["a rate limit beyond a million", { rate_limit: { limit: 1_000_001, period: "second" } }, "rate_limit.limit", /<=1000000/],
  ["an unknown period", { rate_limit: { limit: 1, period: "day" } }, "rate_limit.period", /is not one of second, minute, hour/],
  ["a rate limit without a period", { rate_limit: { limit: 1 } }, "rate_limit.period", /is missing/],
  ["a rate limit that is a number", { rate_limit: 5 }, "rate_limit", /expected object/],
  ["a key too many in a rate limit", { rate_limit: { limit: 1, period: "hour", burst: 2 } }, "rate_limit.burst", /not known/],
  ["a concurrency of nothing", { concurrency: 0 }, "concurrency", />=1/],
  ["a concurrency beyond a thousand", { concurrency: 1001 }, "concurrency", /<=1000/],
  ["an order that is no yes or no", { ordered: 1 }, "ordered", /expected boolean/],
  ["once that is no yes or no", { once_per_action: "yes" }, "once_per_action", /expected boolean/],
  ["an unknown state", { state: "broken" }, "state", /is not one of active, paused, disabled/],
  ["the state of a tombstone", { state: "deleted" }, "state", /is not one of active, paused, disabled/],
  ["an empty binding", { via: "" }, "via", /must not be empty/],
  ["an unknown kind of auth", { auth: { type: "digest" } }, "auth.type", /'none' \| 'basic' \| 'bearer' \| 'oauth2'/],
  ["auth that is a text", { auth: "bearer t" }, "auth", /expected object/],
  ["a bearer without a token", { auth: { type: "bearer" } }, "auth.token", /is missing/],
  ["an empty token", { auth: { type: "bearer", token: "" } }, "auth.token", /must not be empty/],
  ["a user without a name", { auth: { type: "basic", username: "", password: "p" } }, "auth.username", /must not be empty/],
  ["a user without a password", { auth: { type: "basic", username: "u" } }, "auth.password", /is missing/],
  ["a client without a secret", { auth: { ...oauth2 } }, "auth.client_secret", /is missing/],
  [
    "another way to show a client",
    { auth: { ...oauth2, client_secret: "s", client_auth: "jwt" } },
    "auth.client_auth",
    /is not one of basic, body/,
  ],
  ["a key of another kind of auth", { auth: { type: "bearer", token: "t", username: "u" } }, "auth.username", /not known/],
  ["a secret by a wrong name", { secrets: { "Api-Key": "k" } }, "secrets.Api-Key", /must be a name like api_key/],
  ["an empty secret", { secrets: { key: "" } }, "secrets.key", /must not be empty/],
  ["a secret that is no text", { secrets: { key: 1 } }, "secrets.key", /expected string/],
  ["a blank in a header's name", { headers: { "x key": "v" } }, "headers.x key", /must be a header name/],
  ["a line break in a header's name", { headers: { "x\r\nkey": "v" } }, "headers.x\r\nkey", /must be a header name/],
  ["a header without a name", { headers: { "": "v" } }, "headers.", /must be a header name/],
  ["a line break in a header", { headers: { "x-key": "v\r\nx-other: 1" } }, "headers.x-key", /must be printable ASCII/],
  ["letters beyond ASCII in a header", { headers: { "x-key": "ü" } }, "headers.x-key", /must be printable ASCII/],
  ["a header that is no text", { headers: { "x-key": 1 } }, "headers.x-key", /expected string/],
  ["a header in two spellings", { headers: { "X-Key": "1", "x-key": "2" } }, "headers", /hold a name twice/],
];

describe("what is wrong", () => {
  test.each(wrong)("is 422 with field and reason when a destination is made: %s", async (_what, part, field, reason) => {
    const { status, body } = await create(part);
    expect([status, body.code]).toEqual([422, "invalid_input"]);
    expect(body.errors).toEqual([{ field, reason: expect.stringMatching(reason) }]);
  });

  test.each(wrong)("is 422 with field and reason in a change, which then changes nothing: %s", async (_what, part, field, reason) => {
    const { id } = await newDestination({ filter: "false" });
    const before = (await operate(`/destinations/${id}`)).body;
    const { status, body } = await operate(`/destinations/${id}`, { ...part, timeout: part["timeout"] ?? 7 }, "PATCH");
    expect([status, body.errors]).toEqual([422, [{ field, reason: expect.stringMatching(reason) }]]);
    expect((await operate(`/destinations/${id}`)).body).toEqual(before);
  });

  test.each([
    ["no name", { name: undefined }, "name"],
    ["no URL", { url: undefined }, "url"],
  ])("is missing: %s", async (_what, part, field) => {
    expect((await create(part)).body.errors).toEqual([{ field, reason: "is missing" }]);
  });

  test("is told all at once", async () => {
    const { body } = await create({ timeout: 0, ordered: 1, colour: "red" });
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(["colour", "ordered", "timeout"]);
  });

  test.each([{ id: "dst_x" }, { secret: "whsec_x" }, { signatures: ["v1a"] }, { version: 2 }, { sealed: "x" }, { health: {} }])(
    "is a change of what cannot be changed: %j",
    async (part) => {
      const { id } = await newDestination({ filter: "false" });
      const { status, body } = await operate(`/destinations/${id}`, part, "PATCH");
      expect([status, body.errors[0].field]).toEqual([422, Object.keys(part)[0]]);
    },
  );
});

describe("the headers of a destination", () => {
  test.each([
    "webhook-id",
    "Webhook-Signature",
    "webhook-timestamp",
    "webhook-anything",
    "Host",
    "content-length",
    "Transfer-Encoding",
    "connection",
    "User-Agent",
    "CF-Ray",
  ])("may not hold %s, which is ours or HTTP's to set", async (name) => {
    const { status, body } = await create({ headers: { [name]: "x" } });
    expect([status, body.errors]).toEqual([422, [{ field: `headers.${name}`, reason: "is set by Postback Edge or by HTTP itself" }]]);
  });

  test("may hold a content type in place of the preset's", async () => {
    const far = farHost();
    const { body } = await create({ url: far.url, headers: { "Content-Type": "application/vnd.ledger+json" } });
    await operate(`/destinations/${body.id}/test`, {});
    expect(far.heard[0]?.headers.get("content-type")).toBe("application/vnd.ledger+json");
  });

  test("that are wrong are refused without an echo of their values", async () => {
    const { body } = await create({ headers: { Host: "hush-hush", "x-key": "hush-hush\n" } });
    expect(JSON.stringify(body)).not.toContain("hush");
  });
});
