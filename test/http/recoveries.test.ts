import { describe, expect, onTestFinished, test, vi } from "vitest";
import { arrivalOf, newEventId } from "../../src/domain/id.ts";
import { hour, second } from "../../src/domain/time.ts";
import { call, newDestination, operate } from "../kit.ts";
import { asOperator, only, sendAccepted, untilDelivery } from "./ask.ts";
import { useFarSide } from "./far.ts";
import { noRetry, patient, refuse, road } from "./road.ts";

useFarSide();

/** A destination that gave up three deliveries, and is well again. */
async function brokenRoad(settings: Record<string, unknown> = {}) {
  const { health, answer } = patient();
  const way = await road(answer, { ...noRetry, ...settings });
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push((await way.deliver("exhausted")).id);
  health.isWell = true;
  const firstBodies = way.far.heard.splice(0).map(({ body }) => body);
  return { ...way, ids, health, firstBodies };
}

async function recover(input: Record<string, unknown>): Promise<any> {
  const { status, body } = await operate("/recoveries", input);
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

async function preview(input: Record<string, unknown>): Promise<{ count: number; is_complete: boolean; first: string[] }> {
  const { status, body } = await operate("/recoveries?preview", input);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** Waits until a recovery has come so far, and tells of it. */
async function until(id: string, wanted: Record<string, unknown>): Promise<any> {
  return await vi.waitFor(
    async () => {
      const { body } = await operate(`/recoveries/${id}`);
      expect(body).toMatchObject(wanted);
      return body;
    },
    { timeout: 8000, interval: 40 },
  );
}

const heardIds = (far: { heard: { headers: Headers }[] }) => far.heard.map(({ headers }) => headers.get("webhook-id"));
const eventOf = (delivery: string) => delivery.split(":")[0];

describe("a preview of a recovery", () => {
  test("tells how many deliveries it is about, and the first, and does nothing", async () => {
    const { destination, ids, far } = await brokenRoad();
    expect(await preview({ destination: destination.id })).toEqual({ count: 3, is_complete: true, first: ids });
    expect((await operate("/recoveries")).body.data.map((one: any) => one.destination)).not.toContain(destination.id);
    expect([far.heard, (await operate(`/deliveries/${ids[0]}`)).body.state]).toEqual([[], "exhausted"]);
  });

  test("finds what has just arrived after a clock was put back by seconds, whose ids are ahead of it", async () => {
    newEventId(Date.now() + 8 * second);
    onTestFinished(() => void newEventId(Date.now() + hour)); // no test after it is to live in this one's time
    const { destination, ids } = await brokenRoad();
    expect(ids.every((id) => arrivalOf(id) > Date.now())).toBe(true);
    expect(await preview({ destination: destination.id })).toMatchObject({ count: 3, first: ids });
  });

  test("shows ten and counts all", async () => {
    const { destination, deliver } = await road();
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) ids.push((await deliver("delivered")).id);
    expect(await preview({ destination: destination.id, states: ["delivered"] })).toMatchObject({ count: 12, first: ids.slice(0, 10) });
  }, 20_000);

  test.each(["preview", "preview=1", "preview=true"])("may be asked for by ?%s", async (query) => {
    const { id } = await newDestination({ filter: "false" });
    expect(await operate(`/recoveries?${query}`, { destination: id })).toMatchObject({ status: 200, body: { count: 0, first: [] } });
  });

  test("finds the same among all destinations, by the filter alone", async () => {
    const { source, ids } = await brokenRoad();
    expect(await preview({ filter: only(source) })).toMatchObject({ count: 3, first: ids });
  });
});

describe("what a recovery is about", () => {
  test("is what was given up, unless it is said", async () => {
    const { destination, deliver } = await brokenRoad();
    await deliver("delivered");
    expect((await preview({ destination: destination.id })).count).toBe(3);
    expect((await preview({ destination: destination.id, states: ["delivered"] })).count).toBe(1);
    expect((await preview({ destination: destination.id, states: ["exhausted", "delivered"] })).count).toBe(4);
  });

  test("can be bounded in time, from `since` on and before `until`", async () => {
    const { destination, ids } = await brokenRoad();
    const at = (await operate(`/events/${eventOf(ids[1] ?? "")}`)).body.received_at;
    const { first: from } = await preview({ destination: destination.id, since: at });
    const { first: to } = await preview({ destination: destination.id, until: at });
    expect([from, to]).toEqual([ids.slice(1), ids.slice(0, 1)]);
  });

  test("can be narrowed by a filter over the event", async () => {
    const { destination, ids } = await brokenRoad();
    expect((await preview({ destination: destination.id, filter: 'action_id == "2"' })).first).toEqual([ids[1]]);
  });

  test.each([
    ["an hour", 3600, 1],
    ["half a minute", 30, 0],
  ])("is, where it is said, also what waits, but not what is due within a minute anyway: %s", async (_span, pause, count) => {
    const { source, destination } = await road(refuse, { retry_schedule: [pause] });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    const tried = async () => (await operate(`/deliveries/${event}:${destination.id}`)).body.attempt_count;
    await expect.poll(tried, { timeout: 8000 }).toBe(1);
    expect((await preview({ destination: destination.id, states: ["pending"] })).count).toBe(count);
  });

  test("is, rebuilt, only what today's filter still selects", async () => {
    const { source, destination, ids } = await brokenRoad();
    await operate(`/destinations/${destination.id}`, { filter: `${only(source)} && action_id != "2"` }, "PATCH");
    expect((await preview({ destination: destination.id, payload: "rebuilt" })).first).toEqual([ids[0], ids[2]]);
    expect((await preview({ destination: destination.id, payload: "original" })).count).toBe(3);
  });
});

describe("a recovery", () => {
  test("begins at once, and is told with what it is about", async () => {
    const { destination } = await brokenRoad();
    const made = await recover({ destination: destination.id, filter: "  payout > 5.0 ", since: "2026-01-01", rate: 7 });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^rcv_/),
      state: "running",
      destination: destination.id,
      states: ["exhausted"],
      since: "2026-01-01T00:00:00Z",
      filter: "payout > 5.0",
      payload: "original",
      rate: 7,
      progress: { total: 0, reopened: 0, delivered: 0, failed: 0, pending: 0 },
      updated_at: null,
    });
    expect(Date.parse(made.until)).toBe(Date.parse(made.created_at) + 1); // what arrived in this millisecond too
  });

  test("sends all of it again, once, and then is finished", async () => {
    const { destination, ids, far } = await brokenRoad();
    const { id, progress } = await recover({ destination: destination.id });
    expect(progress).toEqual({ total: 3, reopened: 0, delivered: 0, failed: 0, pending: 0 });
    await until(id, { state: "finished", progress: { total: 3, reopened: 3, delivered: 3, failed: 0, pending: 0 } });
    expect(heardIds(far).sort()).toEqual(ids.map(eventOf));
    for (const one of ids) expect(await untilDelivery(one, "delivered")).toMatchObject({ attempt_count: 2 });
  });

  test("goes so many a second, oldest first, and tells how far it has come", async () => {
    const { destination, ids, far } = await brokenRoad();
    const { id } = await recover({ destination: destination.id, rate: 2 });
    await until(id, { state: "running", progress: { total: 3, reopened: 2 } });
    await until(id, { state: "finished", progress: { total: 3, reopened: 3, delivered: 3, pending: 0 } });
    expect(heardIds(far).slice(0, 2).sort()).toEqual(ids.slice(0, 2).map(eventOf));
    expect(eventOf(ids[2] ?? "")).toBe(heardIds(far)[2]);
  });

  test("counts what was given up again", async () => {
    const { destination, health } = await brokenRoad();
    health.isWell = false;
    await operate(`/destinations/${destination.id}`, { retry_schedule: [] }, "PATCH");
    const { id } = await recover({ destination: destination.id, filter: 'action_id == "1"' });
    await until(id, { state: "finished", progress: { total: 1, reopened: 1, delivered: 0, failed: 1, pending: 0 } });
  });

  test("sends again what was delivered, where that is said", async () => {
    const { destination, deliver, far } = await road();
    const { event } = await deliver("delivered");
    const { id } = await recover({ destination: destination.id, states: ["delivered"] });
    await until(id, { state: "finished", progress: { total: 1, reopened: 1, delivered: 1 } });
    expect(heardIds(far)).toEqual([event, event]);
  });

  test("reaches all destinations when none is said", async () => {
    const { source, far } = await brokenRoad();
    const { id } = await recover({ filter: only(source) });
    await until(id, { state: "finished", destination: null, progress: { total: 3, delivered: 3 } });
    expect(far.heard).toHaveLength(3);
  });

  test("opens what a paused destination has, which then holds it", async () => {
    const { destination, far, ids } = await brokenRoad();
    await operate(`/destinations/${destination.id}`, { state: "paused" }, "PATCH");
    const { id } = await recover({ destination: destination.id });
    await until(id, { state: "finished", progress: { total: 3, reopened: 3, delivered: 0, failed: 0, pending: 3 } });
    expect(far.heard).toEqual([]);
    await operate(`/destinations/${destination.id}`, { state: "active" }, "PATCH");
    for (const one of ids) await untilDelivery(one, "delivered");
    await until(id, { progress: { delivered: 3, pending: 0 } });
  });

  test("is in the list, the latest first", async () => {
    const { id: destination } = await newDestination({ filter: "false" });
    const [first, second] = [await recover({ destination }), await recover({ destination })];
    const ids = (await operate("/recoveries")).body.data.map(({ id }: { id: string }) => id);
    expect(ids.filter((id: string) => [first.id, second.id].includes(id)).sort()).toEqual([first.id, second.id].sort());
    const dates = (await operate("/recoveries")).body.data.map((one: any) => one.created_at);
    expect(dates).toEqual([...dates].sort().reverse());
  });
});

