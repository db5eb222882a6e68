import { describe, expect, test } from "vitest";
import { call, newDestination, newSource, operate } from "../kit.ts";
import { asOperator, only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

/** A source with one destination, and events that were delivered to it. */
async function road(answer?: Parameters<typeof farHost>[0], settings: Record<string, unknown> = {}) {
  const source = await newSource();
  const far = farHost(answer);
  const destination = await newDestination({ url: far.url, filter: only(source), ...settings });
  let count = 0;
  const deliver = async (state: string) => {
    const event = await sendAccepted(source, { query: `action_id=${++count}&status=PENDING` });
    const id = `${event}:${destination.id}`;
    await untilDelivery(id, state);
    return { event, id };
  };
  return { source, far, destination, deliver };
}

const noRetry = { retry_schedule: [] };
const refuse = () => new Response("no", { status: 500 });

async function list(query: string): Promise<string[]> {
  const { status, body } = await operate(`/deliveries?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
}

describe("the list of deliveries", () => {
  test("holds those of a destination, newest event first", async () => {
    const { destination, deliver } = await road();
    const [first, second] = [await deliver("delivered"), await deliver("delivered")];
    expect(await list(`destination=${destination.id}`)).toEqual([second.id, first.id]);
  });

  test("knows a destination by its name", async () => {
    const { destination, deliver } = await road();
    const { id } = await deliver("delivered");
    expect(await list(`destination=${encodeURIComponent(destination.name)}`)).toEqual([id]);
  });

  test("knows a destination by its id after it was deleted", async () => {
    const { destination, deliver } = await road();
    const { id } = await deliver("delivered");
    await call(`/destinations/${destination.id}`, { method: "DELETE", headers: asOperator });
    expect(await list(`destination=${destination.id}`)).toEqual([id]);
  });

  test("can be narrowed to a state", async () => {
    const { destination, deliver } = await road(refuse, noRetry);
    const { id } = await deliver("exhausted");
    expect(await list(`destination=${destination.id}&state=exhausted`)).toEqual([id]);
    expect(await list(`destination=${destination.id}&state=delivered`)).toEqual([]);
  });

  test("can be narrowed to an event", async () => {
    const { deliver } = await road();
    const [{ event, id }] = [await deliver("delivered"), await deliver("delivered")];
    expect(await list(`event=${event}`)).toContain(id);
    expect((await list(`event=${event}`)).every((one) => one.startsWith(event))).toBe(true);
  });

  test("is walked through by `next`, which is null at the end", async () => {
    const { destination, deliver } = await road();
    const made = [await deliver("delivered"), await deliver("delivered"), await deliver("delivered")];
    const first = (await operate(`/deliveries?destination=${destination.id}&limit=2`)).body;
    const second = (await operate(`/deliveries?destination=${destination.id}&limit=2&cursor=${encodeURIComponent(first.next)}`)).body;
    expect([...first.data, ...second.data].map(({ id }: { id: string }) => id)).toEqual(made.map(({ id }) => id).reverse());
    expect(second.next).toBeNull();
  });

  test.each([
    ["state=lost", "state"],
    ["limit=0", "limit"],
    ["colour=red", "colour"],
  ])("asked for %s is 422, and says what is wrong", async (query, field) => {
    const { status, body } = await operate(`/deliveries?${query}`);
    expect(status).toBe(422);
    expect(body.errors.map((mistake: { field: string }) => mistake.field)).toEqual([field]);
  });

  test("asked with a cursor of nowhere is 404, not everything from the start", async () => {
    expect((await operate("/deliveries?cursor=nonsense")).status).toBe(404);
  });
});

describe("a delivery", () => {
  test("shows its attempts", async () => {
    const { deliver, destination } = await road(refuse, noRetry);
    const { event, id } = await deliver("exhausted");
    expect((await operate(`/deliveries/${id}`)).body).toMatchObject({
      id,
      event,
      destination: destination.id,
      state: "exhausted",
      attempt_count: 1,
      next_attempt_at: null,
      reason: "answered 500",
      attempts: [{ number: 1, delivered: false, status: 500, reason: "answered 500", response: { body: "no" } }],
    });
  });

  test("that will be tried again says when", async () => {
    const { source, destination } = await road(refuse, { retry_schedule: [3600] });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    const shown = async () => (await operate(`/deliveries/${event}:${destination.id}`)).body;
    await expect.poll(async () => (await shown()).attempt_count, { timeout: 8000 }).toBe(1);
    const { state, next_attempt_at } = await shown();
    expect(state).toBe("pending");
    expect(Date.parse(next_attempt_at) - Date.now()).toBeGreaterThan(2_800_000);
  });

  test.each(["nonsense", "evt_x", "evt_x:dst_y", "evt_x:", ":dst_y", "evt_x:dst_y:dst_z", "evt_x%3Adst_y%27"])(
    "is 404 where there is none: %s",
    async (id) => {
      for (const [path, method] of [
        [`/deliveries/${id}`, "GET"],
        [`/deliveries/${id}/retry`, "POST"],
      ] as const) {
        const { status, body } = await operate(path, method === "POST" ? {} : undefined, method);
        expect([status, body.code]).toEqual([404, "not_found"]);
      }
    },
  );

  test("is known by its id percent-encoded too", async () => {
    const { deliver } = await road();
    const { id } = await deliver("delivered");
    expect((await operate(`/deliveries/${encodeURIComponent(id)}`)).body.id).toBe(id);
  });
});

describe("a retry by hand", () => {
  test("is answered 202 with the delivery due now", async () => {
    const { deliver } = await road(refuse, noRetry);
    const { id } = await deliver("exhausted");
    const { status, body } = await operate(`/deliveries/${id}/retry`, {});
    expect([status, body.id, body.state]).toEqual([202, id, "pending"]);
    expect(Date.parse(body.next_attempt_at)).toBeLessThanOrEqual(Date.now());
  });

  test("delivers what was exhausted, once the far side is well", async () => {
    let isWell = false;
    const { deliver, far } = await road(() => (isWell ? new Response("ok") : refuse()), noRetry);
    const { id } = await deliver("exhausted");
    isWell = true;
    await operate(`/deliveries/${id}/retry`, {});
    const delivery = await untilDelivery(id, "delivered");
    expect(delivery.attempts.map(({ status }: { status: number }) => status)).toEqual([500, 200]);
    expect(far.heard).toHaveLength(2);
  });

  test("sends again what was delivered, under the same webhook id", async () => {
    const { deliver, far } = await road();
    const { id, event } = await deliver("delivered");
    await operate(`/deliveries/${id}/retry`, {});
    await expect.poll(() => far.heard.length, { timeout: 8000 }).toBe(2);
    expect(far.heard.map(({ headers }) => headers.get("webhook-id"))).toEqual([event, event]);
  });

  test("starts the schedule anew", async () => {
    const { deliver, destination } = await road(refuse, noRetry);
    const { id } = await deliver("exhausted");
    await operate(`/destinations/${destination.id}`, { retry_schedule: [3600] }, "PATCH");
    await operate(`/deliveries/${id}/retry`, {});
    await expect.poll(async () => (await operate(`/deliveries/${id}`)).body.attempt_count, { timeout: 8000 }).toBe(2);
    expect((await operate(`/deliveries/${id}`)).body.state).toBe("pending");
  });

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
