import { describe, expect, test, vi } from "vitest";
import type { Auth } from "../../src/domain/destination.ts";
import { Problem } from "../../src/domain/problem.ts";
import { day, minute, second } from "../../src/domain/time.ts";
import { authorizationOf, fetchToken, TokenRefused } from "../../src/forward/auth.ts";

type OAuth2 = Extract<Auth, { type: "oauth2" }>;
const oauth2: OAuth2 = {
  type: "oauth2",
  tokenUrl: "https://login.example/token?tenant=url-secret",
  clientId: "client",
  scope: "",
  audience: "",
  clientAuth: "basic",
};
const secret = "client-secret";
const now = 1_700_000_000_000;

/** What came of asking, and the request that was made. */
async function asked(answer: Response | Error, parts: Partial<OAuth2> = {}, withSecret = secret) {
  const requests: { url: string; init: RequestInit; headers: Headers; fields: Record<string, string> }[] = [];
  const fetcher = (async (input: string, init: RequestInit) => {
    const fields = Object.fromEntries(new URLSearchParams(init.body as string));
    requests.push({ url: input, init, headers: new Headers(init.headers), fields });
    if (answer instanceof Error) throw answer;
    return answer;
  }) as unknown as typeof fetch;
  const token = await fetchToken(fetcher, { ...oauth2, ...parts }, withSecret, () => now, 1000).catch((error) => error);
  if (!(token instanceof Error)) return { ...token, request: requests[0] as (typeof requests)[0], error: null };
  return { token: null, expiresAt: null, request: requests[0] as (typeof requests)[0], error: token };
}

const granted = (fields: Record<string, unknown> = {}) =>
  Response.json({ access_token: "access-1", token_type: "Bearer", expires_in: 3600, ...fields });
const basicOf = (header: string | null) => Buffer.from((header ?? "").replace(/^Basic /, ""), "base64").toString();

