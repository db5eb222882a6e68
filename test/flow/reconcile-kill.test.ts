import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hour } from "../../simulate/clock.ts";
import { connect, createSource, listAll, operate, type Source, templatesOf } from "../../simulate/edge.ts";
import { live, populationOfPast } from "../../simulate/live.ts";
import { type Api, serve } from "../../simulate/server.ts";
import { until } from "./edge.ts";
import { farSide } from "./far-side.ts";
import { account, campaignIds, differences, hours } from "./impact.ts";
import { killTree, mortal } from "./launch.ts";

let api: Api;
let edge: Awaited<ReturnType<typeof mortal>>;
beforeAll(async () => {
  const population = populationOfPast(hours, { seed: 71, actions: 150, inquiries: 5, jobs: 0 });
  api = await serve({ population, account, largestPage: 20, onRequest: () => sleep(60) as Promise<undefined> });
  edge = await mortal({ IMPACT_API: api.origin });
});
afterAll(async () => {
  edge.clear();
  await api.close();
});

test("killed several times in the middle of a walk, it goes on where it was: nothing is skipped, nothing is told twice", async () => {
  const far = await farSide();
  let running = await edge.start();
  const operator = () => ({ base: `http://127.0.0.1:${edge.port}`, token: running.token });
  const { population } = api.options;
  const now = population.clock.now() + hours * hour;
  const source = await createSource(operator(), "killed", "partner", 0);
  await connect(operator(), source, account, campaignIds);
  await running.operate("/destinations", { name: "ledger", url: `${far.url}/hook`, filter: 'source == "killed"' });
  const faults = { loss: 0.4, repeat: 0.05, delay: 0.1, reorder: 0.2 };
  await live(population, { until: now, templates: templatesOf(source, "POST"), faults, seed: 71, speed: 0, concurrency: 4 });
  const span = { source: source.id, since: new Date(now - (hours + 1) * hour).toISOString(), until: new Date(now).toISOString() };
  const { id } = await running.operate("/reconciliations", span);

  for (let kills = 0; kills < 2; kills++) {
    const calls = api.requests.length;
    await until(() => api.requests.length >= calls + 4, 110_000);
    killTree(running.process);
    running = await edge.start();
  }
  const ring = setInterval(() => void fetch(`http://127.0.0.1:${edge.port}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`).catch(() => {}), 5_000);
  await until(async () => (await operate<{ state: string }>(operator(), "GET", `/reconciliations/${id}`)).state === "finished", 110_000);
  clearInterval(ring);
  expect(await differences({ operator: operator() }, { population, source })).toEqual([]);
  await everyEventArrives(far.arrivals, operator(), source);
  await far.close();
}, 400_000);

/** Each event once or more under its own id, and no two events that tell the same. */
async function everyEventArrives(arrivals: { headers: Record<string, string> }[], edge: { base: string; token: string }, source: Source) {
  const events = await listAll<{ id: string }>(edge, source, "/events");
  const heard = () => new Set(arrivals.map(({ headers }) => headers["webhook-id"]));
  await until(() => heard().size >= events.length, 90_000);
  expect([...heard()].sort()).toEqual(events.map((event) => event.id).sort());
}
