import { expect, test } from "vitest";
import { newDestination, newSource, operate } from "../kit.ts";
import { held, only, sendRefused, type TestSource, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

/** A source with calls in quarantine, as many as given whose mapping was mended since, and some that stay wrong; ids oldest first. */
async function refused(mended: number, wrong: number): Promise<{ source: TestSource; ids: string[] }> {
  const source = await newSource({ mapping: { earned: "Payout" } });
  const ids: string[] = [];
  for (let n = 0; n < mended; n++) ids.push(await sendRefused(source, { query: `action_id=${n}&status=PENDING&earned=5,00&real=5.00` }));
  for (let n = 0; n < wrong; n++) ids.push(await sendRefused(source, { query: `action_id=x${n}&earned=5,00&real=much` }));
  await operate(`/sources/${source.id}`, { mapping: { real: "Payout" } }, "PATCH");
  return { source, ids };
}

const take = async (input: unknown) => (await operate("/quarantine/reingest", input)).body;
const waiting = async (source: TestSource) => (await operate(`/quarantine?source=${source.id}`)).body.data;

test("all of a source are taken once more: those that are right become events, and are sent; the others stay", async () => {
  const { source, ids } = await refused(2, 1);
  const { id } = await newDestination({ url: farHost().url, filter: only(source) });
  expect(await take({ source: source.id })).toEqual({ taken: 2, still: 1, left: 0, next: null });
  expect((await waiting(source)).map((one: { id: string }) => one.id)).toEqual([ids[2]]);
  expect((await operate(`/quarantine/${ids[0]}`)).body).toMatchObject({ event: ids[0], resolved_at: expect.any(String) });
  for (const event of ids.slice(0, 2)) await untilDelivery(`${event}:${id}`, "delivered");
});

test("they are taken in slices, the oldest first, and each answer says where to go on", async () => {
  const { source, ids } = await refused(2, 1);
  const first = await take({ source: source.name, limit: 1 });
  expect(first).toMatchObject({ taken: 1, still: 0, left: 2, next: expect.any(String) });
  expect((await waiting(source)).map((one: { id: string }) => one.id)).not.toContain(ids[0]);
  const second = await take({ source: source.name, limit: 1, cursor: first.next });
  expect(second).toMatchObject({ taken: 2, still: 0, left: 1 });
  expect(await take({ source: source.name, limit: 1, cursor: second.next })).toEqual({ taken: 2, still: 1, left: 0, next: null });
});

test("a walk that is left and begun anew takes what is left, and nothing twice", async () => {
  const { source } = await refused(3, 0);
  await take({ source: source.id, limit: 2 });
  expect(await take({ source: source.id })).toMatchObject({ taken: 1, next: null });
  expect(await held(source)).toEqual({ events: 3, quarantined: 3 });
});

test("the same slice by two at once makes each an event once", async () => {
  const { source } = await refused(3, 0);
  await Promise.all([take({ source: source.id }), take({ source: source.id })]);
  expect(await held(source)).toEqual({ events: 3, quarantined: 3 });
});

test("two that say the same become one event, and both have it", async () => {
  const source = await newSource({ mapping: { earned: "Payout" } });
  const query = "action_id=1&status=PENDING&earned=5,00";
  const ids = [await sendRefused(source, { query }), await sendRefused(source, { query })];
  await operate(`/sources/${source.id}`, { mapping: {} }, "PATCH");
  expect(await take({ source: source.id })).toMatchObject({ taken: 2, still: 0 });
  const events = await Promise.all(ids.map(async (id) => (await operate(`/quarantine/${id}`)).body.event));
  expect([events[0], await held(source)]).toEqual([events[1], { events: 1, quarantined: 2 }]);
});

test("only those that were refused for a reason can be taken, and the reason of what stays is renewed", async () => {
  const { source } = await refused(1, 0);
  const other = await sendRefused(source, { body: "just words" });
  expect(await take({ source: source.id, code: "undecodable" })).toMatchObject({ taken: 0, still: 1, next: null });
  expect(await take({ source: source.id, code: "invalid" })).toMatchObject({ taken: 1, still: 0 });
  expect((await waiting(source)).map((one: { id: string }) => one.id)).toEqual([other]);
});

test.each([{ limit: 0 }, { limit: 501 }, { cursor: "evt_1" }, { colour: "red" }])(
  "asked with %j is 422, and takes nothing",
  async (input) => {
    const { source } = await refused(1, 0);
    expect((await operate("/quarantine/reingest", { source: source.id, ...input })).status).toBe(422);
    expect(await held(source)).toEqual({ events: 0, quarantined: 1 });
  },
);
