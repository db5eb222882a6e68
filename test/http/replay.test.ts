import { expect, test } from "vitest";
import { newDestination, newSource, operate } from "../kit.ts";
import { only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";
import { noRetry, patient, road } from "./road.ts";

useFarSide();

const replay = async (event: string, input: unknown = {}) => await operate(`/events/${event}/replay`, input);
const attemptsOf = async (id: string) => (await operate(`/deliveries/${id}`)).body.attempts.length;

test("a replay sends an event again to every destination that it went to, under the same id", async () => {
  const source = await newSource();
  const fars = [farHost(), farHost()];
  const made = await Promise.all(fars.map(({ url }) => newDestination({ url, filter: only(source) })));
  const event = await sendAccepted(source, { query: "action_id=1" });
  for (const { id } of made) await untilDelivery(`${event}:${id}`, "delivered");
  const { status, body } = await replay(event);
  expect([status, body.data.map(({ destination }: { destination: string }) => destination).sort()]).toEqual([
    202,
    made.map(({ id }) => id).sort(),
  ]);
  for (const { id } of made) await expect.poll(() => attemptsOf(`${event}:${id}`), { timeout: 8000 }).toBe(2);
  expect(fars.map(({ heard }) => heard.map(({ headers }) => headers.get("webhook-id")))).toEqual([
    [event, event],
    [event, event],
  ]);
});

test("a replay of what was given up starts its schedule anew", async () => {
  const { health, answer } = patient();
  const { deliver } = await road(answer, noRetry);
  const { id, event } = await deliver("exhausted");
  health.isWell = true;
  await replay(event);
  await untilDelivery(id, "delivered");
});

test("a replay to a destination that did not want it makes the delivery, once", async () => {
  const source = await newSource();
  const far = farHost();
  const { id } = await newDestination({ url: far.url, filter: "false" });
  const event = await sendAccepted(source, { query: "action_id=1" });
  expect((await replay(event, { destination: id })).body.data).toMatchObject([{ id: `${event}:${id}`, state: "pending" }]);
  await untilDelivery(`${event}:${id}`, "delivered");
  await replay(event, { destination: id });
  await expect.poll(() => far.heard.length, { timeout: 8000 }).toBe(2);
  expect(
    (await operate(`/deliveries?event=${event}`)).body.data.filter(({ destination }: { destination: string }) => destination === id),
  ).toHaveLength(1);
});

test("a replay to one leaves the others alone", async () => {
  const { deliver, far, destination } = await road();
  const { event } = await deliver("delivered");
  const other = await newDestination({ url: farHost().url, filter: "false" });
  await replay(event, { destination: other.id });
  await untilDelivery(`${event}:${other.id}`, "delivered");
  expect([far.heard.length, await attemptsOf(`${event}:${destination.id}`)]).toEqual([1, 1]);
});

test("a replay to a paused destination is held, and says so", async () => {
  const { deliver, destination } = await road();
  const { id, event } = await deliver("delivered");
  await operate(`/destinations/${destination.id}`, { state: "paused" }, "PATCH");
  expect((await replay(event, { destination: destination.id })).body).toMatchObject({ held: 1, data: [{ id, state: "pending" }] });
});

test.each([
  ["an event that is none", 404, async () => ["evt_nobody", {}] as const],
  [
    "an event that went nowhere",
    409,
    async () => [await sendAccepted(await newSource({ name: `s ${crypto.randomUUID()}` }), { query: "action_id=1" }), {}] as const,
  ],
  [
    "a destination that is none",
    404,
    async () => [await sendAccepted(await newSource(), { query: "action_id=1" }), { destination: "dst_nobody" }] as const,
  ],
  ["a field that is none", 422, async () => [await sendAccepted(await newSource(), { query: "action_id=1" }), { colour: "red" }] as const],
])("a replay of or to %s is %i", async (_what, status, what) => {
  const [event, input] = await what();
  expect((await replay(event, input)).status).toBe(status);
});
