import { afterAll, beforeAll, expect, test } from "vitest";
import { type Behaviour, behaviours, largest, poured } from "./behaviours.ts";
import { startEdge, until } from "./edge.ts";
import { farSide, rawFarSide } from "./far-side.ts";

/** Every destination hears of a campaign of its own, so that nothing of one behaviour touches another. */
interface Meeting {
  far: Awaited<ReturnType<typeof rawFarSide>>;
  destination: string;
  delivery: string;
}

let edge: Awaited<ReturnType<typeof startEdge>>;
let newsroom: Awaited<ReturnType<typeof farSide>>;
let postback: string;
const meetings = new Map<Behaviour, Meeting>();
/** How much later than its time a thing may be seen on a busy machine, in seconds. */
const slack = 1.5;

/** All of them at once; each test then looks at its own. */
beforeAll(async () => {
  edge = await startEdge((toml) => toml.replace('main = "src/index.ts"', 'main = "test/flow/watched.ts"'));
  newsroom = await farSide();
  const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
  postback = urls["action-lifecycle"];
  await edge.operate("/destinations", { name: "newsroom", url: newsroom.url, filter: 'kind == "operational"' });
  await Promise.all(behaviours.map(async (behaviour) => meetings.set(behaviour, await meet(behaviour))));
});
afterAll(async () => {
  await edge.close();
  await newsroom.close();
  for (const [{ listens }, { far }] of meetings) if (listens !== "not") await far.close();
});

async function meet(behaviour: Behaviour): Promise<Meeting> {
  const { act, listens, settings, isSecond } = behaviour;
  const far = await rawFarSide(act);
  if (listens === "not") await far.close();
  const url = `${listens === "in plain text" ? far.url.replace("http:", "https:") : far.url}/hook`;
  const name = `b${behaviours.indexOf(behaviour)}`;
  const { id } = await edge.operate("/destinations", { name, url, filter: `campaign_id == "${name}"`, ...settings });
  const delivery = `${await send(name)}:${id}`;
  if (!isSecond) return { far, destination: id, delivery };
  await until(async () => (await edge.operate(`/deliveries/${delivery}`)).state === "delivered");
  return { far, destination: id, delivery: `${await send(name)}:${id}` };
}

let sent = 0;
async function send(campaign: string): Promise<string> {
  const answer = await fetch(`${postback}?campaign_id=${campaign}&action_id=b.${sent++}&status=PENDING`);
  return answer.headers.get("x-event-id") ?? "";
}

/** The delivery once it has so many attempts, and nobody is at it any more. */
async function settled({ delivery }: Meeting, attempts: number) {
  let shown: any;
  await until(async () => {
    shown = await edge.operate(`/deliveries/${delivery}`);
    return shown.attempts.length >= attempts && shown.next_attempt_at === shown.attempts.at(-1).next_attempt_at;
  }, 40_000);
  return shown;
}

/** From the end of an attempt to the next one, in seconds. */
function pauseAfter({ at, latency_ms, next_attempt_at }: { at: string; latency_ms: number; next_attempt_at: string | null }) {
  return next_attempt_at === null ? null : (Date.parse(next_attempt_at) - Date.parse(at) - latency_ms) / 1000;
}

const meetingOf = (name: string) => meetings.get(behaviours.find((behaviour) => behaviour.name === name) as Behaviour) as Meeting;

