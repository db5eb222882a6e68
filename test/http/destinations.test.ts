import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { newSeal } from "../../src/store/seal.ts";
import { call, newApp, newDestination, newSource, operate } from "../kit.ts";
import { asOperator, only, rowsWith, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const unique = () => `destination ${crypto.randomUUID()}`;
const refuseAll = { filter: "false" };

async function create(part: Record<string, unknown>) {
  return await operate("/destinations", { name: unique(), url: farHost().url, ...refuseAll, ...part });
}

/** Makes a destination as if ENCRYPTION_KEY had been another one when it was saved. */
async function sealWithAnotherKey(id: string): Promise<void> {
  const sealed = await newSeal(new Uint8Array(32)).seal({ signing: [], headers: {}, values: {}, auth: null });
  await env.DB.prepare("update destinations set sealed = ? where id = ?").bind(sealed, id).run();
  newApp().catalog.forget();
}

/** A destination that is not active, and what it still has to get. */
async function held(settings: Record<string, unknown> = {}, state = "paused") {
  const source = await newSource();
  const far = farHost();
  const { id } = await newDestination({ url: far.url, filter: only(source), state, ...settings });
  const events: string[] = [];
  for (const action of [1, 2, 3]) events.push(await sendAccepted(source, { query: `action_id=${action}&status=PENDING` }));
  await heardNothing(far);
  return { source, far, id, deliveries: events.map((event) => `${event}:${id}`) };
}

/** Waits until a delivery that was made after all others arrived elsewhere: rings are heard in their order. */
async function heardNothing(far: { heard: unknown[] }): Promise<void> {
  const source = await newSource();
  const { id } = await newDestination({ url: farHost().url, filter: only(source) });
  const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
  await untilDelivery(`${event}:${id}`, "delivered");
  expect(far.heard).toEqual([]);
}

describe("creating a destination", () => {
  test("with a name and a URL is enough", async () => {
    const { url } = farHost();
    const name = unique();
    const { status, body } = await operate("/destinations", { name, url, filter: undefined, state: "paused" });
    expect([status, body]).toMatchObject([201, { name, url, method: "POST", filter: "", headers: {}, timeout: 15 }]);
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

  test("gives each signature that was asked for a key, once", async () => {
    const { body } = await create({ signatures: ["v1", "v1a"] });
    const [v1, v1a] = body.signing_keys;
    expect([v1, v1a]).toMatchObject([
      { version: "v1", public_key: null, until: null },
      { version: "v1a", public_key: expect.stringMatching(/^whpk_/), until: null },
    ]);
    expect((await create({ signatures: ["v1", "v1"] })).body.signing_keys).toHaveLength(1);
  });
});

test.each([
  [[], "signatures", />=1/],
  [["v2"], "signatures.0", /is not one of v1, v1a/],
  [["v1", "v1a", "v1"], "signatures", /<=2/],
])("creating a destination with the signatures %j is 422", async (signatures, field, reason) => {
  const { status, body } = await create({ signatures });
  expect([status, body.errors]).toEqual([422, [{ field, reason: expect.stringMatching(reason) }]]);
});

describe("a secret that is brought along", () => {
  const bytes = crypto.getRandomValues(Buffer.alloc(32));

  test.each([
    ["with its prefix", `whsec_${bytes.toString("base64")}`],
    ["without a prefix", bytes.toString("base64")],
    ["in base64url", bytes.toString("base64url")],
  ])("is what requests are signed with: %s", async (_how, secret) => {
    const far = farHost();
    const { status, body } = await create({ url: far.url, secret });
    expect([status, body.secret]).toEqual([201, `whsec_${bytes.toString("base64")}`]);
    await operate(`/destinations/${body.id}/test`, {});
    const [heard] = far.heard;
    expect(() => new Webhook(bytes.toString("base64")).verify(heard?.body ?? "", Object.fromEntries(heard?.headers ?? []))).not.toThrow();
  });

  test.each([
    ["nothing", "", /is not base64/],
    ["no base64", "whsec_!", /is not base64/],
    ["too short", `whsec_${Buffer.alloc(23, 1).toString("base64")}`, /holds 23 bytes, not 24 to 64/],
    ["too long", `whsec_${Buffer.alloc(65, 1).toString("base64")}`, /holds 65 bytes, not 24 to 64/],
    ["a public key", `whpk_${Buffer.alloc(32, 1).toString("base64")}`, /is a public key/],
    ["a v1a key", `whsk_${Buffer.alloc(32, 1).toString("base64")}`, /must be a v1 key/],
  ])("is refused by its name, and not echoed, when it is %s", async (_what, secret, reason) => {
    const { status, body } = await create({ secret });
    expect([status, body.errors]).toEqual([422, [{ field: "secret", reason: expect.stringMatching(reason) }]]);
    expect(JSON.stringify(body)).not.toContain(secret.slice(6) || "hush");
  });

  test("is refused where there is no v1 signature to be made with it", async () => {
    const { status, body } = await create({ secret: bytes.toString("base64"), signatures: ["v1a"] });
    expect([status, body.errors]).toMatchObject([422, [{ field: "secret", reason: expect.stringMatching(/v1 among signatures/) }]]);
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

  test("keeps what another isolate changed a moment ago", async () => {
    const { id } = await newDestination(refuseAll);
    await operate(`/destinations/${id}`);
    await env.DB.prepare("update destinations set timeout = 7 where id = ?").bind(id).run();
    expect((await operate(`/destinations/${id}`, { concurrency: 3 }, "PATCH")).body).toMatchObject({ timeout: 7, concurrency: 3 });
  });

  test("counts for the next postback, and so does its making", async () => {
    const source = await newSource();
    const send = async (action: number) => await sendAccepted(source, { query: `action_id=${action}&status=PENDING` });
    const isFor = async (event: string, id: string) => (await operate(`/deliveries/${event}:${id}`)).status === 200;
    await send(1); // so that all destinations there are so far are known
    const { id } = await newDestination({ url: farHost().url, filter: only(source), state: "paused" });
    expect(await isFor(await send(2), id)).toBe(true);
    await operate(`/destinations/${id}`, refuseAll, "PATCH");
    expect(await isFor(await send(3), id)).toBe(false);
  });
});

describe.each(["paused", "disabled"])("a destination that is %s", (state) => {
  test("holds its deliveries, and nobody claims them", async () => {
    const { id, deliveries } = await held({}, state);
    for (const delivery of deliveries) {
      expect((await operate(`/deliveries/${delivery}`)).body).toMatchObject({ state: "pending", attempt_count: 0, attempts: [] });
    }
    const leased = "select count(*) as n from deliveries where destination_id = ? and next_at > created_at";
    expect(await env.DB.prepare(leased).bind(id).first("n")).toBe(0);
  });

  test("gets what it missed when it is made active again", async () => {
    const { id, far, deliveries } = await held({}, state);
    await operate(`/destinations/${id}`, { state: "active" }, "PATCH");
    for (const delivery of deliveries) await untilDelivery(delivery, "delivered");
    expect(far.heard.map(({ headers }) => headers.get("webhook-id")).sort()).toEqual(deliveries.map((one) => one.split(":")[0]));
  });

  test("gets nothing by any other change", async () => {
    const { id, far } = await held({}, state);
    await operate(`/destinations/${id}`, { name: unique(), timeout: 9 }, "PATCH");
    await heardNothing(far);
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
    ["POST", "/secret"],
  ])("is 404 from then on (%s /destinations/:id%s)", async (method, rest) => {
    const { id } = await deleted();
    expect((await operate(`/destinations/${id}${rest}`, method === "GET" ? undefined : {}, method)).status).toBe(404);
  });

  test("is not listed", async () => {
    const { id } = await deleted();
    expect(JSON.stringify((await operate("/destinations")).body)).not.toContain(id);
  });

  test("does not break a walk through the list that has come so far", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await newDestination({ filter: "false" })).id);
    const first = (await operate("/destinations?limit=1")).body;
    await operate(`/destinations/${first.next}`, undefined, "DELETE");
    const rest = (await operate(`/destinations?limit=2&cursor=${first.next}`)).body;
    expect([first.data.length, ...[...first.data, ...rest.data].map(({ id }: { id: string }) => id).sort()]).toEqual([1, ...ids.sort()]);
  });

  test("leaves its name to others", async () => {
    const { name } = await deleted();
    expect((await create({ name })).status).toBe(201);
  });

  test("stays as a tombstone with its name, and without its secrets", async () => {
    const secretive = {
      headers: { "x-key": "hush" },
      secrets: { key: "hush" },
      auth: { type: "basic", username: "hush", password: "hush" },
    };
    const { id, name } = await deleted({ url: "https://far.example/hush?key=hush", body: '"hush"', ...secretive });
    const row = await env.DB.prepare("select * from destinations where id = ?").bind(id).first();
    const kept = { name, state: "deleted", state_reason: "deleted by the operator", url: "https://far.example" };
    expect(row).toMatchObject({ ...kept, sealed: "", header_names: "[]", secret_names: "[]", auth: '{"type":"none"}' });
    expect(JSON.stringify(row)).not.toContain("hush");
  });

  test("takes what its bodies once looked like with it", async () => {
    const text = `hush-${crypto.randomUUID()}`;
    const { id } = await newDestination({ ...refuseAll, body: `"${text}"` });
    await operate(`/destinations/${id}`, { body: '"other"' }, "PATCH");
    expect(await rowsWith(text)).toBe(1);
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    expect(await rowsWith(text)).toBe(0);
  });

  test("counts as changed from then on, by which the sweep knows what to cancel", async () => {
    const { id } = await newDestination(refuseAll);
    await env.DB.prepare("update destinations set updated_at = 1 where id = ?").bind(id).run();
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    const at = await env.DB.prepare("select updated_at from destinations where id = ?").bind(id).first<number>("updated_at");
    expect(Date.now() - (at ?? 0)).toBeLessThan(10_000);
  });

  test("gets no delivery of what comes later", async () => {
    const source = await newSource();
    const { id } = await deleted({ filter: only(source) });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    expect((await operate(`/deliveries/${event}:${id}`)).status).toBe(404);
  });

  test("has what it still had to get cancelled, and its history kept", async () => {
    const { id, far, deliveries } = await held();
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    for (const delivery of deliveries)
      expect(await untilDelivery(delivery, "cancelled")).toMatchObject({ reason: "its destination was deleted", attempt_count: 0 });
    expect(far.heard).toEqual([]);
  });
});

test("a destination whose secrets cannot be opened is shown all the same", async () => {
  const { id } = await newDestination(refuseAll);
  await sealWithAnotherKey(id);
  expect(await operate(`/destinations/${id}`)).toMatchObject({ status: 200, body: { id, state: "active" } });
});