describe("cancelling a recovery", () => {
  test("opens nothing more, and keeps what has been opened", async () => {
    const { destination, ids, far } = await brokenRoad();
    const { id } = await recover({ destination: destination.id, rate: 1 });
    await until(id, { progress: { reopened: 1 } });
    const { status, body } = await operate(`/recoveries/${id}/cancel`, {});
    expect([status, body.state]).toEqual([200, "cancelled"]);
    const { reopened } = body.progress;
    expect(reopened).toBeLessThan(3);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await until(id, { state: "cancelled", progress: { total: 3, reopened, delivered: reopened } });
    expect(heardIds(far)).toEqual(ids.slice(0, reopened).map(eventOf));
    expect((await operate(`/deliveries/${ids[2]}`)).body.state).toBe("exhausted");
  }, 15_000);

  test("that is over is 409, and says what it is", async () => {
    const { id: destination } = await newDestination({ filter: "false" });
    const { id } = await recover({ destination });
    await until(id, { state: "finished" });
    const { status, body } = await operate(`/recoveries/${id}/cancel`, {});
    expect([status, body.code, body.detail]).toEqual([409, "conflict", "It is finished and cannot be cancelled."]);
  });

  test("a second time is 409", async () => {
    const { destination } = await brokenRoad();
    const { id } = await recover({ destination: destination.id, rate: 1 });
    await operate(`/recoveries/${id}/cancel`, {});
    expect(await operate(`/recoveries/${id}/cancel`, {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("cancelled") },
    });
  });
});

