import { expect, test, vi } from "vitest";
import { send } from "../../src/forward/send.ts";

const sending = { url: new URL("https://far.example/hook?key=secret"), method: "POST", headers: { "x-test": "1" }, body: "{}", timeout: 1 };
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
  expect(outcome).toMatchObject({ delivered: false, status: 302, headers: { location: "https://elsewhere.example/" } });
  expect(redirects).toEqual(["manual"]);
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

test("keeps 16 KB of an answer and reads no further", async () => {
  const pulled = vi.fn((controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(8192).fill(97)));
  const outcome = await sendTo(() => new Response(new ReadableStream({ pull: pulled })));
  expect(outcome.body).toHaveLength(16 * 1024);
  expect(pulled.mock.calls.length).toBeLessThan(6);
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
