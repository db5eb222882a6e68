import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { accessOf } from "../../src/call.ts";
import { day, hour } from "../../src/domain/time.ts";
import { answer as answerOf } from "../../src/http/router.ts";
import { deleteConnection, findConnection } from "../../src/store/connections.ts";
import { newApp, newSource, origin } from "../kit.ts";
import { asOperator, rowsWith } from "./ask.ts";

const { config } = newApp();
const api = "https://api.impact.com";
const logged: string[] = [];
const sources: string[] = [];

beforeEach(() => {
  for (const level of ["log", "info", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((...words) => void logged.push(words.join(" ")));
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  for (const id of sources) await deleteConnection(env.DB, id);
});

type Answer = (url: URL, init: RequestInit) => Response | Promise<Response>;

/** What impact.com would answer to those who may read everything. */
const everything: Answer = () => Response.json({ "@nextpageuri": "" });

/** An account of impact.com's of its own, and a source that is to have access to it. */
async function anAccount(settings: { account?: "partner" | "brand" } = {}) {
  const source = await newSource(settings);
  sources.push(source.id);
  const credentials = { account_sid: `IR${crypto.randomUUID().replaceAll("-", "")}G3t8`, auth_token: `token.${crypto.randomUUID()}` };
  const heard: URL[] = [];

  async function ask(
    method: string,
    { answer = everything, body, now = Date.now() }: { answer?: Answer; body?: unknown; now?: number } = {},
  ) {
    const fetch = async (input: RequestInfo | URL, init: RequestInit = {}) => {
      const url = new URL(String(input));
      heard.push(url);
      return await answer(url, init);
    };
    const app = newApp({ fetch: fetch as typeof globalThis.fetch, now: () => now, config: { ...config, impactApi: api } });
    const init = { method, headers: asOperator, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await answerOf(new Request(`${origin}/sources/${source.id}/api`, init), () => app);
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null, text, headers: response.headers };
  }

  const put = (answer?: Answer, parts: Record<string, unknown> = {}, now?: number) =>
    ask("PUT", { ...(answer && { answer }), body: { ...credentials, ...parts }, ...(now === undefined ? {} : { now }) });
  return { source, credentials, heard, ask, put };
}

/** Answers so where the path ends in this name, and with everything elsewhere. */
const at =
  (name: string, status: number, body: unknown = null, headers: Record<string, string> = {}): Answer =>
  (url, init) =>
    url.pathname.endsWith(`/${name}`) ? Response.json(body, { status, headers }) : everything(url, init);

/** Everything under one side of the marketplace, and this status under the other. */
const only =
  (prefix: string, status: number): Answer =>
  (url, init) =>
    url.pathname.startsWith(`/${prefix}/`) ? everything(url, init) : new Response(null, { status });

describe("giving a source access", () => {
  test("tries the credentials on all four lists, and tells what they can do", async () => {
    const { source, heard, put } = await anAccount();
    const now = Date.parse("2026-11-20T08:00:00.000Z");
    const { status, body } = await put(everything, {}, now);
    expect(status).toBe(200);
    expect(body).toEqual({
      source_id: source.id,
      account_sid: expect.stringMatching(/^IR…G3t8$/),
      campaign_ids: [],
      abilities: { actions: "ok", updates: "ok", inquiries: "ok", jobs: "ok" },
      watermark: "2026-11-20T08:00:00Z",
      next_updates_at: "2026-11-20T08:00:00Z",
      next_states_at: "2026-11-20T08:00:00Z",
      failure: null,
      created_at: "2026-11-20T08:00:00Z",
      updated_at: "2026-11-20T08:00:00Z",
    });
    expect(heard.map(({ pathname }) => pathname.split("/").at(-1)).sort()).toEqual(["ActionInquiries", "ActionUpdates", "Actions", "Jobs"]);
    const [actions] = heard;
    expect([actions?.searchParams.get("StartDate"), actions?.searchParams.get("EndDate")]).toEqual([
      "2026-11-20T07:59:00Z",
      "2026-11-20T08:00:00Z",
    ]);
  });

  test("keeps them so that reconciliation can use them, and nobody can read them", async () => {
    const { source, credentials, put } = await anAccount();
    await put();
    const connection = await findConnection(env.DB, source.id);
    const app = newApp({ config: { ...config, impactApi: api } });
    expect(connection && (await accessOf(app, connection, { account: "partner" }))).toEqual({
      api,
      account: "partner",
      accountSid: credentials.account_sid,
      authToken: credentials.auth_token,
    });
    expect(connection?.origin).toBe(origin);
    expect(await rowsWith(credentials.auth_token)).toBe(0);
    expect(await rowsWith(credentials.account_sid)).toBe(0);
  });

  test("forgives blanks around them", async () => {
    const { credentials, heard, put } = await anAccount();
    expect((await put(everything, { account_sid: ` ${credentials.account_sid}\n` })).status).toBe(200);
    expect(heard[0]?.pathname).toBe(`/Mediapartners/${credentials.account_sid}/Actions`);
  });

  test("of a brand needs its campaigns, asks for each of them, and says so", async () => {
    const { heard, put } = await anAccount({ account: "brand" });
    const refused = await put();
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ field: "campaign_ids", reason: expect.stringContaining("campaign by campaign") }],
    ]);
    expect(heard).toEqual([]);
    const { status, body } = await put(everything, { campaign_ids: ["1000", "2000", "1000"] });
    expect([status, body.campaign_ids]).toEqual([200, ["1000", "2000"]]);
    const actions = heard.filter(({ pathname }) => pathname.endsWith("/Actions"));
    expect(actions.map(({ searchParams }) => searchParams.get("CampaignId"))).toEqual(["1000", "2000"]);
    expect(heard.every(({ pathname }) => pathname.startsWith("/Advertisers/"))).toBe(true);
  });

  test("again keeps how far it has come; with another account it begins anew", async () => {
    const { put } = await anAccount();
    const now = Date.now();
    const first = await put(everything, {}, now);
    const again = await put(everything, { auth_token: "another.token" }, now + hour);
    expect([again.body.watermark, again.body.created_at]).toEqual([first.body.watermark, first.body.created_at]);
    const other = await put(everything, { account_sid: "IRanother1234567890" }, now + day);
    expect(other.body.watermark).toBe(other.body.updated_at);
    expect(other.body.watermark).not.toBe(first.body.watermark);
  });
});

