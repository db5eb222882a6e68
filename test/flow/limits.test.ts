import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let postback: string;
const broken = new Set<string>();
const open = new Map<string, number>();
let widest = 0;

beforeAll(async () => {
  edge = await startEdge();
  far = await farSide((response, { path }) => {
    open.set(path, (open.get(path) ?? 0) + 1);
    if (path === "/narrow") widest = Math.max(widest, open.get(path) ?? 0);
    const answer = () => {
      open.set(path, (open.get(path) ?? 0) - 1);
      response.writeHead(broken.has(path) ? 503 : 200).end();
    };
    setTimeout(answer, path === "/narrow" ? 150 : 0);
  });
  const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
  postback = urls["action-lifecycle"];
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

const arrivalsAt = (path: string) => far.arrivals.filter((arrival) => arrival.path === path);

async function destination(name: string, settings: Record<string, unknown> = {}) {
  return await edge.operate("/destinations", { name, url: `${far.url}/${name}`, filter: `campaign_id == "${name}"`, ...settings });
}

/** When the first attempts at a destination's deliveries began. */
async function attemptTimes(name: string): Promise<number[]> {
  const { data } = await edge.operate(`/deliveries?destination=${name}&limit=200`);
  const shown = await Promise.all(data.map(({ id }: { id: string }) => edge.operate(`/deliveries/${id}`)));
  return shown.map(({ attempts }) => Date.parse(attempts[0].at)).sort((a, b) => a - b);
}

async function send(campaign: string, count: number, query = "") {
  const all = Array.from({ length: count }, (_, n) =>
    fetch(`${postback}?campaign_id=${campaign}&action_id=${campaign}.${n}&status=PENDING${query}`),
  );
  for (const { status } of await Promise.all(all)) expect(status).toBe(200);
}

test("a rate limit holds over every window of its period, and all arrives", async () => {
  await destination("steady", { rate_limit: { limit: 10, period: "second" } });
  await send("steady", 35);
  await until(() => arrivalsAt("/steady").length === 35, 20_000);
  const times = await attemptTimes("steady");
  const inWindow = times.map((start) => times.filter((at) => at >= start && at < start + 900).length);
  expect(Math.max(...inWindow)).toBeLessThanOrEqual(10);
});

test("a concurrency limit holds, and all arrives", async () => {
  await destination("narrow", { concurrency: 2 });
  await send("narrow", 20);
  await until(() => arrivalsAt("/narrow").length === 20, 20_000);
  expect(widest).toBe(2);
});

test("a paused destination holds its deliveries, and drains them at its rate when it is resumed", async () => {
  const { id } = await destination("held", { state: "paused", rate_limit: { limit: 5, period: "second" } });
  await send("held", 12);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(arrivalsAt("/held")).toEqual([]);
  await edge.operate(`/destinations/${id}`, { state: "active" }, "PATCH");
  await until(() => arrivalsAt("/held").length === 12, 15_000);
  const times = arrivalsAt("/held").map(({ at }) => at);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_900);
});

test("a breaker opens after five failures, spends no attempt of those that wait, and drains when the far side is back", async () => {
  broken.add("/broken");
  const { id } = await destination("broken", { retry_schedule: [600] });
  await send("broken", 5);
  await until(() => arrivalsAt("/broken").length === 5);
  await until(async () => (await edge.operate(`/destinations/${id}`)).health.failures_in_a_row === 5);
  await send("broken", 30, "&sub_id1=b");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(arrivalsAt("/broken")).toHaveLength(5);
  expect(
    (await edge.operate(`/deliveries?destination=${id}`)).data.filter((one: { attempt_count: number }) => one.attempt_count === 0),
  ).toHaveLength(30);

  broken.clear();
  await edge.sql(`update destinations set open_until = open_until - 60000 where id = '${id}'`); // a minute later
  await edge.sweep();
  await until(() => arrivalsAt("/broken").length === 35);
});
