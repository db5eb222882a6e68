import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, newDestination, operate } from "../kit.ts";
import { asOperator } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

async function create(part: Record<string, unknown>) {
  return await operate("/destinations", { name: `destination ${crypto.randomUUID()}`, url: farHost().url, filter: "false", ...part });
}

describe("auth", () => {
  const oauth2 = { type: "oauth2", client_id: "c", client_secret: "hush-hush" };

  test.each([
    [
      "a token URL at a private address",
      { ...oauth2, token_url: "https://10.0.0.1/token" },
      "auth.token_url",
      /private address; call a public one/,
    ],
    ["a token URL at a private name", { ...oauth2, token_url: "https://login.internal/" }, "auth.token_url", /private networks/],
    ["a token URL without TLS", { ...oauth2, token_url: "http://login.example/" }, "auth.token_url", /https:/],
    ["a token URL that is none", { ...oauth2, token_url: "login" }, "auth.token_url", /is not a URL/],
    ["a colon in a user name", { type: "basic", username: "a:b", password: "hush-hush" }, "auth.username", /colon/],
    ["a line break in a user name", { type: "basic", username: "a\nb", password: "hush-hush" }, "auth.username", /line break/],
    ["a line break in a password", { type: "basic", username: "a", password: "hush-hush\n" }, "auth.password", /line break/],
    ["a blank in a token", { type: "bearer", token: "hush hush" }, "auth.token", /blank/],
    ["a letter beyond ASCII in a token", { type: "bearer", token: "hush-ü" }, "auth.token", /ASCII/],
  ])("with %s is refused with its field, and without its secret", async (_what, auth, field, reason) => {
    const { status, body } = await create({ auth });
    expect([status, body.errors]).toEqual([422, [{ field, reason: expect.stringMatching(reason) }]]);
    expect(JSON.stringify(body)).not.toContain("hush");
  });

  test.each([
    { type: "basic", username: "u", password: "p" },
    { type: "bearer", token: "t" },
    { ...oauth2, token_url: "https://login.example/" },
  ])("beside a header of its own name is refused: %j", async (auth) => {
    const { status, body } = await create({ auth, headers: { Authorization: "Bearer other" } });
    expect([status, body.errors]).toEqual([
      422,
      [{ field: "headers.authorization", reason: expect.stringMatching(/leave one of them out/) }],
    ]);
  });

  test("is refused beside a header that is there already", async () => {
    const { id } = await newDestination({ filter: "false", headers: { authorization: "x" } });
    expect((await operate(`/destinations/${id}`, { auth: { type: "bearer", token: "t" } }, "PATCH")).status).toBe(422);
  });
});

describe("an OAuth2 token", () => {
  /** A destination whose authorization server gives out `token-1`, `token-2` and so on. */
  async function authorized(settings: Record<string, unknown> = {}) {
    const far = farHost();
    const login = farHost(() => Response.json({ access_token: `token-${login.heard.length}`, token_type: "Bearer", expires_in: 3600 }));
    const auth = { type: "oauth2", token_url: login.url, client_id: "edge", client_secret: "hush-client", scope: "write", ...settings };
    const { id } = await newDestination({ url: far.url, filter: "false", auth });
    const sent = async () => {
      await operate(`/destinations/${id}/test`, {});
      return far.heard.at(-1)?.headers.get("authorization");
    };
    return { id, auth, login, sent };
  }

  test.each([
    ["basic", { authorization: `Basic ${btoa("edge:hush-client")}`, client_secret: null }],
    ["body", { authorization: null, client_secret: "hush-client" }],
  ])("is asked for as the client is to be shown: %s", async (client_auth, shown) => {
    const { login, sent } = await authorized({ client_auth });
    expect(await sent()).toBe("Bearer token-1");
    const [asked] = login.heard;
    const form = new URLSearchParams(asked?.body);
    expect({ authorization: asked?.headers.get("authorization"), client_secret: form.get("client_secret") }).toEqual(shown);
    expect([form.get("grant_type"), form.get("scope")]).toEqual(["client_credentials", "write"]);
  });

  test("is asked for once, and kept through changes of anything else", async () => {
    const { id, login, sent } = await authorized();
    await sent();
    await operate(`/destinations/${id}`, { timeout: 5 }, "PATCH");
    expect([await sent(), login.heard.length]).toEqual(["Bearer token-1", 1]);
  });

  test("is asked for anew once auth was changed", async () => {
    const { id, auth, login, sent } = await authorized();
    await sent();
    await operate(`/destinations/${id}`, { auth: { ...auth, client_id: "other", client_secret: "[hidden]" } }, "PATCH");
    expect(await sent()).toBe("Bearer token-2");
    expect(login.heard[1]?.headers.get("authorization")).toBe(`Basic ${btoa("other:hush-client")}`);
  });

  test("goes with its destination", async () => {
    const { id, sent } = await authorized();
    await sent();
    const kept = async () => await env.DB.prepare("select count(*) as n from access_tokens where destination_id = ?").bind(id).first("n");
    expect(await kept()).toBe(1);
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    expect(await kept()).toBe(0);
  });

  test("that is refused is told without a secret, and nothing is sent", async () => {
    const far = farHost();
    const login = farHost(({ body }) => Response.json({ error: "invalid_client", error_description: body }, { status: 401 }));
    const auth = { type: "oauth2", token_url: login.url, client_id: "edge", client_secret: "hush-client", client_auth: "body" };
    const { id } = await newDestination({ url: far.url, filter: "false", auth });
    const { body } = await operate(`/destinations/${id}/test`, {});
    expect(body).toMatchObject({
      delivered: false,
      status: null,
      reason: expect.stringMatching(/answered 401 invalid_client: the client id or/),
    });
    expect([far.heard, JSON.stringify(body).includes("hush")]).toEqual([[], false]);
  });
});
