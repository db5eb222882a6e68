import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, newDestination, newSource, operate } from "../kit.ts";
import { asOperator, only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";
import { noRetry, patient, refuse, road } from "./road.ts";

useFarSide();

/** Sends a delivery again by hand, and waits until it was tried so often. */
async function retry(id: string, attempts: number, input: Record<string, unknown> = {}): Promise<any> {
  const { status, body } = await operate(`/deliveries/${id}/retry`, input);
  expect([status, body.id]).toEqual([202, id]);
  const shown = async () => (await operate(`/deliveries/${id}`)).body;
  await expect.poll(async () => (await shown()).attempt_count, { timeout: 8000 }).toBe(attempts);
  return await shown();
}

describe("a retry by hand", () => {
  test("is answered 202 with the delivery due now", async () => {
    const { deliver } = await road(refuse, noRetry);
    const { id } = await deliver("exhausted");
    const { status, body } = await operate(`/deliveries/${id}/retry`, {});
    expect([status, body.id, body.state]).toEqual([202, id, "pending"]);
    expect(Date.parse(body.next_attempt_at)).toBeLessThanOrEqual(Date.now());
    expect(body).not.toHaveProperty("note");
  });

  test("needs no input", async () => {
    const { deliver } = await road();
    const { id } = await deliver("delivered");
    expect((await operate(`/deliveries/${id}/retry`, undefined, "POST")).status).toBe(202);
  });

  test("delivers what was exhausted, once the far side is well", async () => {
    const { health, answer } = patient();
    const { deliver, far } = await road(answer, noRetry);
    const { id } = await deliver("exhausted");
    health.isWell = true;
    const delivery = await retry(id, 2);
    expect(delivery.state).toBe("delivered");
    expect(delivery.attempts.map(({ status }: { status: number }) => status)).toEqual([500, 200]);
    expect(far.heard).toHaveLength(2);
  });

  test("sends again what was delivered, twice if it is asked twice, each an attempt under the same webhook id", async () => {
    const { deliver, far } = await road();
    const { id, event } = await deliver("delivered");
    await retry(id, 2);
    const delivery = await retry(id, 3);
    expect(delivery.attempts.map(({ number, delivered }: any) => [number, delivered])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
    expect(far.heard.map(({ headers }) => headers.get("webhook-id"))).toEqual([event, event, event]);
  });

  test("twice at once is two attempts too", async () => {
    const { deliver, far } = await road();
    const { id } = await deliver("delivered");
    await Promise.all([operate(`/deliveries/${id}/retry`, {}), retry(id, 3)]);
    expect(far.heard).toHaveLength(3);
  });

  test("is leased while it is under way, so that nobody sends it a second time", async () => {
    let release = () => {};
    let isSlow = false;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { deliver, far } = await road(async () => {
      if (isSlow) await slow;
      return new Response("ok");
    });
    const { id } = await deliver("delivered");
    isSlow = true;
    await operate(`/deliveries/${id}/retry`, {});
    await expect.poll(() => far.heard.length, { timeout: 8000 }).toBe(2);
    const leased = "select state, next_at - updated_at as lease from deliveries where event_id || ':' || destination_id = ?";
    expect(await env.DB.prepare(leased).bind(id).first()).toEqual({ state: "pending", lease: 30_000 });
    release();
    await untilDelivery(id, "delivered");
  });

  test("starts the schedule anew", async () => {
    const { deliver, destination } = await road(refuse, noRetry);
    const { id } = await deliver("exhausted");
    await operate(`/destinations/${destination.id}`, { retry_schedule: [3600] }, "PATCH");
    expect((await retry(id, 2)).state).toBe("pending");
  });

  test("goes past the limits of its destination", async () => {
    const { deliver, far, destination } = await road();
    const { id } = await deliver("delivered");
    await operate(`/destinations/${destination.id}`, { rate_limit: { limit: 1, period: "hour" }, concurrency: 1 }, "PATCH");
    await retry(id, 2);
    await retry(id, 3);
    expect(far.heard).toHaveLength(3);
  });

  test("goes past an open breaker", async () => {
    const { health, answer } = patient();
    const { deliver, destination } = await road(answer, noRetry);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await deliver("exhausted")).id);
    expect((await operate(`/destinations/${destination.id}`)).body.health.breaker_open_until).toEqual(expect.any(String));
    health.isWell = true;
    expect((await retry(ids[0] ?? "", 2)).state).toBe("delivered");
  });

  test("of an ordered destination does not wait for its turn", async () => {
    const source = await newSource();
    const far = farHost(({ body }) => (body.includes("APPROVED") ? new Response("ok") : refuse()));
    const { id } = await newDestination({ url: far.url, filter: only(source), ordered: true, retry_schedule: [3600] });
    const first = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    await expect.poll(async () => (await operate(`/deliveries/${first}:${id}`)).body.attempt_count, { timeout: 8000 }).toBe(1);
    const second = await sendAccepted(source, { query: "action_id=1&status=APPROVED" });
    expect((await retry(`${second}:${id}`, 1)).state).toBe("delivered");
  });
});