describe("basic authentication", () => {
  const basic = (username: string, password: string | null) => authorizationOf({ type: "basic", username }, password);

  test("is that of RFC 7617", () => expect(basic("Aladdin", "open sesame")).toBe("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  test("is in UTF-8, as in the example of RFC 7617", () => expect(basic("test", "123£")).toBe("Basic dGVzdDoxMjPCow=="));
  test("is in composed letters, however they were typed", () => expect(basic("u", "e\u0301")).toBe(basic("u", "é")));
  test("may have a colon in the password", () => expect(basicOf(basic("u", "a:b"))).toBe("u:a:b"));
  test("may have an empty password", () => expect(basicOf(basic("u", ""))).toBe("u:"));
  test("is not sent without a secret", () => expect(basic("u", null)).toBeNull());

  test.each([
    ["a:b", "pw", "auth.username", "holds a colon, which ends a user name (RFC 7617)"],
    ["a\nb", "pw", "auth.username", "holds a line break or another control character"],
    ["u", "p\u0000w", "auth.secret", "holds a line break or another control character"],
    ["u", "p\u007fw", "auth.secret", "holds a line break or another control character"],
  ])("of %j and %j is refused", (username, password, field, reason) => {
    expect(problemOf(() => basic(username, password))).toMatchObject({ code: "invalid_input", mistakes: [{ field, reason }] });
  });
});

describe("bearer authentication", () => {
  const bearer = (token: string | null) => authorizationOf({ type: "bearer" }, token);

  test.each(["mF_9.B5f-4.1JqM", "12|abc/+~==", "key:value"])("sends %s as it is", (token) => expect(bearer(token)).toBe(`Bearer ${token}`));
  test("is not sent without a secret", () => expect(bearer(null)).toBeNull());
  test.each(["", "two words", "line\nbreak", "schlüssel", "tab\t", "\u007f"])("of %j is refused, and not repeated", (token) => {
    const problem = problemOf(() => bearer(token));
    expect(problem.mistakes).toEqual([
      { field: "auth.secret", reason: "holds a blank, a line break or a letter outside of ASCII, which no token has" },
    ]);
    if (token) expect(JSON.stringify(problem)).not.toContain(token);
  });
});

test.each([{ type: "none" }, oauth2] as Auth[])("no header is made for $type from its secret", (auth) => {
  expect(authorizationOf(auth, secret)).toBeNull();
});

describe("a request for an access token", () => {
  test("is a form by POST, with the secret in the header", async () => {
    const { token, request } = await asked(granted());
    expect(token).toBe("access-1");
    expect([request.url, request.init.method, request.init.redirect]).toEqual([oauth2.tokenUrl, "POST", "manual"]);
    expect(request.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
    expect(request.headers.get("accept")).toBe("application/json");
    expect(basicOf(request.headers.get("authorization"))).toBe("client:client-secret");
    expect(request.fields).toEqual({ grant_type: "client_credentials" });
  });

  test("has id and secret in the body where that is wanted, and not in the header", async () => {
    const { request } = await asked(granted(), { clientAuth: "body" });
    expect(request.fields).toEqual({ grant_type: "client_credentials", client_id: "client", client_secret: secret });
    expect(request.headers.has("authorization")).toBe(false);
  });

  test("names scope and audience when there are any", async () => {
    const { request } = await asked(granted(), { scope: "read write", audience: "https://api.example/" });
    expect(request.fields).toEqual({ grant_type: "client_credentials", scope: "read write", audience: "https://api.example/" });
  });

  test("form-encodes id and secret in the header, as RFC 6749 §2.3.1 wants", async () => {
    const { request } = await asked(granted(), { clientId: "a:b c" }, "ü%+&=/");
    expect(basicOf(request.headers.get("authorization"))).toBe("a%3Ab+c:%C3%BC%25%2B%26%3D%2F");
  });

  test("form-encodes id and secret in the body", async () => {
    const { request } = await asked(granted(), { clientId: "a:b c", clientAuth: "body" }, "ü%+&=/");
    expect(request.fields).toMatchObject({ client_id: "a:b c", client_secret: "ü%+&=/" });
  });
});

describe("an access token", () => {
  const life = async (expires_in: unknown) => ((await asked(granted({ expires_in }))).expiresAt ?? 0) - now;

  test.each([
    ["a number", 3600, 3600 * second - minute],
    ["a numeric text", "3600", 3600 * second - minute],
    ["missing", undefined, 5 * minute - 30 * second],
    ["null", null, 5 * minute - 30 * second],
    ["no number", "soon", 5 * minute - 30 * second],
    ["empty", "", 5 * minute - 30 * second],
    ["0", 0, 5 * minute - 30 * second],
    ["negative", -1, 5 * minute - 30 * second],
    ["ten minutes, where a tenth is a minute", 600, 9 * minute],
    ["shorter than that", 100, 90 * second],
    ["a year", 31_536_000, day - minute],
    ["a fraction", 1.2345, 1111],
  ])("ends a little early when expires_in is %s", async (_, expiresIn, ms) => expect(await life(expiresIn)).toBe(ms));

  test("is reckoned from before the request", async () => {
    const clock = vi
      .fn()
      .mockReturnValueOnce(now)
      .mockReturnValue(now + minute);
    const { expiresAt } = await fetchToken(async () => granted(), oauth2, secret, clock, 1000);
    expect(expiresAt).toBe(now + 3600 * second - minute);
  });

  test.each(["bearer", "BEARER", undefined])("may be of type %s", async (token_type) => {
    expect((await asked(granted({ token_type }))).token).toBe("access-1");
  });

  test("is taken from an answer of just under 64 KB", async () => {
    expect((await asked(granted({ padding: "x".repeat(64 * 1024 - 200) }))).token).toBe("access-1");
  });
});

const html = () => new Response("<html>client-secret</html>", { headers: { "content-type": "text/html" } });
const failing = (status: number, body: unknown) => Response.json(body, { status });
const endless = () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(32)) }));
const broken = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset by url-secret")) }));