describe("credentials that are refused", () => {
  const nowhere: Answer = () => new Response(null, { status: 401 });
  const mistakeOf = ({ status, body }: { status: number; body: any }) => [status, body.errors?.[0]?.field, body.errors?.[0]?.reason];

  test("by a 401 are wrong, and it is said where the right ones are", async () => {
    const { put } = await anAccount();
    expect(mistakeOf(await put(nowhere))).toEqual([422, "auth_token", expect.stringContaining("Settings → API")]);
  });

  test.each([
    ["Actions", "lacks the scope Actions"],
    ["ActionUpdates", "lacks the scope ActionUpdates"],
  ])("by a 403 of %s lack a scope that is needed", async (name, reason) => {
    const { put } = await anAccount();
    const answer: Answer = (url, init) => (url.pathname.startsWith("/Advertisers/") ? nowhere(url, init) : at(name, 403)(url, init));
    expect(mistakeOf(await put(answer))).toEqual([422, "auth_token", expect.stringContaining(reason)]);
  });

  test.each([401, 403, 404])("by a %i as a partner's, and taken as a brand's, are told to be that", async (status) => {
    const { put } = await anAccount();
    expect(mistakeOf(await put(only("Advertisers", status)))).toEqual([
      422,
      "account_sid",
      expect.stringContaining("belongs to a brand account, and this source is of a partner"),
    ]);
  });

  test("as a brand's, and taken as a partner's, are told to be that", async () => {
    const { put } = await anAccount({ account: "brand" });
    const refused = await put(only("Mediapartners", 401), { campaign_ids: ["1"] });
    expect(mistakeOf(refused)).toEqual([
      422,
      "account_sid",
      expect.stringContaining("belongs to a partner account, and this source is of a brand"),
    ]);
  });

  test("as a partner's are told to be a brand's also where only the missing campaign is found fault with", async () => {
    const { put } = await anAccount();
    const answer: Answer = (url) =>
      new Response(null, { status: url.pathname.startsWith("/Mediapartners/") ? 401 : url.pathname.endsWith("/Jobs") ? 403 : 400 });
    expect(mistakeOf(await put(answer))[1]).toBe("account_sid");
  });

  test("by nothing but a 404 are of an account that is not there", async () => {
    const { put } = await anAccount();
    expect(mistakeOf(await put(() => new Response(null, { status: 404 })))).toEqual([
      422,
      "account_sid",
      expect.stringContaining("has no Actions"),
    ]);
  });

  test("for a campaign are told in impact.com's own words", async () => {
    const { put } = await anAccount({ account: "brand" });
    const answer: Answer = (url, init) =>
      url.searchParams.get("CampaignId") === "2" ? Response.json({ Message: "Unknown campaign" }, { status: 400 }) : everything(url, init);
    expect(mistakeOf(await put(answer, { campaign_ids: ["1", "2"] }))).toEqual([
      422,
      "campaign_ids",
      expect.stringContaining("Unknown campaign"),
    ]);
  });

  test.each([
    ["account_sid", "IR/../../other"],
    ["account_sid", "IR:colon"],
    ["account_sid", ""],
    ["auth_token", "with blank"],
    ["auth_token", "zeilen\numbruch"],
    ["campaign_ids", ["abc"]],
    ["account_id", "x"],
  ])("before they are tried: %s %j", async (field, value) => {
    const { heard, put } = await anAccount();
    const [status, wrong] = mistakeOf(await put(everything, { [field]: value }));
    expect([status, String(wrong).split(".")[0], heard.length]).toEqual([422, field, 0]);
  });
});

