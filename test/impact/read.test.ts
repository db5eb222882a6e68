import { afterEach, describe, expect, test, vi } from "vitest";
import { minute, second } from "../../src/domain/time.ts";
import type { Asked } from "../../src/impact/calls.ts";
import { type Reading, read } from "../../src/impact/read.ts";
import { anAccess } from "./anAccess.ts";

const access = anAccess();
const now = Date.parse("2026-11-20T08:00:00Z");
const asked: Asked = { path: "Actions?PageSize=2000", list: "Actions" };

/** Reads from a far side that answers so. */
async function from(
  answer: typeof fetch,
  { of = asked, ...deps } = {} as { of?: Asked; timeLimitMs?: number; sizeLimit?: number },
): Promise<Reading> {
  return await read(answer, access, of, { now: () => now, timeLimitMs: 2000, ...deps });
}

const answering = (body: BodyInit | null, init?: ResponseInit) => from(async () => new Response(body, init));
const json = (body: unknown, init?: ResponseInit) => answering(JSON.stringify(body), init);
const failureOf = (reading: Reading) => (reading.ok ? null : { kind: reading.kind, reason: reading.reason });

afterEach(() => vi.restoreAllMocks());

test("a page is read, with its status and what the answer says of our limits", async () => {
  const reading = await json({ Actions: [{ Id: 1, Payout: 0.1 }] }, { headers: { "x-ratelimit-remaining-hour": "7" } });
  expect(reading).toMatchObject({
    ok: true,
    status: 200,
    limits: { remaining: 7 },
    page: { records: [{ Id: "1", Payout: "0.1" }], next: null },
  });
});

test("it is a GET of the account's address, with the credentials, and follows no redirect", async () => {
  const calls: [string, RequestInit][] = [];
  await from(async (input, init = {}) => {
    calls.push([String(input), init]);
    return Response.json({});
  });
  const [[url, init] = ["", {}]] = calls;
  expect(calls).toHaveLength(1);
  expect(url).toBe("https://api.impact.com/Mediapartners/IRsid1234567890abcd/Actions?PageSize=2000");
  expect(init).toMatchObject({ redirect: "manual", headers: { accept: "application/json", "ir-version": "16" } });
  expect([init.method ?? "GET", init.body ?? null]).toEqual(["GET", null]);
});

test("an address outside of the account is not called", async () => {
  const far = vi.fn<typeof fetch>();
  const reading = await from(far, { of: { path: "https://evil.example/Actions", list: "Actions" } });
  expect(failureOf(reading)).toEqual({ kind: "refused", reason: expect.stringContaining("was not called") });
  expect(far).not.toHaveBeenCalled();
});

describe("a status in words", () => {
  test.each([
    [400, "refused", "refuses the request (400)"],
    [401, "unauthorized", "does not know this AccountSID with this AuthToken"],
    [402, "refused", "refuses the request (402)"],
    [403, "forbidden", "does not allow this with this AuthToken"],
    [404, "not_found", "has nothing there"],
    [405, "refused", "refuses the request (405)"],
    [408, "unavailable", "answered 408"],
    [429, "limited", "has had enough calls for now"],
    [500, "unavailable", "answered 500"],
    [502, "unavailable", "answered 502"],
    [503, "unavailable", "answered 503"],
    [504, "unavailable", "answered 504"],
    [302, "unreadable", "redirects are not followed"],
  ])("%i is %s", async (status, kind, reason) => {
    const reading = await answering(null, { status, headers: { location: "https://evil.example/" } });
    expect(failureOf(reading)).toEqual({ kind, reason: expect.stringContaining(reason) });
    expect(reading.status).toBe(status);
  });

  test.each([
    [
      { Status: "ERROR", Message: "Validation Failed", Errors: [{ Field: "StartDate", Message: "Too far\n back" }] },
      "Validation Failed: StartDate: Too far back",
    ],
    [
      {
        errors: [
          { field: "a", message: "b" },
          { field: "c", message: "d" },
        ],
      },
      "a: b; c: d",
    ],
    [{ status: 401, title: "Unauthorized" }, "Unauthorized"],
    [{ Message: "Range", Errors: { Field: "EndDate", Message: "needed" } }, "Range: EndDate: needed"],
    [{ Message: "x".repeat(5000) }, "x".repeat(500)],
  ])("with what impact.com says: %j", async (body, words) => {
    const reading = await json(body, { status: 400 });
    expect(failureOf(reading)?.reason).toBe(`impact.com refuses the request (400): ${words}`);
  });

  test.each(["<html>no</html>", "", '{"a":', "[1]", "null"])("says no more where the body is %j", async (body) => {
    expect(failureOf(await answering(body, { status: 400 }))?.reason).toBe("impact.com refuses the request (400)");
  });

  test("stands although its body does not come to an end", async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)) });
    expect(failureOf(await answering(endless, { status: 403 }))?.kind).toBe("forbidden");
  });
});

