import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { answer } from "../../src/http/router.ts";
import { newSeal } from "../../src/store/seal.ts";
import { call, newApp, newDestination, newSource, operate, origin } from "../kit.ts";
import { asOperator, only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const unique = () => `destination ${crypto.randomUUID()}`;
const refuseAll = { filter: "false" };

async function create(part: Record<string, unknown>) {
  return await operate("/destinations", { name: unique(), url: farHost().url, ...refuseAll, ...part });
}

/** Waits until the consumer heard the bell and left a delivery alone, and then makes its lease a thing of the past. */
async function untilHeldForAMinute(event: string): Promise<void> {
  const leased = "select count(*) as n from deliveries where event_id = ? and next_at > created_at";
  await expect.poll(async () => await env.DB.prepare(leased).bind(event).first("n"), { timeout: 8000 }).toBeGreaterThan(0);
  await env.DB.prepare("update deliveries set next_at = 0, ring_at = 0 where event_id = ?").bind(event).run();
}

/** Makes a destination as if ENCRYPTION_KEY had been another one when it was saved. */
async function sealWithAnotherKey(id: string): Promise<void> {
  const sealed = await newSeal(new Uint8Array(32)).seal({ signing: ["whsec_AAAA"], headers: {} });
  await env.DB.prepare("update destinations set sealed = ? where id = ?").bind(sealed, id).run();
  newApp().catalog.forget();
}

describe("creating a destination", () => {
  test("with a name and a URL is enough", async () => {
    const { url } = farHost();
    const name = unique();
    const { status, body } = await operate("/destinations", { name, url, filter: undefined, state: "paused" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name, url, method: "POST", filter: "", headers: {}, timeout: 15 });
    expect(body.retry_schedule).toEqual([5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  });

  test("is active unless said", async () => expect((await create({})).body).toMatchObject({ state: "active", state_reason: null }));

  test("keeps all that was said", async () => {
    const said = { filter: 'status == "APPROVED"', method: "PUT", timeout: 5, retry_schedule: [1, 2], state: "paused" };
    const { body } = await create(said);
    expect(body).toMatchObject(said);
    expect((await operate(`/destinations/${body.id}`)).body).toMatchObject(said);
  });

  test("gives a signing secret of 32 bytes, this once", async () => {
    const { body } = await create({});
    expect(Buffer.from(body.secret.replace(/^whsec_/, ""), "base64").byteLength).toBe(32);
    const told = await Promise.all(
      ["/destinations", `/destinations/${body.id}`].map(async (path) => JSON.stringify((await operate(path)).body)),
    );
    const patched = JSON.stringify((await operate(`/destinations/${body.id}`, { timeout: 3 }, "PATCH")).body);
    expect(told.join() + patched).not.toContain(body.secret.slice(6));
  });

  test("gives each its own secret", async () => {
    expect((await create({})).body.secret).not.toBe((await create({})).body.secret);
  });

  test.each([
    ["an unknown key", { colour: "red" }, "colour"],
    ["a secret of one's own choice", { secret: "whsec_x" }, "secret"],
    ["no URL", { url: undefined }, "url"],
    ["no name", { name: undefined }, "name"],
    ["a method without a body", { method: "GET" }, "method"],
    ["no timeout at all", { timeout: 0 }, "timeout"],
    ["a timeout beyond 25 seconds", { timeout: 26 }, "timeout"],
    ["a timeout in words", { timeout: "15" }, "timeout"],
    ["a pause of 0 seconds", { retry_schedule: [0] }, "retry_schedule.0"],
    ["a pause beyond a day", { retry_schedule: [5, 86_401] }, "retry_schedule.1"],
    ["the state of a tombstone", { state: "deleted" }, "state"],
    ["a filter that is no text", { filter: true }, "filter"],
    ["a filter that is too long", { filter: `status == "${"x".repeat(2000)}"` }, "filter"],
  ])("with %s is 422, and says what is wrong by name", async (_what, part, field) => {
    const { status, body } = await create(part);
    expect([status, body.code]).toEqual([422, "invalid_input"]);
    expect(body.errors.map((mistake: { field: string }) => mistake.field)).toEqual([field]);
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
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ field: "filter", line, column }]);
    expect(body.errors[0].reason).toMatch(reason);
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

const privateAddresses = [
  ["private, 10/8", "https://10.0.0.1/"],
  ["private, 172.16/12", "https://172.16.0.1/"],
  ["private, 172.31", "https://172.31.255.255/"],
  ["private, 192.168/16", "https://192.168.1.1/"],
  ["private, decimal", "https://167772161/"],
  ["private, hexadecimal", "https://0x0a000001/"],
  ["private, octal", "https://012.0.0.1/"],
  ["private, in full-width digits", "https://１０.0.0.1/"],
  ["private, percent-encoded", "https://%31%30.0.0.1/"],
  ["private, with a port", "https://10.0.0.1:8443/"],
  ["private, mapped into IPv6", "https://[::ffff:10.0.0.1]/"],
  ["private, mapped, in hexadecimal", "https://[::ffff:a00:1]/"],
  ["private, IPv4-compatible IPv6", "https://[::10.0.0.1]/"],
  ["private, by NAT64", "https://[64:ff9b::10.0.0.1]/"],
  ["private, by local NAT64", "https://[64:ff9b:1::10.0.0.1]/"],
  ["private, translated", "https://[::ffff:0:10.0.0.1]/"],
  ["private, by 6to4", "https://[2002:a00:1::]/"],
  ["private, by Teredo", "https://[2001:0:a00:1::]/"],
  ["unique local", "https://[fd00::1]/"],
  ["site-local", "https://[fec0::1]/"],
  ["CGNAT", "https://100.64.0.1/"],
  ["CGNAT, its end", "https://100.127.255.255/"],
  ["link-local", "https://169.254.1.1/"],
  ["a cloud's metadata", "https://169.254.169.254/latest/meta-data/"],
  ["a cloud's metadata, decimal", "https://2852039166/"],
  ["link-local, IPv6", "https://[fe80::1]/"],
  ["multicast", "https://224.0.0.1/"],
  ["multicast, IPv6", "https://[ff02::1]/"],
  ["broadcast", "https://255.255.255.255/"],
  ["unspecified", "https://0.0.0.0/"],
  ["unspecified, IPv6", "https://[::]/"],
  ["reserved", "https://240.0.0.1/"],
  ["documentation", "https://192.0.2.1/"],
  ["a name without a dot", "https://intranet/"],
  ["a private name", "https://db.internal/"],
  ["a private name with a dot at its end", "https://db.internal./"],
  ["an mDNS name", "https://printer.local/"],
];

const loopback = [
  ["by name", "http://localhost:9999/"],
  ["by name with a dot at its end", "http://localhost./"],
  ["by address", "http://127.0.0.1:9999/"],
  ["by another address", "https://127.1.2.3/"],
  ["shortened", "http://127.1/"],
  ["decimal", "http://2130706433/"],
  ["hexadecimal", "http://0x7f.0.0.1/"],
  ["octal", "http://0177.0.0.1/"],
  ["IPv6", "http://[::1]:9999/"],
];

const neverUrls = [
  ["http to a public name", "http://far.example/hook"],
  ["http to a public address", "http://93.184.216.34/"],
  ["no scheme", "far.example/hook"],
  ["another scheme", "ftp://far.example/"],
  ["a script", "javascript:alert(1)"],
  ["a file", "file:///etc/passwd"],
  ["nothing", ""],
  ["a user name", "https://user@far.example/"],
  ["a password", "https://user:pass@far.example/"],
  ["a password alone", "https://:pass@far.example/"],
  ["a public name for a user before a private host", "https://far.example@10.0.0.1/"],
  ["loopback, mapped into IPv6", "http://[::ffff:127.0.0.1]/"],
  ["loopback, by NAT64", "https://[64:ff9b::127.0.0.1]/"],
  ["loopback, IPv4-compatible IPv6", "https://[::127.0.0.1]/"],
];

/** Creates a destination on a Worker that is set up for production: without ALLOW_LOOPBACK. */
async function createInProduction(url: string): Promise<Response> {
  const request = new Request(`${origin}/destinations`, {
    method: "POST",
    headers: asOperator,
    body: JSON.stringify({ name: unique(), url, ...refuseAll }),
  });
  const app = newApp();
  return await answer(request, () => ({ ...app, config: { ...app.config, allowLoopback: false } }));
}

describe("a URL", () => {
  test.each([...privateAddresses, ...neverUrls])("to %s is refused: %s", async (_what, url) => {
    const { status, body } = await create({ url });
    expect([status, body.errors?.[0]?.field]).toEqual([422, "url"]);
  });

  test.each([...privateAddresses, ...neverUrls, ...loopback])("in production, to %s is refused: %s", async (_what, url) => {
    expect((await createInProduction(url)).status).toBe(422);
  });

  test.each(loopback)("to this machine, %s, is taken for development: %s", async (_what, url) => {
    expect((await create({ url })).status).toBe(201);
  });

  test.each([
    "https://far.example/hook?key=1",
    "https://93.184.216.34/",
    "https://far.example:8443/",
    "https://[2606:4700::1111]/",
    "https://xn--bcher-kva.example/",
  ])("that is public is taken, in production too: %s", async (url) => expect((await createInProduction(url)).status).toBe(201));

  test("is checked when it is changed, and the old one stays", async () => {
    const { id } = await newDestination(refuseAll);
    expect((await operate(`/destinations/${id}`, { url: "https://10.0.0.1/" }, "PATCH")).status).toBe(422);
    expect((await operate(`/destinations/${id}`)).body.url).toBe("https://far.example/hook");
  });
});

describe("the headers of a destination", () => {
  const headers = { Authorization: "Bearer hush-hush", "X-Tenant": "hush-too" };

  test("are told by name, never by value", async () => {
    const { body } = await create({ headers });
    const told = [body, (await operate(`/destinations/${body.id}`)).body, (await operate("/destinations")).body];
    const patched = (await operate(`/destinations/${body.id}`, { timeout: 4 }, "PATCH")).body;
    expect(patched.headers).toEqual({ Authorization: "[hidden]", "X-Tenant": "[hidden]" });
    expect(JSON.stringify([...told, patched])).not.toContain("hush");
  });

  test("are stored encrypted", async () => {
    const { body } = await create({ headers });
    const row = await env.DB.prepare("select * from destinations where id = ?").bind(body.id).first();
    expect(JSON.stringify(row)).not.toContain("hush");
    expect(JSON.stringify(row)).not.toContain(body.secret.slice(6));
  });

  test.each([
    "webhook-id",
    "Webhook-Signature",
    "webhook-timestamp",
    "Host",
    "content-length",
    "Content-Type",
    "Transfer-Encoding",
    "connection",
    "User-Agent",
    "CF-Ray",
  ])("may not hold %s, which is ours or HTTP's to set", async (name) => {
    const { status, body } = await create({ headers: { [name]: "x" } });
    expect(status).toBe(422);
    expect(JSON.stringify(body.errors)).toContain(name);
  });

  test.each([
    ["a blank in the name", { "x key": "v" }],
    ["a line break in the name", { "x\r\nkey": "v" }],
    ["no name", { "": "v" }],
    ["a line break in the value", { "x-key": "v\r\nx-other: 1" }],
    ["letters beyond ASCII", { "x-key": "ü" }],
    ["no text", { "x-key": 1 }],
  ])("may not have %s", async (_what, wrong) => expect((await create({ headers: wrong })).status).toBe(422));

  test("a mistake in them does not echo their values", async () => {
    const { body } = await create({ headers: { Host: "hush-hush", "x-key": "hush-hush\n" } });
    expect(JSON.stringify(body)).not.toContain("hush");
  });

  test("are not lost when what GET tells of them is sent back", async () => {
    const far = farHost();
    const { body } = await create({ url: far.url, headers });
    await operate(`/destinations/${body.id}`, { headers: (await operate(`/destinations/${body.id}`)).body.headers }, "PATCH");
    await operate(`/destinations/${body.id}/test`, {});
    expect(far.heard[0]?.headers.get("authorization")).toBe("Bearer hush-hush");
  });

  test("can be set, or are refused in words, when ENCRYPTION_KEY is not the one they were sealed with", async () => {
    const { body } = await create({ headers });
    await sealWithAnotherKey(body.id);
    expect((await operate(`/destinations/${body.id}`, { headers: { "X-New": "1" } }, "PATCH")).status).toBeLessThan(500);
  });

  test("are replaced as a whole, and the signing secret stays", async () => {
    const far = farHost();
    const { body } = await create({ url: far.url, headers });
    await operate(`/destinations/${body.id}`, { headers: { "X-New": "1" } }, "PATCH");
    await operate(`/destinations/${body.id}/test`, {});
    const [heard] = far.heard;
    expect([heard?.headers.get("x-new"), heard?.headers.get("authorization")]).toEqual(["1", null]);
    expect(() => new Webhook(body.secret).verify(heard?.body ?? "", Object.fromEntries(heard?.headers ?? []))).not.toThrow();
  });
});

describe("changing a destination", () => {
  test("keeps what is left out", async () => {
    const { id } = await newDestination({
      filter: "is_test",
      method: "PUT",
      headers: { "x-a": "1" },
      timeout: 3,
      retry_schedule: [9],
      state: "paused",
    });
    const before = (await operate(`/destinations/${id}`)).body;
    const { body } = await operate(`/destinations/${id}`, { timeout: 4 }, "PATCH");
    expect(body).toEqual({ ...before, timeout: 4, updated_at: body.updated_at });
  });

  test("says why it is not active, and forgets it when it is again", async () => {
    const { id } = await newDestination(refuseAll);
    const state = async (wanted: string) => (await operate(`/destinations/${id}`, { state: wanted }, "PATCH")).body;
    expect(await state("paused")).toMatchObject({ state: "paused", state_reason: "paused by the operator" });
    expect(await state("active")).toMatchObject({ state: "active", state_reason: null });
  });

  test.each([{ colour: "red" }, { state: "deleted" }, { id: "dst_x" }, { secret: "whsec_x" }, { timeout: 0 }])(
    "with %j is 422",
    async (part) => {
      const { id } = await newDestination(refuseAll);
      expect((await operate(`/destinations/${id}`, part, "PATCH")).status).toBe(422);
    },
  );

  test("counts for the next postback", async () => {
    const source = await newSource();
    const { id } = await newDestination({ url: farHost().url, filter: only(source), state: "paused" });
    await operate(`/destinations/${id}`, refuseAll, "PATCH");
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    expect((await operate(`/deliveries/${event}:${id}`)).status).toBe(404);
  });
});

describe("a destination that is deleted", () => {
  async function deleted(settings: Record<string, unknown> = {}) {
    const destination = await newDestination({ ...refuseAll, ...settings });
    const response = await call(`/destinations/${destination.id}`, { method: "DELETE", headers: asOperator });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    return destination;
  }

  test.each([
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["POST", "/test"],
  ])("is 404 from then on (%s /destinations/:id%s)", async (method, rest) => {
    const { id } = await deleted();
    expect((await operate(`/destinations/${id}${rest}`, method === "GET" ? undefined : {}, method)).status).toBe(404);
  });

  test("is not listed", async () => {
    const { id } = await deleted();
    expect(JSON.stringify((await operate("/destinations")).body)).not.toContain(id);
  });

  test("leaves its name to others", async () => {
    const { name } = await deleted();
    expect((await create({ name })).status).toBe(201);
  });

  test("stays as a tombstone with its name, and without its secrets", async () => {
    const { id, name } = await deleted({ headers: { "x-key": "hush" } });
    const row = await env.DB.prepare("select name, state, sealed, header_names from destinations where id = ?").bind(id).first();
    expect(row).toEqual({ name, state: "deleted", sealed: "", header_names: "[]" });
  });

  test("gets no delivery of what comes later", async () => {
    const source = await newSource();
    const { id } = await deleted({ filter: only(source) });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    expect((await operate(`/deliveries/${event}:${id}`)).status).toBe(404);
  });

  test("has what it still had to get cancelled, and its history kept", async () => {
    const source = await newSource();
    const far = farHost();
    const { id } = await newDestination({ url: far.url, filter: only(source), state: "paused" });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    await untilHeldForAMinute(event);
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    expect(await untilDelivery(`${event}:${id}`, "cancelled")).toMatchObject({ reason: "its destination was deleted", attempt_count: 0 });
    expect(far.heard).toEqual([]);
  });
});

describe("testing a destination", () => {
  async function tried(settings: Record<string, unknown>, answer?: Parameters<typeof farHost>[0]) {
    const far = farHost(answer);
    const destination = await newDestination({ url: far.url, ...refuseAll, ...settings });
    const { status, body } = await operate(`/destinations/${destination.id}/test`, {});
    expect(status).toBe(200);
    return { destination, far, body };
  }

  test("sends a sample that the standardwebhooks library verifies", async () => {
    const { destination, far } = await tried({});
    expect(far.heard).toHaveLength(1);
    const [heard] = far.heard;
    const sample = new Webhook(destination.secret).verify(heard?.body ?? "", Object.fromEntries(heard?.headers ?? []));
    expect(sample).toMatchObject({ type: "action.pending", data: { is_test: true, payout: "0.88", currency: "USD" } });
  });

  test("does it by the destination's method, with its headers", async () => {
    const { far } = await tried({ method: "PATCH", headers: { "X-Tenant": "seven" } });
    expect([far.heard[0]?.method, far.heard[0]?.headers.get("x-tenant")]).toEqual(["PATCH", "seven"]);
  });

  test("tells of a success with what came back", async () => {
    const { body } = await tried({}, () => new Response("thanks", { status: 202, headers: { "x-request-id": "r1" } }));
    expect(body).toMatchObject({ delivered: true, status: 202, response: { body: "thanks", headers: { "x-request-id": "r1" } } });
    expect(body.latency_ms).toBeGreaterThanOrEqual(0);
  });

  test.each([400, 404, 410, 429, 500])("tells of a %i as what it is", async (status) => {
    const { body } = await tried({}, () => new Response("no", { status }));
    expect(body).toMatchObject({ delivered: false, status, reason: expect.stringContaining(String(status)) });
  });

  test("follows no redirect", async () => {
    const elsewhere = farHost();
    const { far, body } = await tried({}, () => new Response(null, { status: 302, headers: { location: elsewhere.url } }));
    expect(body).toMatchObject({ delivered: false, status: 302, reason: expect.stringContaining("redirect") });
    expect(far.heard[0]?.init.redirect).toBe("manual");
    expect(elsewhere.heard).toEqual([]);
  });

  test("tells of a connection that failed, without the URL", async () => {
    const { body, far } = await tried({}, () => Promise.reject(new TypeError("connection to https://user.example/key refused")));
    expect(body).toMatchObject({ delivered: false, status: null, reason: expect.stringContaining("no connection") });
    expect(body.reason).not.toContain("user.example");
    expect(far.heard).toHaveLength(1);
  });

  test("tells that its secrets cannot be decrypted any more, and sends nothing", async () => {
    const far = farHost();
    const { id } = await newDestination({ url: far.url, ...refuseAll });
    await sealWithAnotherKey(id);
    const { body } = await operate(`/destinations/${id}/test`, {});
    expect(body).toMatchObject({ delivered: false, status: null, reason: expect.stringContaining("ENCRYPTION_KEY") });
    expect(far.heard).toEqual([]);
  });

  test("books nothing", async () => {
    const { destination, far } = await tried({});
    expect((await operate(`/deliveries?destination=${destination.id}`)).body.data).toEqual([]);
    expect((await operate(`/events/${far.heard[0]?.headers.get("webhook-id")}`)).status).toBe(404);
  });

  test("works while it is paused, which is when one wants it", async () => {
    expect((await tried({ state: "paused" })).body.delivered).toBe(true);
  });

  test("of nobody is 404", async () => expect((await operate("/destinations/dst_nobody/test", {})).status).toBe(404));
});

test("a paused destination holds its deliveries", async () => {
  const source = await newSource();
  const far = farHost();
  const { id } = await newDestination({ url: far.url, filter: only(source), state: "paused" });
  const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
  await untilHeldForAMinute(event);
  expect(far.heard).toEqual([]);
  expect((await operate(`/deliveries/${event}:${id}`)).body).toMatchObject({ state: "pending", attempt_count: 0 });
});

test("a destination that is made active again gets what it missed", async () => {
  const source = await newSource();
  const far = farHost();
  const { id } = await newDestination({ url: far.url, filter: only(source), state: "paused" });
  const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
  await untilHeldForAMinute(event);
  await operate(`/destinations/${id}`, { state: "active" }, "PATCH");
  await untilDelivery(`${event}:${id}`, "delivered");
  expect(far.heard).toHaveLength(1);
});
