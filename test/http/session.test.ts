import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { hour } from "../../src/domain/time.ts";
import { hasSession, newSession } from "../../src/http/session.ts";
import { call, newDestination, operate, origin } from "../kit.ts";

const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const ours = { ...html, "sec-fetch-site": "same-origin" };
const plain = "http://127.0.0.1:8787";

/** Sends a page's form. */
async function submit(path: string, fields: Record<string, string>, headers: Record<string, string> = ours): Promise<Response> {
  return await call(path, { method: "POST", headers, body: new URLSearchParams(fields), redirect: "manual" });
}

/** The cookie that a response sets, as a browser would send it back. */
function cookieOf(response: Response, name: string): string {
  const set = response.headers.getSetCookie().find((one) => one.includes(`${name}=`)) ?? "";
  return set.slice(0, set.indexOf(";"));
}

let session = "";
beforeAll(async () => {
  session = cookieOf(await submit("/login", { token: env.OPERATOR_TOKEN, to: "/events?q=a" }), "session");
});

describe("at the door", () => {
  test("who is not signed in is led there from any page, and back afterwards", async () => {
    const led = await call("/events?q=a", { headers: html, redirect: "manual" });
    expect([led.status, led.headers.get("location")]).toEqual([303, "/login?to=%2Fevents%3Fq%3Da"]);
    const through = await submit("/login", { token: env.OPERATOR_TOKEN, to: "/events?q=a" });
    expect([through.status, through.headers.get("location")]).toEqual([303, "/events?q=a"]);
  });

  const signIn = async (path: string) => await (await call(path, { headers: html })).text();

  test("a form that is sent when nobody is signed in any more leads back to its page, and is said to have been too late", async () => {
    const led = async (referer: string) =>
      (await submit("/destinations", { name: "a" }, { ...ours, referer })).headers.get("location") as string;
    expect(await led(`${origin}/destinations/new?preset=slack`)).toBe("/login?to=%2Fdestinations%2Fnew%3Fpreset%3Dslack&out=1");
    expect(await led(`${origin}/quarantine/evt_1/preview`), "which only a form can ask for").toBe("/login?to=%2Fquarantine%2Fevt_1&out=1");
    expect(await led("https://evil.example/x")).toBe("/login?out=1");
    expect(await led(`${origin}//evil.example/x`)).toBe("/login?out=1");
    const page = await signIn(await led(`${origin}/destinations/new`));
    expect(page).toContain("You were signed out. Sign in to go on.");
    expect(page).toContain('name="to" value="/destinations/new"');
  });

  test("who asked for a page is told to sign in for it, who came by itself is told nothing", async () => {
    expect(await signIn("/login?to=%2Fevents")).toContain(">Sign in to go on.<");
    expect(await signIn("/login")).not.toContain("to go on");
    expect(await signIn("/login?out=1&to=//evil.example")).toContain('name="to" value="/overview"');
  });

  test("programs are still answered 401", async () => {
    expect((await call("/events")).status).toBe(401);
  });

  test("a wrong token stays outside, and is not written into the page", async () => {
    const response = await submit("/login", { token: "not-the-token-of-anybody", to: "/events" });
    const page = await response.text();
    expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
    expect(page).toContain("This is not the operator token.");
    expect(page).not.toContain("not-the-token-of-anybody");
  });

  test.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/login", "/logout", "", " /x y"])(
    "%j is no place to be led to",
    async (to) => {
      expect((await submit("/login", { token: env.OPERATOR_TOKEN, to })).headers.get("location")).toBe("/overview");
    },
  );

  test("signing in by another site's form is refused", async () => {
    for (const headers of [{ ...html, "sec-fetch-site": "cross-site" }, { ...html, origin: "https://evil.example" }, html]) {
      const response = await submit("/login", { token: env.OPERATOR_TOKEN, to: "/" }, headers as Record<string, string>);
      expect([response.status, response.headers.getSetCookie()]).toEqual([403, []]);
    }
  });

  test("the session is out of reach of scripts, of other sites, and of plain connections", async () => {
    const [set = ""] = (await submit("/login", { token: env.OPERATOR_TOKEN, to: "/" })).headers.getSetCookie();
    expect(set).toMatch(/^__Host-session=\d+\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/);
    const [local = ""] = (await submit(`${plain}/login`, { token: env.OPERATOR_TOKEN, to: "/" })).headers.getSetCookie();
    expect(local).toMatch(/^session=\S+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/);
  });

  test("a form that has no end is not read to it", async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(97)) });
    const headers = { ...ours, "content-type": "application/x-www-form-urlencoded" };
    expect((await call("/login", { method: "POST", headers, body: endless, duplex: "half" } as RequestInit)).status).toBe(413);
  });

  test("going out takes the cookie away", async () => {
    const response = await submit("/logout", {}, { ...ours, cookie: session });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/login"]);
    expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-session=; .*Max-Age=0/);
  });
});

