import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { newSeal } from "../../src/store/seal.ts";
import { newApp, newDestination, operate } from "../kit.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const refuseAll = { filter: "false" };

/** Makes a destination as if ENCRYPTION_KEY had been another one when it was saved. */
async function sealWithAnotherKey(id: string): Promise<void> {
  const sealed = await newSeal(new Uint8Array(32)).seal({ signing: [], headers: {}, values: {}, auth: null });
  await env.DB.prepare("update destinations set sealed = ? where id = ?").bind(sealed, id).run();
  newApp().catalog.forget();
}

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

  test("does it under a new webhook id each time, and tells what was sent", async () => {
    const { destination, far, body } = await tried({ headers: { "X-Tenant": "seven" } });
    const again = (await operate(`/destinations/${destination.id}/test`, {})).body;
    const ids = far.heard.map(({ headers }) => headers.get("webhook-id"));
    expect([body, again].map(({ request }) => request.headers["webhook-id"])).toEqual(ids);
    expect(new Set(ids).size).toBe(2);
    expect(body.request.headers["X-Tenant"]).toBe("[hidden]");
  });

  test("sends a postback as it would come to one that wants it raw", async () => {
    const { body, far } = await tried({ preset: "raw" });
    expect([body.delivered, new URL(far.heard[0]?.url ?? "").searchParams.get("payout")]).toEqual([true, "0.88"]);
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
