import { expect, test, vi } from "vitest";
import { send } from "../../src/forward/send.ts";

const sending = { url: "https://far.example/hook?key=secret", method: "POST", headers: { "x-test": "1" }, body: "{}", timeout: 1 };
const sendTo = (answer: (init: RequestInit) => Response | Promise<Response>) =>
  send(async (_input, init) => answer(init ?? {}), sending, Date.now);

test("a 2xx is delivered", async () => {
  expect(await sendTo(() => new Response("fine", { status: 202 }))).toMatchObject({
    delivered: true,
    status: 202,
    reason: "answered 202",
    body: "fine",
  });
});

test("a redirect is a failure and is not followed", async () => {
  const redirects: unknown[] = [];
  const outcome = await sendTo((init) => {
    redirects.push(init.redirect);
    return new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } });
  });
  expect(outcome).toMatchObject({
    delivered: false,
    status: 302,
    reason: "answered 302: redirects are not followed, so give the URL that it leads to",
    headers: { location: "https://elsewhere.example/" },
  });
  expect(redirects).toEqual(["manual"]);
});

test.each([[302], [304]])("a %s that leads nowhere is not called a redirect", async (status) => {
  expect(await sendTo(() => new Response(null, { status }))).toMatchObject({ delivered: false, reason: `answered ${status}` });
});

test("what Cloudflare answers in the place of a server is told in its words", async () => {
  expect(await sendTo(() => new Response(null, { status: 521 }))).toMatchObject({
    delivered: false,
    reason: "answered 521 (Cloudflare: connection refused)",
  });
});

test("silence is a failure after the time limit", async () => {
  const outcome = await sendTo(
    (init) => new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
  );
  expect(outcome).toMatchObject({ delivered: false, status: null, reason: "no answer within 1 s" });
});

test("a broken connection is a failure whose words hold no URL", async () => {
  const outcome = await sendTo(() => Promise.reject(new Error("could not connect to https://far.example/hook?key=secret")));
  expect(outcome).toMatchObject({ delivered: false, status: null, reason: "no connection: could not connect to the URL" });
});

test.each([
  ["Network connection lost.", "no connection, or one that broke off without a proper answer"],
  ["internal error; reference = abc", "no connection: its name or its certificate may be wrong (internal error; reference = abc)"],
])("workerd's %j is told in words that help", async (message, reason) => {
  expect(await sendTo(() => Promise.reject(new Error(message)))).toMatchObject({ delivered: false, status: null, reason });
});

test("keeps 16 KB of an answer and reads no further", async () => {
  const pulled = vi.fn((controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(8192).fill(97)));
  const cancelled = vi.fn();
  const outcome = await sendTo(() => new Response(new ReadableStream({ pull: pulled, cancel: cancelled })));
  expect(outcome.body).toHaveLength(16 * 1024);
  expect(cancelled).toHaveBeenCalledOnce();
  expect(pulled.mock.calls.length).toBeLessThan(6);
});

test("cuts no character in half", async () => {
  const { body } = await sendTo(() => new Response(`x${"é".repeat(10_000)}`));
  expect(body).toBe(`x${"é".repeat(8191)}`);
});

test("an answer that breaks off after a 2xx is delivered all the same", async () => {
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error("reset"));
    },
  });
  expect(await sendTo(() => new Response(broken))).toMatchObject({ delivered: true, status: 200, body: "" });
});

test("tells how long the far side asked to wait", async () => {
  expect(await sendTo(() => new Response(null, { status: 429, headers: { "retry-after": "30" } }))).toMatchObject({ retryAfterMs: 30_000 });
});

test("keeps no cookie that the far side set", async () => {
  const { headers } = await sendTo(() => new Response(null, { headers: { "set-cookie": "session=1", server: "far" } }));
  expect(headers).toEqual({ server: "far" });
});

test("keeps 1,000 characters of a header", async () => {
  const { headers } = await sendTo(() => new Response(null, { headers: { server: "a".repeat(1001) } }));
  expect(headers).toEqual({ server: "a".repeat(1000) });
});