describe("a session", () => {
  test("opens pages and JSON", async () => {
    const page = await call("/sources", { headers: { ...html, cookie: session } });
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const json = await call("/sources", { headers: { cookie: session } });
    expect([json.status, json.headers.get("content-type")]).toEqual([200, "application/json"]);
  });

  test.each([
    ["with another end", (value: string) => value.replace(/\d+/, (until) => String(Number(until) + 1))],
    ["with another signature", (value: string) => `${value.slice(0, -2)}${value.endsWith("AA") ? "BB" : "AA"}`],
    ["without a signature", (value: string) => value.split(".")[0] as string],
    ["that is the token", () => `__Host-session=${env.OPERATOR_TOKEN}`],
    ["that is empty", () => "__Host-session="],
    ["of another name", (value: string) => value.replace("__Host-", "")],
  ])("%s opens nothing", async (_what, change) => {
    expect((await call("/sources", { headers: { cookie: change(session) } })).status).toBe(401);
  });

  test("is over after twelve hours, and with a new token or key", () => {
    const keys = { operatorToken: "operator-token-of-a-day", encryptionKey: new Uint8Array(32).fill(1) };
    const value = newSession(keys, 0);
    const bring = new Request(`${plain}/`, { headers: { cookie: `other=1; session=${value}` } });
    expect(hasSession(bring, keys, 12 * hour - 1)).toBe(true);
    expect(hasSession(bring, keys, 12 * hour)).toBe(false);
    expect(hasSession(bring, { ...keys, operatorToken: "operator-token-of-today" }, 0)).toBe(false);
    expect(hasSession(bring, { ...keys, encryptionKey: new Uint8Array(32).fill(2) }, 0)).toBe(false);
  });

  test("does not help beside a wrong Authorization header", async () => {
    expect((await call("/sources", { headers: { cookie: session, authorization: "Bearer wrong-token-of-nobody" } })).status).toBe(401);
  });
});

describe("a write with a session", () => {
  const elsewhere: [string, Record<string, string>][] = [
    ["another site", { "sec-fetch-site": "cross-site" }],
    ["a sister site", { "sec-fetch-site": "same-site" }],
    ["an address bar", { "sec-fetch-site": "none" }],
    ["another origin, in an old browser", { origin: "https://evil.example" }],
    ["nowhere that is said", {}],
  ];
  test.each(elsewhere)("from %s is refused, and does nothing", async (_what, headers) => {
    const { id } = await newDestination({ filter: "false" });
    const paused = await submit(`/destinations/${id}`, { _method: "PATCH", state: "paused" }, { ...html, ...headers, cookie: session });
    const json = await call("/sources", {
      method: "POST",
      headers: { ...headers, cookie: session },
      body: '{"name":"a","account":"partner"}',
    });
    const removed = await call(`/destinations/${id}`, { method: "DELETE", headers: { ...headers, cookie: session } });
    expect([paused.status, json.status, removed.status]).toEqual([403, 403, 403]);
    expect((await operate(`/destinations/${id}`)).body.state).toBe("active");
  });

  test.each([[{ "sec-fetch-site": "same-origin" }], [{ origin }]])("from our own page (%j) is done, and said once", async (headers) => {
    const { id } = await newDestination({ filter: "false" });
    const response = await submit(`/destinations/${id}`, { _method: "PATCH", state: "paused" }, {
      ...html,
      ...headers,
      cookie: session,
    } as never);
    expect([response.status, response.headers.get("location")]).toEqual([303, `/destinations/${id}`]);
    const said = cookieOf(response, "said");
    const page = await call(`/destinations/${id}`, { headers: { ...html, cookie: `${session}; ${said}` } });
    expect(await page.text()).toContain("paused");
    expect(page.headers.getSetCookie()[0]).toMatch(/^__Host-said=; .*Max-Age=0/);
  });

  test("a bearer token needs none of that", async () => {
    expect((await operate("/sources", { name: `bearer ${crypto.randomUUID()}`, account: "partner" })).status).toBe(201);
  });
});

describe("what was changed", () => {
  test("is written down: what, where, which fields, by whom, and never a value", async () => {
    const secret = `whsec_${btoa("a secret of the tests, long enough")}`;
    const { id } = await newDestination({ filter: "false", headers: { "x-api-key": "s3cret-value" }, secret });
    await submit(`/destinations/${id}`, { _method: "PATCH", state: "paused" }, { ...ours, cookie: session });
    const { body } = await operate("/audit?limit=200");
    const at = body.data.findIndex(({ path }: { path: string }) => path === `/destinations/${id}`);
    expect(body.data.slice(at, at + 2)).toMatchObject([
      { method: "PATCH", who: "session", fields: ["state"] },
      { method: "POST", path: "/destinations", who: "token", summary: "Create a destination" },
    ]);
    expect(body.data[at + 1].fields).toEqual(expect.arrayContaining(["headers", "secret", "url"]));
    expect(JSON.stringify(body)).not.toMatch(/s3cret-value|whsec_/);
  });

  test("is nothing where only something was tried", async () => {
    const before = (await operate("/audit?limit=1")).body.data[0]?.id;
    await operate("/filters", { filter: "payout > 1.0" });
    await operate("/destinations/preview", { url: "https://far.example/" });
    await operate("/sources", { name: "", account: "partner" });
    expect((await operate("/audit?limit=1")).body.data[0]?.id).toBe(before);
  });
});

describe("a page", () => {
  test("may load and send nothing but our own", async () => {
    const { headers } = await call("/settings", { headers: { ...html, cookie: session } });
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect([headers.get("cache-control"), headers.get("x-content-type-options"), headers.get("referrer-policy")]).toEqual([
      "no-store",
      "nosniff",
      "same-origin",
    ]);
  });

  test("of a mistake says what to do", async () => {
    const response = await call("/events/evt_nowhere", { headers: { ...html, cookie: session } });
    const text = await response.text();
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(text).toContain("There is no event with this id.");
    expect(text).toContain("Go back");
  });

  test.each([
    ["/sources?q=1", "/sources?q=1"],
    ["//evil.example/x", "/overview"],
  ])("of a mistake leads back from %s to %s", async (from, to) => {
    const response = await call("/nowhere", { headers: { ...html, cookie: session, referer: origin + from } });
    expect(await response.text()).toContain(`<a class="button" href="${to}">Go back</a>`);
  });

  test("is not what a postback is answered, whatever it accepts", async () => {
    const response = await call("/in/no-such-token/action-lifecycle?a=b", { headers: html });
    expect([response.status, response.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  });
});