describe("the payload of a recovery", () => {
  const body = '{"version":1,"id":"{{ action_id }}","event":"{{ event_id }}"}';

  test("is the first one, byte for byte, though the template has changed since", async () => {
    const { destination, far, firstBodies } = await brokenRoad({ body });
    await operate(`/destinations/${destination.id}`, { body: '{"version":2}' }, "PATCH");
    await operate(`/destinations/${destination.id}`, { body: '{"version":3}' }, "PATCH");
    const { id } = await recover({ destination: destination.id });
    await until(id, { progress: { delivered: 3 } });
    expect(far.heard.map((one) => one.body).sort()).toEqual(firstBodies.sort());
    expect(firstBodies[0]).toContain('"version":1');
  });

  test("is the first one though the preset has changed since", async () => {
    const { destination, far, firstBodies } = await brokenRoad();
    await operate(`/destinations/${destination.id}`, { preset: "slack" }, "PATCH");
    const { id } = await recover({ destination: destination.id });
    await until(id, { progress: { delivered: 3 } });
    expect(far.heard.map((one) => one.body).sort()).toEqual(firstBodies.sort());
  });

  test("is today's when it is to be rebuilt", async () => {
    const { destination, far } = await brokenRoad({ body });
    await operate(`/destinations/${destination.id}`, { body: '{"version":2,"id":"{{ action_id }}"}' }, "PATCH");
    const { id } = await recover({ destination: destination.id, payload: "rebuilt" });
    await until(id, { progress: { delivered: 3 } });
    expect(far.heard.map((one) => JSON.parse(one.body).version)).toEqual([2, 2, 2]);
  });

  test("is not rebuilt for what today's filter does not select: that is left alone", async () => {
    const { source, destination, far, ids } = await brokenRoad();
    await operate(`/destinations/${destination.id}`, { filter: `${only(source)} && action_id != "2"` }, "PATCH");
    const { id } = await recover({ destination: destination.id, payload: "rebuilt" });
    await until(id, { state: "finished", progress: { total: 2, reopened: 2, delivered: 2 } });
    expect(heardIds(far).sort()).toEqual([ids[0], ids[2]].map((one) => eventOf(one ?? "")));
    expect((await operate(`/deliveries/${ids[1]}`)).body.state).toBe("exhausted");
  });
});

