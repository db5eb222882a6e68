import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { callImpact, callWith } from "../src/call.ts";
import type { Connection } from "../src/domain/connection.ts";
import { hour, minute, second } from "../src/domain/time.ts";
import { type Access, hashOf } from "../src/impact/access.ts";
import type { Asked } from "../src/impact/calls.ts";
import { newSeal } from "../src/store/seal.ts";
import { newApp } from "./kit.ts";

const now = Date.parse("2026-11-20T08:00:00Z");
const asked: Asked = { path: "Actions?PageSize=2000", list: "Actions" };
const source = { account: "partner" } as const;
const { config, seal } = newApp();
const logged: string[] = [];

beforeEach(() => {
  for (const level of ["log", "info", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((...words) => void logged.push(words.join(" ")));
});
afterEach(() => vi.restoreAllMocks());

/** An account of its own, with a far side that gives these answers in turn, the last of them again and again. */
async function anAccount(...answers: (() => Response | Promise<Response>)[]) {
  const accountSid = `IR${crypto.randomUUID().replaceAll("-", "")}`;
  const access: Access = { api: "https://api.impact.com", account: "partner", accountSid, authToken: "auth-token-of-the-tests" };
  const heard: { url: string; authorization: string | null }[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    heard.push({ url: String(input), authorization: new Headers(init?.headers).get("authorization") });
    return await (answers[heard.length - 1] ?? answers.at(-1))?.();
  };
  const app = newApp({
    fetch: fetch as typeof globalThis.fetch,
    now: () => now,
    random: () => 0,
    config: { ...config, impactApi: access.api },
  });
  const sealed = await seal.sealText(JSON.stringify({ accountSid, authToken: access.authToken }));
  return { app, access, heard, connection: { sealed, accountHash: hashOf(access) } as Connection };
}

const page = () => Response.json({ Actions: [{ Id: "1" }] });
const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(null, { status: code, headers });

async function budgetOf(access: Access) {
  return await env.DB.prepare("select calls, closed_until from api_budgets where account_hash = ?").bind(hashOf(access)).first();
}

test("a call is made with the opened credentials, once", async () => {
  const { app, access, heard, connection } = await anAccount(page);
  expect(await callImpact(app, connection, source, asked)).toEqual({
    ok: true,
    page: { records: [{ Id: "1" }], next: null, total: null, pages: null },
    calls: 1,
  });
  expect(heard).toEqual([
    {
      url: `https://api.impact.com/Mediapartners/${access.accountSid}/Actions?PageSize=2000`,
      authorization: `Basic ${btoa(`${access.accountSid}:auth-token-of-the-tests`)}`,
    },
  ]);
});

test("the credentials that no key here opens are told as such, and nothing is called", async () => {
  const { app, heard } = await anAccount(page);
  const other = newSeal(crypto.getRandomValues(new Uint8Array(32)));
  for (const sealed of [await other.sealText("{}"), "v2.nonsense"]) {
    const result = await callImpact(app, { sealed } as Connection, source, asked);
    expect(result).toMatchObject({ ok: false, kind: "sealed", reason: expect.stringContaining("PUT /sources/:id/api"), calls: 0 });
  }
  expect(heard).toEqual([]);
});

describe("what is away for a moment", () => {
  test("is tried again at once, twice", async () => {
    const { app, access, heard } = await anAccount(status(502), () => Promise.reject(new Error("Network connection lost.")), page);
    expect(await callWith(app, access, asked)).toMatchObject({ ok: true, calls: 3 });
    expect(heard).toHaveLength(3);
    expect(await budgetOf(access)).toEqual({ calls: 3, closed_until: 0 });
  });

  test("and stays away is told as it is", async () => {
    const { app, access, heard } = await anAccount(status(502));
    expect(await callWith(app, access, asked)).toMatchObject({ ok: false, kind: "unavailable", calls: 3 });
    expect(heard).toHaveLength(3);
  });

  test("and says for how long is not tried before that, by nobody", async () => {
    const { app, access, heard } = await anAccount(status(503, { "retry-after": "120" }));
    const retryAt = now + 2 * minute;
    expect(await callWith(app, access, asked)).toMatchObject({ ok: false, kind: "unavailable", retryAt, calls: 1 });
    expect(await callWith(app, access, asked)).toMatchObject({ ok: false, kind: "limited", retryAt, calls: 0 });
    expect(heard).toHaveLength(1);
  });

  test("waits between its tries, by chance longer or shorter, two seconds at the most", async () => {
    const { app, access } = await anAccount(status(502));
    const waits: unknown[] = [];
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms: number) => {
      if (ms < 20_000) waits.push(ms); // longer ones are time limits
      if (ms < 20_000) queueMicrotask(run);
      return 0;
    }) as never);
    await callWith({ ...app, random: () => 0.999 }, access, asked);
    await callWith({ ...app, random: () => 0 }, access, asked);
    expect(waits.map((ms) => Math.round(Number(ms) / 100))).toEqual([10, 20, 3, 5]);
  });
});

test.each([400, 401, 403, 404])("a %i is not tried again", async (code) => {
  const { app, access, heard } = await anAccount(status(code));
  expect(await callWith(app, access, asked)).toMatchObject({ ok: false, calls: 1 });
  expect(heard).toHaveLength(1);
});

test("a 429 closes the account for all of its callers, also where it does not say for how long", async () => {
  for (const [headers, wait] of [
    [{ "retry-after": "7" }, 7 * second],
    [{}, minute],
  ] as const) {
    const { app, access, heard } = await anAccount(status(429, headers));
    const told = { ok: false, kind: "limited", retryAt: now + wait };
    expect(await callWith(app, access, asked)).toMatchObject({ ...told, calls: 1 });
    expect(await callWith(app, { ...access, account: "brand" }, asked)).toMatchObject({ ...told, calls: 0 });
    expect(heard).toHaveLength(1);
  }
});

test("an account makes 400 calls in an hour, a brand's 800", async () => {
  const { app, access } = await anAccount(page);
  await callWith(app, access, asked);
  await env.DB.prepare("update api_budgets set calls = 400, ceiling = 800 where account_hash = ?").bind(hashOf(access)).run();
  const spent = { ok: false, kind: "limited", retryAt: expect.any(Number), reason: expect.stringContaining("400 calls") };
  expect(await callWith(app, access, asked)).toMatchObject(spent);
  expect(await callWith(app, { ...access, account: "brand" }, asked)).toMatchObject({ ok: true });
});

test("the calls that impact.com says remain are all that are made", async () => {
  const { app, access, heard } = await anAccount(() =>
    Response.json({}, { headers: { "x-ratelimit-remaining-hour": "0", "ratelimit-reset": "60" } }),
  );
  expect(await callWith(app, access, asked)).toMatchObject({ ok: true });
  expect(await callWith(app, access, asked)).toMatchObject({ ok: false, kind: "limited", retryAt: now + minute });
  expect(await callWith({ ...app, now: () => now + hour }, access, asked)).toMatchObject({ ok: true });
  expect(heard).toHaveLength(2);
});

test("nothing of the credentials is in a result or in the log", async () => {
  const { app, access, connection } = await anAccount(() =>
    Response.json({ Message: `no ${access.authToken}, ${access.accountSid}` }, { status: 400 }),
  );
  const result = JSON.stringify(await callImpact(app, connection, source, asked));
  expect(result).toContain("no [hidden], [hidden]");
  expect(logged.filter((line) => line.includes(access.authToken) || line.includes(access.accountSid))).toEqual([]);
});
