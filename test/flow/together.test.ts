import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

const many = 120;

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let url: string;

beforeAll(async () => {
  edge = await startEdge((toml) => toml.replace('main = "src/index.ts"', 'main = "test/flow/counting.ts"'));
  far = await farSide();
  url = (await edge.operate("/sources", { name: "impact", account: "partner" })).urls["action-lifecycle"];
  await edge.operate("/destinations", { name: "ledger", url: `${far.url}/hook` });
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

const stores = async () => (await (await fetch(`${edge.base}/stores`)).json()) as number;

test("one postback at a time is one transaction each", async () => {
  const before = await stores();
  for (let nth = 0; nth < 5; nth++) expect((await fetch(`${url}?action_id=alone.${nth}&status=PENDING`)).status).toBe(200);
  expect((await stores()) - before).toBe(5);
});

test("many at once share transactions, across invocations, and each has an answer of its own", async () => {
  const before = await stores();
  const calls = Array.from({ length: many }, async (_, nth) => {
    const query =
      nth % 10 === 3
        ? `action_id=at.${nth - 1}&status=PENDING`
        : `action_id=at.${nth}&status=PENDING&payout=${nth % 10 === 7 ? "a+lot" : nth}`;
    const answer = await fetch(`${url}?${nth % 10 === 3 ? `${query}&payout=${nth - 1}` : query}`);
    return { nth, status: answer.status, event: answer.headers.get("x-event-status"), id: answer.headers.get("x-event-id") };
  });
  const answers = await Promise.all(calls);
  expect((await stores()) - before).toBeLessThan(many / 2);
  for (const { nth, status, event, id } of answers) {
    if (nth % 10 === 7) expect([status, event]).toEqual([422, "quarantined"]);
    else expect(status).toBe(200);
    if (nth % 10 !== 7) expect((await edge.operate(`/events/${id}`)).action_id).toBe(`at.${nth % 10 === 3 ? nth - 1 : nth}`);
  }
  const pairs = answers
    .filter(({ nth }) => nth % 10 === 2)
    .map(({ nth, id, event }) => [id, event, answers[nth + 1]?.id, answers[nth + 1]?.event]);
  for (const [id, event, other, otherEvent] of pairs) {
    expect(other).toBe(id);
    expect([event, otherEvent].sort()).toEqual(["accepted", "duplicate"]);
  }
  const wanted = new Set(answers.filter(({ event }) => event === "accepted").map(({ id }) => id));
  await until(() => [...wanted].every((id) => far.arrivals.some(({ headers }) => headers["webhook-id"] === id)), 30_000);
});

test("a caller who hangs up costs no other its answer", async () => {
  const calls = Array.from({ length: 60 }, async (_, nth) => {
    const signal = nth % 3 === 0 ? AbortSignal.timeout(2 + (nth % 7)) : null;
    const answer = await fetch(`${url}?action_id=hung.${nth}&status=PENDING`, { signal }).catch(() => null);
    return { nth, answer };
  });
  const answered = (await Promise.all(calls)).filter(({ nth }) => nth % 3 !== 0);
  for (const { answer } of answered) expect([answer?.status, answer?.headers.get("x-event-status")]).toEqual([200, "accepted"]);
});