describe("a token endpoint that gives no token is refused in clear words without secrets:", () => {
  test.each<[string, () => Response | Error, string, number | null]>([
    [
      "invalid_client",
      () => failing(401, { error: "invalid_client", error_description: `no ${secret}` }),
      "answered 401 invalid_client: the client id or the client secret is wrong, or they have to be sent the other way (basic or body)",
      401,
    ],
    [
      "invalid_scope",
      () => failing(400, { error: "invalid_scope" }),
      "answered 400 invalid_scope: the scope is unknown, or not for this client",
      400,
    ],
    [
      "an error after 200",
      () => failing(200, { error: "access_denied" }),
      "answered 200 access_denied: this client has no access, perhaps not to this audience",
      200,
    ],
    ["an error of its own making", () => failing(400, { error: secret }), "answered 400 with an error and no token", 400],
    [
      "an error named like a property of objects",
      () => failing(400, { error: "constructor" }),
      "answered 400 with an error and no token",
      400,
    ],
    ["a 400 in HTML", () => new Response("<p>client-secret</p>", { status: 400 }), "answered 400 and no token", 400],
    ["a 500", () => failing(500, granted()), "answered 500 and no token", 500],
    ["HTML", html, "sent something other than JSON; is the token URL right?", 200],
    ["JSON that is no object", () => Response.json(null), "sent something other than JSON; is the token URL right?", 200],
    ["no token", () => granted({ access_token: undefined }), "sent no access_token that could be used", 200],
    ["a token that is no text", () => granted({ access_token: 5 }), "sent no access_token that could be used", 200],
    ["a token that no header can hold", () => granted({ access_token: "a\nb" }), "sent no access_token that could be used", 200],
    ["another type of token", () => granted({ token_type: "DPoP" }), "sent a token of another type than Bearer", 200],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "https://else.example/?url-secret" } }),
      "answered 302: redirects are not followed, so give the address that it leads to",
      302,
    ],
    ["more than 64 KB", endless, "sent more than 64 KB, which is no token", 200],
    ["no connection", () => new Error(`cannot reach ${oauth2.tokenUrl}`), "could not be reached", null],
    ["an answer that breaks off", broken, "could not be reached", null],
  ])("%s", async (_, answer, words, status) => {
    const { error } = await asked(answer());
    expect(error).toBeInstanceOf(TokenRefused);
    expect(error).toMatchObject({ name: "TokenRefused", message: `The token endpoint login.example ${words}.`, status });
    expect(`${error?.message} ${error?.stack} ${JSON.stringify(error)}`).not.toMatch(/client-secret|url-secret|access-1|cause/);
  });

  test("silence, before the answer", async () => {
    const silent = ((_: string, { signal }: RequestInit) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))) as unknown as typeof fetch;
    await expect(fetchToken(silent, oauth2, secret, () => now, 50)).rejects.toThrow("login.example did not answer within 0.05 s.");
  });

  test("silence, within the answer", async () => {
    const halting = (async (_: string, { signal }: RequestInit) =>
      new Response(
        new ReadableStream({
          start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
        }),
      )) as unknown as typeof fetch;
    await expect(fetchToken(halting, oauth2, secret, () => now, 50)).rejects.toThrow("login.example did not answer within 0.05 s.");
  });

  test("a token URL that is none", async () => {
    await expect(fetchToken(fetch, { ...oauth2, tokenUrl: "no?url-secret" }, secret, () => now, 50)).rejects.toThrow(
      /^The token endpoint \(its address is no URL\) could not be reached\.$/,
    );
  });

  test("and no more than 64 KB and a little is read", async () => {
    const pulled = vi.fn((controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(16_384).fill(32)));
    await asked(new Response(new ReadableStream({ pull: pulled })));
    expect(pulled.mock.calls.length).toBeLessThan(8);
  });
});

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error("no Problem was thrown");
}