test("what reconciliation can do without is kept as not there, with the reason", async () => {
  const { put } = await anAccount();
  const { status, body } = await put((url, init) =>
    (url.pathname.endsWith("/Jobs") ? at("Jobs", 404) : at("ActionInquiries", 403))(url, init),
  );
  expect(status).toBe(200);
  expect(body.abilities).toEqual({
    actions: "ok",
    updates: "ok",
    inquiries: "The AuthToken lacks the scope ActionInquiries.",
    jobs: "impact.com has nothing there.",
  });
});

test("one lost connection does not keep credentials from being saved", async () => {
  const { put } = await anAccount();
  const lost = new Set<string>();
  const { status } = await put((url, init) => {
    if (lost.has(url.pathname)) return everything(url, init);
    lost.add(url.pathname);
    return lost.size % 2 ? Promise.reject(new Error("Network connection lost.")) : new Response(null, { status: 502 });
  });
  expect([status, lost.size]).toEqual([200, 4]);
});

describe("while impact.com does not say", () => {
  const away: [string, Answer, string][] = [
    ["since it is away", () => new Response(null, { status: 502 }), "60"],
    ["since it cannot be reached", () => Promise.reject(new Error("Network connection lost.")), "60"],
    ["since it wants fewer calls", () => new Response(null, { status: 429, headers: { "retry-after": "77" } }), "77"],
    ["since it answers with a page of HTML", () => new Response("<html></html>"), "60"],
    ["about updates", at("ActionUpdates", 500), "60"],
    ["about inquiries", at("ActionInquiries", 503), "60"],
  ];

  test.each(away)("%s, nothing is saved", async (_, answer, seconds) => {
    const { ask, put } = await anAccount();
    const { status, body, headers } = await put(answer);
    expect([status, body.code, headers.get("retry-after")]).toEqual([503, "unavailable", seconds]);
    expect(body.detail).toContain("nothing was saved");
    expect(body.detail).not.toContain("..");
    expect((await ask("GET")).status).toBe(404);
  });

  test("the access of before stays", async () => {
    const { ask, put } = await anAccount();
    const { body: before } = await put();
    await put(() => new Response(null, { status: 401 }), { auth_token: "wrong" });
    expect((await ask("GET")).body).toEqual(before);
  });
});

test("access is shown and taken away, and its credentials with it", async () => {
  const { source, ask, put } = await anAccount();
  expect((await ask("GET")).body).toMatchObject({ status: 404, detail: expect.stringContaining("PUT") });
  const { body } = await put();
  expect((await ask("GET")).body).toEqual(body);
  expect((await ask("DELETE")).status).toBe(204);
  expect([(await ask("GET")).status, await findConnection(env.DB, source.id)]).toEqual([404, null]);
});

test("a source that is not there has none", async () => {
  const { source, ask } = await anAccount();
  source.id = "src_none";
  for (const method of ["GET", "DELETE"]) expect((await ask(method)).body.detail).toContain("no source with this id");
});

test("no answer and no log line ever has the credentials", async () => {
  const { credentials, ask, put } = await anAccount();
  const echoing: Answer = () => Response.json({ Message: `${credentials.auth_token} ${credentials.account_sid}` }, { status: 400 });
  const texts = [];
  for (const answer of [
    echoing,
    () => new Response(null, { status: 401 }),
    at("Jobs", 400, { Message: credentials.auth_token }),
    everything,
  ])
    texts.push((await put(answer)).text);
  texts.push((await ask("GET")).text, ...logged);
  const telling = texts.filter((text) => text.includes(credentials.auth_token) || text.includes(credentials.account_sid));
  expect(telling).toEqual([]);
  expect(texts.some((text) => text.includes("[hidden]"))).toBe(true);
});
