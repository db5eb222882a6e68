import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { hour, minute } from "../../simulate/clock.ts";
import { live, populationOfPast } from "../../simulate/live.ts";
import { noFaults } from "../../simulate/postbacks.ts";

let close = () => {};
afterEach(() => close());

async function receiver() {
  const received: URL[] = [];
  const server = createServer((request, response) => {
    received.push(new URL(request.url ?? "/", "http://edge.invalid"));
    response.end("OK");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

test("a day of the past is lived at once: all of it happens before now, and everything told arrives once", async () => {
  const { url, received } = await receiver();
  const population = populationOfPast(24, { seed: 1, actions: 150, inquiries: 5, jobs: 2 });
  const start = population.clock.now();
  expect(population.truth().actions.length).toBeLessThan(5);

  const template = { method: "GET", url: `${url}/?id={ActionId}&payout={Payout}&delta={DeltaPayout}` } as const;
  const templates = { "action-lifecycle": template };
  const until = start + 24 * hour;
  const { plan, sent } = await live(population, { until, templates, faults: { ...noFaults, delay: 0.3 }, seed: 1, speed: 0 });

  expect(population.clock.now()).toBe(until);
  expect(Date.now() - until).toBeLessThan(minute);
  const { actions } = population.truth();
  const updates = actions.flatMap((action) => action.updates);
  expect(sent).toMatchObject({ acknowledged: updates.length, givenUp: [] });
  expect(received.length).toBe(plan.calls.length);
  expect(received.map(({ searchParams }) => searchParams.get("id")).sort()).toEqual(
    actions.flatMap(({ id, updates }) => updates.map(() => id)).sort(),
  );
  expect(updates.every(({ at }) => at >= start && at <= until)).toBe(true);
  expect(new Set(actions.map(({ state }) => state)).size).toBe(3); // some of it is locked within the day
});

test("simulated time passes at its speed", async () => {
  const population = populationOfPast(1, { seed: 1, actions: 3 });
  const began = performance.now();
  const until = population.clock.now() + hour;
  await live(population, { until, templates: {}, faults: noFaults, seed: 1, speed: 7_200 });
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(450);
  expect(took).toBeLessThan(3_000);
});
