import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let postback: string;
const failing = new Set<string>();

beforeAll(async () => {
  edge = await startEdge();
  far = await farSide((response, { body }) => {
    const { action_id } = JSON.parse(body).data;
    response.writeHead(failing.has(action_id) ? 503 : 200).end();
  });
  const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
  postback = urls["action-lifecycle"];
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

/** What arrived at a path and was accepted, as `action status payout`. */
const told = (path: string, action?: string) =>
  far.arrivals
    .filter((arrival) => arrival.path === path)
    .map(({ body }) => JSON.parse(body).data)
    .filter(({ action_id }) => action === undefined || action_id === action)
    .map(({ status, payout }) => `${status} ${payout}`);

async function send(campaign: string, action: string, status: string, payout: string, delta: string) {
  const query = `campaign_id=${campaign}&action_id=${action}&status=${status}&payout=${payout}&delta_payout=${delta}&currency=USD`;
  expect((await fetch(`${postback}?${query}`)).status).toBe(200);
}

test("an ordered destination hears of an action in order of effect, though the reversal came first", async () => {
  await edge.operate("/destinations", { name: "ordered", url: `${far.url}/ordered`, filter: 'campaign_id == "o"', ordered: true });
  await send("o", "o.1", "REVERSED", "0.00", "-1.20");
  await send("o", "o.1", "PENDING", "1.20", "0.32");
  await send("o", "o.1", "PENDING", "0.88", "0.88");
  await until(() => told("/ordered").length === 3);
  expect(told("/ordered")).toEqual(["PENDING 0.88", "PENDING 1.20", "REVERSED 0.00"]);
});

test("an action that fails holds back itself, and no other", async () => {
  failing.add("f.1");
  const { id } = await edge.operate("/destinations", {
    name: "failing",
    url: `${far.url}/failing`,
    filter: 'campaign_id == "f"',
    ordered: true,
    retry_schedule: [2, 2, 2],
  });
  await send("f", "f.1", "PENDING", "0.88", "0.88");
  await send("f", "f.1", "REVERSED", "0.00", "-0.88");
  await send("f", "f.2", "PENDING", "0.50", "0.50");
  await send("f", "f.2", "REVERSED", "0.00", "-0.50");
  await until(() => told("/failing", "f.2").length === 2);
  expect(told("/failing", "f.2")).toEqual(["PENDING 0.50", "REVERSED 0.00"]);
  expect(new Set(told("/failing", "f.1"))).toEqual(new Set(["PENDING 0.88"]));

  failing.clear();
  await until(() => told("/failing", "f.1").includes("REVERSED 0.00"));
  const { data } = await edge.operate(`/deliveries?destination=${id}`);
  expect(data.map(({ state }: { state: string }) => state)).toEqual(Array(4).fill("delivered"));
});

test("many actions at once, each in its order, with a limit on top", async () => {
  await edge.operate("/destinations", {
    name: "many",
    url: `${far.url}/many`,
    filter: 'campaign_id == "m"',
    ordered: true,
    concurrency: 3,
  });
  const actions = Array.from({ length: 8 }, (_, n) => `m.${n}`);
  await Promise.all(
    actions.map(async (action) => {
      await send("m", action, "REVERSED", "0.00", "-3.00");
      await send("m", action, "PENDING", "3.00", "2.00");
      await send("m", action, "PENDING", "1.00", "1.00");
    }),
  );
  await until(() => told("/many").length === 24, 30_000);
  for (const action of actions) expect(told("/many", action)).toEqual(["PENDING 1.00", "PENDING 3.00", "REVERSED 0.00"]);
});

test("a destination that hears once of each action hears its first selected event only, however many come at once", async () => {
  await edge.operate("/destinations", { name: "once", url: `${far.url}/once`, filter: 'campaign_id == "n"', once_per_action: true });
  await edge.operate("/destinations", { name: "twin", url: `${far.url}/twin`, filter: 'campaign_id == "n"' });
  const payouts = Array.from({ length: 10 }, (_, n) => `${n + 1}.00`);
  await Promise.all(payouts.flatMap((payout) => ["n.1", "n.2"].map((action) => send("n", action, "PENDING", payout, "1.00"))));
  await until(() => told("/twin").length === 20);
  await until(() => told("/once").length >= 2);
  expect([told("/once", "n.1").length, told("/once", "n.2").length]).toEqual([1, 1]);
});