describe("a retry for a destination that is not active", () => {
  test.each(["paused", "disabled"])("is held, and says so (%s)", async (state) => {
    const { deliver, far, destination } = await road();
    const { id } = await deliver("delivered");
    await operate(`/destinations/${destination.id}`, { state }, "PATCH");
    const { status, body } = await operate(`/deliveries/${id}/retry`, {});
    expect([status, body.state, body.note]).toEqual([
      202,
      "pending",
      `The destination is ${state}: it is held until the destination is active.`,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(far.heard).toHaveLength(1);
    await operate(`/destinations/${destination.id}`, { state: "active" }, "PATCH");
    expect((await untilDelivery(id, "delivered")).attempt_count).toBe(2);
  });
});

test("a retry for a destination that was paused elsewhere a moment ago is held too", async () => {
  const { deliver, far, destination } = await road();
  const { id } = await deliver("delivered");
  await operate("/destinations");
  await env.DB.prepare("update destinations set state = 'paused' where id = ?").bind(destination.id).run();
  expect((await operate(`/deliveries/${id}/retry`, {})).body.note).toMatch(/is paused/);
  expect(far.heard).toHaveLength(1);
});

describe("the payload of a retry", () => {
  const bodies = { first: '{"version":1,"id":"{{ event_id }}"}', today: '{"version":2}' };

  async function changed() {
    const { deliver, far, destination } = await road(undefined, { body: bodies.first });
    const { id } = await deliver("delivered");
    await operate(`/destinations/${destination.id}`, { body: bodies.today }, "PATCH");
    return { id, destination, far };
  }

  test.each([[{}], [{ payload: "original" }]])("is the first one, byte for byte, unless it is said: %j", async (input) => {
    const { id, far } = await changed();
    await retry(id, 2, input);
    expect(far.heard[1]?.body).toBe(far.heard[0]?.body);
  });

  test("is today's when it is to be rebuilt, and from then on", async () => {
    const { id, far, destination } = await changed();
    await retry(id, 2, { payload: "rebuilt" });
    await operate(`/destinations/${destination.id}`, { body: '{"version":3}' }, "PATCH");
    await retry(id, 3);
    expect(far.heard.map(({ body }) => JSON.parse(body).version)).toEqual([1, 2, 2]);
  });

  test.each([
    [{ payload: "newest" }, "payload"],
    [{ payload: null }, "payload"],
    [{ colour: "red" }, "colour"],
  ])("is 422 when it is none: %j", async (input, field) => {
    const { id, far } = await changed();
    const { status, body } = await operate(`/deliveries/${id}/retry`, input);
    expect([status, body.errors]).toMatchObject([422, [{ field }]]);
    expect(far.heard).toHaveLength(1);
  });
});

describe("a retry that cannot be", () => {
  test("of a delivery whose destination was deleted is 409", async () => {
    const { deliver, destination } = await road();
    const { id } = await deliver("delivered");
    await call(`/destinations/${destination.id}`, { method: "DELETE", headers: asOperator });
    expect((await operate(`/deliveries/${id}/retry`, {})).status).toBe(409);
    expect((await operate(`/deliveries/${id}`)).body.state).toBe("delivered");
  });

  test("of an event that this destination never got is 404, and makes no delivery", async () => {
    const { deliver } = await road();
    const stranger = await newDestination({ filter: "false" });
    const { event } = await deliver("delivered");
    expect((await operate(`/deliveries/${event}:${stranger.id}/retry`, {})).status).toBe(404);
    expect((await operate(`/deliveries/${event}:${stranger.id}`)).status).toBe(404);
  });
});
