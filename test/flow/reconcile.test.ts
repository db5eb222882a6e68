import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newChance } from "../../simulate/chance.ts";
import { hour } from "../../simulate/clock.ts";
import { listAll, reconcile, templatesOf } from "../../simulate/edge.ts";
import { noFaults, planPostbacks } from "../../simulate/postbacks.ts";
import { until } from "./edge.ts";
import { farSide } from "./far-side.ts";
import { type Both, differences, hours, lived, startBoth } from "./impact.ts";

let both: Both;
beforeAll(async () => {
  both = await startBoth();
});
afterAll(() => both.close());

/** A walk over the whole day; cron goes on with what its own request did not finish. */
async function walked(life: Awaited<ReturnType<typeof lived>>) {
  const cron = setInterval(() => void both.sweep().catch(() => {}), 2_000);
  try {
    return await reconcile(both.operator, life.source, life.until - (hours + 1) * hour, life.until, 90_000);
  } finally {
    clearInterval(cron);
  }
}

describe("after a day with losses, repeats, delays and turned orders, the ledger equals the truth", () => {
  test.each([
    ["as documented", {}],
    ["in small pages, when an update tells its action's present state", { api: { largestPage: 30, updateState: "now" } }],
    ["when scalars are typed, and postbacks come as JSON", { method: "POST", api: { scalars: "typed" } }],
    ["when some scalars are typed, and a third is lost", { faults: { loss: 0.33 }, api: { scalars: "mixed", largestPage: 50 } }],
    ["when all is lost", { faults: { loss: 1 } }],
    ["when more than ten pages are refused", { actions: 150, api: { largestPage: 10, mostRecords: 100 } }],
    ["when locking dates count within the last updates", { api: { usualDays: "without-start-date" } }],
  ] as const)("%s", async (name, rest) => {
    const life = await lived(both, { seed: name.length, ...rest });
    expect(await walked(life)).toMatchObject({ state: "finished" });
    expect(await differences(both, life)).toEqual([]);
  });

  test.each(["partner", "brand"] as const)("and jobs whose postbacks were lost are told, of a %s", async (kind) => {
    const life = await lived(both, { seed: 305, kind, actions: 10, jobs: 30, faults: { loss: 0.5 } });
    const lost = life.plan.lost.filter(({ kind, values }) => kind === "job-completion" && values["Status"] === "COMPLETED");
    expect(await walked(life)).toMatchObject({ state: "finished" });
    expect(await differences(both, life, kind === "brand" ? ["sub_id1", "sub_id2", "sub_id3"] : [])).toEqual([]);
    const gaps = (await both.operate(`/gaps?source=${life.source.id}&limit=200`)).data;
    const made = gaps.filter(({ type }: { type: string }) => type === "job.completed").map(({ subject }: { subject: string }) => subject);
    expect(made.sort()).toEqual(lost.map(({ subject }) => `job:${subject}`).sort());
    expect(made.length).toBeGreaterThan(5);
  });

  test("of a brand", async () => {
    const life = await lived(both, { seed: 301, kind: "brand", method: "POST" });
    expect(await walked(life)).toMatchObject({ state: "finished" });
    expect(await differences(both, life, ["sub_id1", "sub_id2", "sub_id3"])).toEqual([]);
  });

  test("when the API fails, breaks off, and has had enough", async () => {
    const life = await lived(both, { seed: 302, api: { largestPage: 25 } });
    both.api.options.faults = { error: 0.1, cut: 0.05, truncated: 0.05, throttled: 0.1 };
    expect(await walked(life)).toMatchObject({ state: "finished" });
    expect(await differences(both, life)).toEqual([]);
  });

  test("when actions go on changing while the pages are walked", async () => {
    const life = await lived(both, { seed: 303, api: { largestPage: 20 } });
    let calls = 0;
    both.api.options.onRequest = () => {
      if (++calls > 12 || life.population.clock.now() + 1000 > Date.now()) return undefined;
      life.population.clock.set(life.population.clock.now() + 1000);
      const [pending] = life.population
        .truth()
        .actions.filter(({ state }) => state === "PENDING")
        .slice(calls);
      if (pending) life.population.reverse(pending.id);
      return undefined;
    };
    await walked(life);
    both.api.options.onRequest = () => undefined;
    await walked({ ...life, until: Date.now() + 60_000 });
    expect(await differences(both, life)).toEqual([]);
  });
});

test("what is repaired reaches its destinations once, and a call that comes late is a repeat", async () => {
  const far = await farSide();
  const { id } = await both.operate("/destinations", { name: "ledger", url: `${far.url}/hook`, filter: `source == "flow 401"` });
  const life = await lived(both, { seed: 401, actions: 40, faults: { loss: 0.5, repeat: 0 } });
  await walked(life);
  const events = await listAll<{ id: string }>(both.operator, life.source, "/events");
  const heard = () => far.arrivals.map(({ headers }) => headers["webhook-id"]);
  await until(() => heard().length >= events.length, 30_000);
  expect(heard().sort()).toEqual(events.map((event) => event.id).sort());
  expect(await differences(both, life)).toEqual([]);

  const lost = life.plan.lost.filter(({ kind }) => kind !== "action-inquiry"); // a creation that is told after the end is news
  const { calls } = planPostbacks(lost, templatesOf(life.source, "GET"), noFaults, newChance(1));
  for (const { url, method, headers, body } of calls) {
    const answer = await fetch(url, { method, ...(headers && { headers }), ...(body !== undefined && { body }) });
    expect(answer.headers.get("x-event-status"), url).toBe("duplicate");
  }
  await both.operate(`/destinations/${id}`, { state: "paused" }, "PATCH");
  await far.close();
});