test.each(behaviours)("$name: $state", async (behaviour) => {
  const meeting = meetings.get(behaviour) as Meeting;
  const { state, attempts, reason } = await settled(meeting, behaviour.attempts.length);
  const seen = attempts.map((attempt: any) => ({ status: attempt.status, reason: attempt.reason }));
  expect({ state, attempts: seen }).toEqual({
    state: behaviour.state,
    attempts: behaviour.attempts.map(({ status, reason }) => ({
      status,
      reason: typeof reason === "string" ? reason : expect.stringMatching(reason),
    })),
  });
  expect(reason).toBe(seen.at(-1).reason);

  for (const [index, { pause }] of behaviour.attempts.entries()) {
    const waited = pauseAfter(attempts[index]);
    if (pause === null) expect(waited).toBeNull();
    else expect(waited, `the pause after attempt ${index + 1}`).toSatisfy((is) => is >= pause[0] && is <= pause[1] + slack);
    const next = attempts[index + 1];
    if (next) expect(Date.parse(next.at)).toBeGreaterThanOrEqual(Date.parse(attempts[index].next_attempt_at));
    expect(attempts[index].latency_ms).toBeLessThan(((behaviour.settings?.timeout ?? 15) + slack) * 1000);
  }

  const before = behaviour.isSecond ? 1 : 0;
  expect(meeting.far.arrivals).toHaveLength(behaviour.listens === "not" ? 0 : attempts.length + before);
  expect(new Set(meeting.far.arrivals.map(({ path }) => path)).has("/elsewhere")).toBe(false);
});

const kept = behaviours.filter(({ body, headers }) => body !== undefined || headers !== undefined);
test.each(kept)("$name: what was said is kept, as far as it should be", async (behaviour) => {
  const { attempts } = await settled(meetings.get(behaviour) as Meeting, behaviour.attempts.length);
  const { body, headers } = attempts.at(-1).response;
  if (behaviour.body instanceof RegExp) expect(body).toMatch(behaviour.body);
  else if (behaviour.body !== undefined) expect(body).toBe(behaviour.body);
  const { date: _, "content-length": __, ...rest } = headers;
  if (behaviour.headers) expect(rest).toEqual(behaviour.headers);
});

test("of 12 MB, the most is not read", async () => {
  await until(() => poured.most > 0);
  expect(poured.most).toBeLessThan(largest * 0.75);
});

test("410 disables the destination, and its operator hears of it", async () => {
  const { destination } = meetingOf("410");
  expect(await edge.operate(`/destinations/${destination}`)).toMatchObject({
    state: "disabled",
    state_reason: expect.stringMatching(/^It answered 410 Gone\./),
  });
  await until(() => news("operational.destination_disabled").includes(destination));
  expect(news("operational.destination_disabled")).toEqual([destination]);
});

test("what was given up is told", async () => {
  const givenUp = behaviours.filter(({ state }) => state === "exhausted").map((one) => (meetings.get(one) as Meeting).destination);
  await until(() => news("operational.delivery_exhausted").length >= givenUp.length);
  expect(news("operational.delivery_exhausted").sort()).toEqual(givenUp.sort());
});

/** The destinations that news of a type were about. */
function news(type: string): string[] {
  const told = newsroom.arrivals.map(({ body }) => JSON.parse(body));
  return told.filter((one) => one.type === type).map(({ data }) => data.destination);
}

test("after five failures a delivery waits for the breaker, and keeps its attempts", async () => {
  const far = await rawFarSide((connection, { path }, nth) => {
    connection.write(`HTTP/1.1 ${nth <= 5 ? 500 : 200} ${path}\r\ncontent-length: 0\r\n\r\n`);
  });
  const { id } = await edge.operate("/destinations", {
    name: "breaker",
    url: `${far.url}/hook`,
    filter: 'campaign_id == "breaker"',
    retry_schedule: [1, 1, 1, 1, 1, 1],
  });
  const meeting = { far, destination: id, delivery: `${await send("breaker")}:${id}` };
  await settled(meeting, 5);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await settled(meeting, 5)).toMatchObject({ state: "pending", attempt_count: 5 });

  await edge.sql(`update destinations set open_until = open_until - 60000 where id = '${id}'`); // a minute later
  await edge.sweep();
  expect(await settled(meeting, 6)).toMatchObject({ state: "delivered", attempt_count: 6 });
  await far.close();
});

test("nothing of it leaves a complaint in the log", () => {
  const expected = [/^warn: news: operational\./, /TLS handshake failed/];
  expect(edge.logs().filter((line) => !expected.some((pattern) => pattern.test(line)))).toEqual([]);
});
