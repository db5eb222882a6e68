import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let url: string;

beforeAll(async () => {
  const impatient = (toml: string) =>
    toml.replace(/^max_retries = \d+/gm, "max_retries = 2").replace(/^retry_delay = \d+/gm, "retry_delay = 1");
  edge = await startEdge((toml) =>
    impatient(toml).replace(/(postback-edge-intake"\nmax_batch_size[^[]*?)max_retries = 2/, "$1max_retries = 100"),
  );
  far = await farSide();
  url = (await edge.operate("/sources", { name: "impact", account: "partner" })).urls["action-lifecycle"];
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

test("while D1 fails, a postback waits in the real intake queue, and becomes the event it was", async () => {
  await edge.operate("/destinations", { name: "late", url: `${far.url}/late`, filter: 'action_id == "lane.1"' });
  await fetch(`${url}?action_id=lane.0&status=PENDING`);
  await edge.sql("alter table events rename to events_away");
  const response = await fetch(`${url}?action_id=lane.1&status=PENDING&payout=2.50`);
  expect([response.status, await response.text(), response.headers.get("x-event-status")]).toEqual([200, "OK", "deferred"]);
  await new Promise((resolve) => setTimeout(resolve, 2500)); // long enough for the consumer to try, and to fail

  await edge.sql("alter table events_away rename to events");
  const id = response.headers.get("x-event-id");
  await until(async () => (await edge.operate("/events?action_id=lane.1")).data.some((event: { id: string }) => event.id === id), 30_000);
  await until(() => far.arrivals.some(({ path, headers }) => path === "/late" && headers["webhook-id"] === id), 30_000);
});

test("a ring that the consumer cannot act on ends in the dead-letter queue, and the delivery says so", async () => {
  const { id: destination } = await edge.operate("/destinations", {
    name: "dead",
    url: `${far.url}/dead`,
    filter: 'action_id == "lane.2"',
    state: "paused",
  });
  const event = (await fetch(`${url}?action_id=lane.2&status=PENDING`)).headers.get("x-event-id");
  await edge.sql("alter table events rename to events_away");
  await edge.sql(`update destinations set state = 'active' where id = '${destination}'`);
  await edge.sql(`update deliveries set ring_at = 0 where destination_id = '${destination}'`);
  const delivery = async () => await edge.operate(`/deliveries/${event}:${destination}`);
  await until(async () => {
    await edge.sweep();
    return (await delivery()).reason !== null;
  }, 30_000);
  expect(await delivery()).toMatchObject({ state: "pending", reason: expect.stringContaining("dead-letter") });
  await edge.sql("alter table events_away rename to events");
});