describe("when to come again", () => {
  const retryAt = async (status: number, headers: Record<string, string>) => {
    const reading = await answering(null, { status, headers });
    return reading.ok ? null : reading.retryAt;
  };

  test("is what a 429 says, else the end of the hour, else a minute", async () => {
    expect(await retryAt(429, { "retry-after": "5", "ratelimit-reset": "50" })).toBe(now + 5 * second);
    expect(await retryAt(429, { "ratelimit-reset": "50" })).toBe(now + 50 * second);
    expect(await retryAt(429, {})).toBe(now + minute);
  });

  test("is what a 503 says, and open where it says nothing", async () => {
    expect(await retryAt(503, { "retry-after": "5" })).toBe(now + 5 * second);
    expect(await retryAt(503, {})).toBeNull();
  });
});

describe("an answer of 200", () => {
  test.each([
    ["<ImpactRadiusResponse></ImpactRadiusResponse>", "XML or HTML in place of JSON"],
    ['\n <?xml version="1.0"?><a/>', "XML or HTML in place of JSON"],
    ['{"Actions": [', "something else in place of JSON"],
    ["", "something else in place of JSON"],
  ])("with %j is tried again", async (body, reason) =>
    expect(failureOf(await answering(body))).toEqual({ kind: "unavailable", reason: expect.stringContaining(reason) }),
  );

  test("that is an error after all is one", async () => {
    const body = { Status: "ERROR", Message: "Too many records", Errors: [] };
    expect(failureOf(await json(body))).toEqual({ kind: "refused", reason: "impact.com refuses the request: Too many records" });
  });

  test("with a job that failed is none", async () => {
    const reading = await from(async () => Response.json({ Id: "1", Status: "ERROR" }), { of: { path: "Jobs/1", list: null } });
    expect(reading).toMatchObject({ ok: true, page: { records: [{ Status: "ERROR" }] } });
  });

  test("that leads elsewhere cannot be used", async () => {
    const reading = await json({ Actions: [], "@nextpageuri": "https://evil.example/Actions" });
    expect(failureOf(reading)).toEqual({ kind: "unreadable", reason: expect.stringContaining("next page is not of this account") });
  });

  test("that is larger than it may be is not read to its end", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
      },
    });
    const reading = await from(async () => new Response(endless), { sizeLimit: 4 * 1024 * 1024 });
    expect(failureOf(reading)).toEqual({ kind: "too_large", reason: "impact.com's answer is larger than 4 MB" });
    expect(sent).toBeLessThan(10);
  });

  test("may cut a character in two on its way", async () => {
    const bytes = new TextEncoder().encode('{"Actions": [{"CampaignName": "Zürich – 東京"}]}');
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect(await answering(stream)).toMatchObject({ page: { records: [{ CampaignName: "Zürich – 東京" }] } });
  });
});

describe("no answer", () => {
  const never = new Promise<never>(() => {});

  test("within the time limit is given up", async () => {
    let signal: AbortSignal | null | undefined;
    const reading = await from(
      async (_, init) => {
        signal = init?.signal;
        return await never;
      },
      { timeLimitMs: 30 },
    );
    expect(failureOf(reading)).toEqual({ kind: "unavailable", reason: expect.stringContaining("no answer within 30 ms") });
    expect(signal?.aborted).toBe(true);
  });

  test("to its end within the time limit is given up too", async () => {
    const stalled = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"Actions": [')) });
    const reading = await from(async () => new Response(stalled), { timeLimitMs: 30 });
    expect(failureOf(reading)).toMatchObject({ kind: "unavailable" });
    expect(reading.status).toBeNull();
  });

  test("to its end, since the connection broke off, is tried again", async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("Network connection lost.")) });
    expect(failureOf(await answering(broken))).toEqual({
      kind: "unavailable",
      reason: "impact.com was not reached: Network connection lost",
    });
  });

  test("at all is told without the URL", async () => {
    const url = "https://api.impact.com/Mediapartners/IRsid1234567890abcd/Actions";
    const reading = await from(async () => Promise.reject(new TypeError(`fetch failed for ${url}`)));
    expect(failureOf(reading)).toEqual({ kind: "unavailable", reason: "impact.com was not reached: fetch failed for (url)" });
  });
});

test("no reason holds the credentials, though impact.com says them back to us", async () => {
  const echo = { Message: `${access.authToken} of ${access.accountSid}`, Errors: [btoa(`${access.accountSid}:${access.authToken}`)] };
  for (const status of [200, 400, 401, 403, 404, 429, 500]) {
    const reading = await json({ Status: "ERROR", ...echo }, { status });
    const told = JSON.stringify(reading);
    expect([status, told.includes("[hidden] of [hidden]"), told.includes(access.authToken), told.includes(access.accountSid)]).toEqual([
      status,
      true,
      false,
      false,
    ]);
  }
  const cut = await json({ Message: `${"x".repeat(495)}${access.authToken}` }, { status: 400 });
  expect(failureOf(cut)?.reason).not.toContain(access.authToken.slice(0, 4));
});