describe("a recovery that cannot be", () => {
  test.each(["/recoveries", "/recoveries?preview"])("of a deleted destination is 404 (%s)", async (path) => {
    const { id } = await newDestination({ filter: "false" });
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    const { status, body } = await operate(path, { destination: id });
    expect([status, body.code]).toEqual([404, "not_found"]);
  });

  test("leaves deleted destinations out when none is said", async () => {
    const { source, destination } = await brokenRoad();
    await call(`/destinations/${destination.id}`, { method: "DELETE", headers: asOperator });
    expect((await preview({ filter: only(source), states: ["exhausted", "cancelled"] })).count).toBe(0);
  });

  test.each([
    ["/recoveries", { destination: "dst_nobody" }],
    ["/recoveries/rcv_nobody/cancel", {}],
    ["/recoveries/rcv_nobody", undefined],
  ])("is 404 where there is none: %s", async (path, input) => {
    const { status, body } = await operate(path, input);
    expect([status, body.code]).toEqual([404, "not_found"]);
  });

  test.each([
    ["an unknown field", { filter: 'status == "X" &&\n colour == "red"' }, { field: "filter", line: 2, column: 2 }],
    ["a filter that is none", { filter: "payout" }, { field: "filter", line: 1, column: 1 }],
    ["a filter that is too long", { filter: `is_test${" ".repeat(2000)}` }, { field: "filter" }],
    ["no state", { states: [] }, { field: "states" }],
    ["an unknown state", { states: ["lost"] }, { field: "states.0" }],
    ["a date that is none", { since: "yesterday" }, { field: "since", reason: "must be a date like 2026-05-13T11:37:49Z" }],
    ["a date that is a number", { until: 5 }, { field: "until" }],
    ["an unknown payload", { payload: "newest" }, { field: "payload" }],
    ["no rate", { rate: 0 }, { field: "rate" }],
    ["too high a rate", { rate: 1001 }, { field: "rate" }],
    ["an unknown key", { colour: "red" }, { field: "colour" }],
  ])("is 422 with field and reason, and is not made, with %s", async (_what, part, mistake) => {
    const { id: destination } = await newDestination({ filter: "false" });
    for (const path of ["/recoveries", "/recoveries?preview"]) {
      const { status, body } = await operate(path, { destination, ...part });
      expect([status, body.errors]).toMatchObject([422, [mistake]]);
    }
    expect((await operate("/recoveries")).body.data.map((one: any) => one.destination)).not.toContain(destination);
  });

  test.each(["preview=no", "colour=red"])("is 422 with the parameter %s, and is not made", async (query) => {
    const { id: destination } = await newDestination({ filter: "false" });
    const { status, body } = await operate(`/recoveries?${query}`, { destination });
    expect([status, body.errors]).toMatchObject([422, [{ field: query.split("=")[0] }]]);
    expect((await operate("/recoveries")).body.data.map((one: any) => one.destination)).not.toContain(destination);
  });
});
