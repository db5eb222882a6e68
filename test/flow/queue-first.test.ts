import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

const many = 300;

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let url: string;

beforeAll(async () => {
  edge = await startEdge((toml) => toml.replace("[vars]", '[vars]\nINGEST_MODE = "queue"'));
  far = await farSide();
  url = (await edge.operate("/sources", { name: "impact", account: "partner" })).urls["action-lifecycle"];
  await edge.operate("/destinations", { name: "ledger", url: `${far.url}/hook` });
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

const statusOf = (response: Response) => [response.status, response.headers.get("x-event-status")];

test("with INGEST_MODE=queue each postback is deferred, stored by batches, and delivered once", async () => {
  const ids = await Promise.all(
    Array.from({ length: many }, async (_, nth) => {
      const response = await fetch(`${url}?action_id=first.${nth}&status=PENDING&payout=1.25`);
      expect(statusOf(response)).toEqual([200, "deferred"]);
      return response.headers.get("x-event-id");
    }),
  );
  await until(() => new Set(far.arrivals.map(({ headers }) => headers["webhook-id"])).size === many, 60_000);
  expect(far.arrivals.map(({ headers }) => headers["webhook-id"]).sort()).toEqual(ids.sort());
}, 90_000);

test("its sender hears at once what is wrong with it, and finds it in quarantine", async () => {
  const response = await fetch(`${url}?action_id=first.bad&payout=a+lot`);
  expect(statusOf(response)).toEqual([422, "quarantined"]);
  const id = response.headers.get("x-event-id");
  await until(async () => (await edge.operate("/quarantine")).data.some((one: { id: string }) => one.id === id), 30_000);
});

test("a repeat is one event, and the second is not delivered", async () => {
  const before = far.arrivals.length;
  for (let nth = 0; nth < 3; nth++) await fetch(`${url}?action_id=first.again&status=PENDING`);
  await until(() => far.arrivals.length > before, 30_000);
  await fetch(`${url}?action_id=first.last&status=PENDING`);
  await until(() => far.arrivals.some(({ body }) => body.includes("first.last")), 30_000);
  expect((await edge.operate("/actions/first.again")).events).toHaveLength(1);
  expect(far.arrivals.length).toBe(before + 2);
});
