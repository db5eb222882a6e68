import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operator, startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let urls: Record<string, string>;

beforeAll(async () => {
  edge = await startEdge();
  far = await farSide();
  ({ urls } = await edge.operate("/sources", { name: "impact", account: "partner", dedupe_window: 0 }));
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

test("one action's life arrives, each event once, signed and in words of ours", async () => {
  const { secret } = await edge.operate("/destinations", { name: "life", url: `${far.url}/life`, filter: 'action_id == "1000.1.1"' });
  const money = (payout: string, delta: string) => `payout=${payout}&delta_payout=${delta}&currency=USD`;
  const life = [
    ["action-lifecycle", `status=PENDING&${money("0.88", "0.88")}`, "accepted"],
    ["action-lifecycle", `status=PENDING&${money("0.88", "0.88")}`, "duplicate"],
    ["action-lifecycle", `status=PENDING&${money("1.20", "0.32")}`, "accepted"],
    ["action-lifecycle", `status=REVERSED&${money("0.00", "-1.20")}`, "accepted"],
    ["action-lifecycle", `status=PENDING&${money("1.20", "1.20")}`, "accepted"],
    ["action-clearing", `status=APPROVED&${money("1.20", "0.00")}&cleared_date=2026-10-15T00:00:00-07:00`, "accepted"],
  ];
  for (const [kind, query, status] of life) {
    const response = await fetch(`${urls[kind as string]}?action_id=1000.1.1&${query}`);
    expect([response.status, response.headers.get("x-event-status")]).toEqual([200, status]);
  }
  const arrived = () => far.arrivals.filter(({ path }) => path === "/life");
  await until(() => arrived().length >= 5);

  const verified = arrived().map(
    ({ body, headers }) => new Webhook(secret).verify(body, headers) as { type: string; data: Record<string, unknown> },
  );
  expect(verified.map(({ type }) => type).sort()).toEqual([
    "action.cleared",
    "action.pending",
    "action.pending",
    "action.pending",
    "action.reversed",
  ]);
  expect(new Set(arrived().map(({ headers }) => headers["webhook-id"])).size).toBe(5);
  expect(await edge.operate("/actions/1000.1.1")).toMatchObject({ state: "APPROVED", payout: "1.20", cleared: true, gaps: [] });
});

test("40 copies of one postback at once make one event and one delivery", async () => {
  await edge.operate("/destinations", { name: "copies", url: `${far.url}/copies`, filter: 'action_id == "1000.1.2"' });
  const url = `${urls["action-lifecycle"]}?action_id=1000.1.2&status=PENDING&payout=5.00`;
  const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(url)));
  const statuses = answers.map(({ headers }) => headers.get("x-event-status"));
  expect(statuses.filter((status) => status === "accepted")).toHaveLength(1);
  expect(statuses.filter((status) => status === "duplicate")).toHaveLength(39);
  expect(new Set(answers.map(({ headers }) => headers.get("x-event-id"))).size).toBe(1);
  await until(() => far.arrivals.some(({ path }) => path === "/copies"));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(far.arrivals.filter(({ path }) => path === "/copies")).toHaveLength(1);
});

test("a failing far side is tried again by itself until it is well", async () => {
  let failures = 2;
  far.behaveLike((response, { path }) => {
    response.statusCode = path === "/flaky" && failures-- > 0 ? 503 : 200;
    response.end();
  });
  await edge.operate("/destinations", {
    name: "flaky",
    url: `${far.url}/flaky`,
    filter: 'action_id == "1000.1.3"',
    retry_schedule: [1, 1, 1],
  });
  const response = await fetch(`${urls["action-lifecycle"]}?action_id=1000.1.3&status=PENDING`);
  const event = response.headers.get("x-event-id");
  await until(async () => (await edge.operate(`/events/${event}`)).deliveries[0].state === "delivered");
  const [delivery] = (await edge.operate(`/events/${event}`)).deliveries;
  expect(delivery.attempts.map(({ status }: { status: number }) => status)).toEqual([503, 503, 200]);
});

test("a slow, closing, redirecting or refusing far side ends delivered or visibly exhausted", async () => {
  const behaviours: Record<string, Parameters<typeof far.behaveLike>[0]> = {
    "/500": (response) => response.writeHead(500).end(),
    "/redirect": (response) => response.writeHead(302, { location: `${far.url}/elsewhere` }).end(),
    "/close": (response) => response.socket?.destroy(),
    "/slow": (response) => setTimeout(() => response.end(), 1700),
    "/429": (response) => response.writeHead(429, { "retry-after": "1" }).end(),
    "/410": (response) => response.writeHead(410).end(),
    "/well": (response) => response.end(),
  };
  far.behaveLike((response, arrival) => (behaviours[arrival.path] as Parameters<typeof far.behaveLike>[0])(response, arrival));
  for (const path of Object.keys(behaviours)) {
    await edge.operate("/destinations", {
      name: `far ${path}`,
      url: far.url + path,
      filter: 'action_id == "1000.1.4"',
      retry_schedule: [1],
      timeout: 1,
    });
  }
  const event = (await fetch(`${urls["action-lifecycle"]}?action_id=1000.1.4&status=PENDING`)).headers.get("x-event-id");
  const states = async () => (await edge.operate(`/deliveries?event=${event}`)).data.map(({ state }: { state: string }) => state);
  await until(async () => !(await states()).includes("pending"), 30_000);
  expect((await states()).sort()).toEqual(["delivered", ...Array(6).fill("exhausted")]);
  expect(far.arrivals.some(({ path }) => path === "/elsewhere")).toBe(false);
});

test("a test of a destination is signed and told at once", async () => {
  far.behaveLike((response) => response.writeHead(418, { "content-type": "text/plain" }).end("short and stout"));
  const { id, secret } = await edge.operate("/destinations", { name: "tested", url: `${far.url}/tested`, filter: "false" });
  expect(await edge.operate(`/destinations/${id}/test`, {})).toMatchObject({
    delivered: false,
    status: 418,
    response: { body: "short and stout" },
  });
  const arrival = far.arrivals.find(({ path }) => path === "/tested");
  expect(new Webhook(secret).verify(arrival?.body ?? "", arrival?.headers ?? {})).toMatchObject({ data: { is_test: true } });
});

test("a stranger gets in nowhere", async () => {
  await expect(operator(edge.base, "wrong")("/events")).rejects.toThrow("401");
});
