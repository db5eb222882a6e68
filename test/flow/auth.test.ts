import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let authority: Awaited<ReturnType<typeof authorizationServer>>;
let postback: string;
const accepted = new Set<string>();

beforeAll(async () => {
  edge = await startEdge();
  far = await farSide((response, { path, headers }) => {
    const isAccepted = path !== "/guarded" || accepted.has(headers["authorization"] ?? "");
    response.writeHead(isAccepted ? 200 : 401).end();
  });
  authority = await authorizationServer();
  ({
    urls: { "action-lifecycle": postback },
  } = await edge.operate("/sources", { name: "impact", account: "partner" }));
});
afterAll(async () => {
  await edge.close();
  await far.close();
  authority.close();
});

const arrivalsAt = (path: string) => far.arrivals.filter((arrival) => arrival.path === path);

test("an OAuth2 token is asked for once, used for many, and refreshed once when it is not accepted any more", async () => {
  const auth = { type: "oauth2", token_url: authority.url, client_id: "edge", client_secret: "s3cret-of-the-client", scope: "book" };
  const { id } = await edge.operate("/destinations", { name: "guarded", url: `${far.url}/guarded`, auth, filter: 'campaign_id == "a"' });
  accepted.add("Bearer token-1");
  await fetch(`${postback}?campaign_id=a&action_id=a.0&status=PENDING`);
  await until(() => arrivalsAt("/guarded").length === 1);
  for (let n = 1; n < 10; n++) await fetch(`${postback}?campaign_id=a&action_id=a.${n}&status=PENDING`);
  await until(() => arrivalsAt("/guarded").length === 10);
  expect(authority.asked).toEqual(["grant_type=client_credentials&scope=book"]);

  accepted.clear();
  accepted.add("Bearer token-2"); // the far side has revoked the first one
  const answer = await fetch(`${postback}?campaign_id=a&action_id=a.10&status=PENDING`);
  await until(() => arrivalsAt("/guarded").length === 12);
  const delivery = `/deliveries/${answer.headers.get("x-event-id")}:${id}`;
  await until(async () => (await edge.operate(delivery)).state === "delivered");
  const shown = await edge.operate(delivery);
  expect(shown.attempts).toHaveLength(1);
  expect(shown.attempts[0].request.headers.authorization).toBe("[hidden]");
  expect(authority.asked).toHaveLength(2);

  accepted.clear(); // now no token is good enough
  await fetch(`${postback}?campaign_id=a&action_id=a.11&status=PENDING`);
  await until(() => arrivalsAt("/guarded").length === 14);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(arrivalsAt("/guarded")).toHaveLength(14); // once again, and not for ever
});

test("an authorization server that refuses is an attempt that failed, in words, without the secret", async () => {
  const auth = { type: "oauth2", token_url: `${authority.url}/refusing`, client_id: "edge", client_secret: "s3cret-of-the-client" };
  const { id } = await edge.operate("/destinations", { name: "refused", url: `${far.url}/refused`, auth, filter: "is_test" });
  const told = await edge.operate(`/destinations/${id}/test`, {});
  expect(told).toMatchObject({ delivered: false, status: null, reason: expect.stringContaining("invalid_client") });
  expect(JSON.stringify(told)).not.toContain("s3cret");
  expect(arrivalsAt("/refused")).toEqual([]);
});

test("basic and bearer arrive as they should", async () => {
  const basic = { type: "basic", username: "edge", password: "pässword" };
  const bearer = { type: "bearer", token: "abc.def" };
  for (const auth of [basic, bearer]) {
    const made = await edge.operate("/destinations", { name: auth.type, url: `${far.url}/${auth.type}`, auth, filter: "is_test" });
    await edge.operate(`/destinations/${made.id}/test`, {});
  }
  expect(arrivalsAt("/basic")[0]?.headers["authorization"]).toBe(`Basic ${Buffer.from("edge:pässword").toString("base64")}`);
  expect(arrivalsAt("/bearer")[0]?.headers["authorization"]).toBe("Bearer abc.def");
});

test("news of a destination that is gone reaches the one that asks for news, and not the one it is about", async () => {
  await edge.operate("/destinations", { name: "news", url: `${far.url}/news`, filter: 'type.startsWith("operational.")' });
  const all = 'type.startsWith("operational.") || campaign_id == "g"';
  const gone = await farSide((response) => response.writeHead(410).end());
  const { id } = await edge.operate("/destinations", { name: "gone", url: `${gone.url}/gone`, filter: all });
  await fetch(`${postback}?campaign_id=g&action_id=g.1&status=PENDING`);
  await until(() => arrivalsAt("/news").length === 2);
  const news = arrivalsAt("/news").map(({ body }) => JSON.parse(body));
  expect(news.map(({ type }) => type).sort()).toEqual(["operational.delivery_exhausted", "operational.destination_disabled"]);
  expect(news.map(({ data }) => data.destination)).toEqual([id, id]);
  await edge.operate(`/destinations/${id}`, { state: "active" }, "PATCH");
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(gone.arrivals).toHaveLength(1);
  await gone.close();
});

test("after five days of nothing but failures a destination is disabled, and news says so", async () => {
  const failing = await farSide((response) => response.writeHead(500).end());
  const { id } = await edge.operate("/destinations", { name: "failing", url: failing.url, filter: 'campaign_id == "f"' });
  const longAgo = Date.now() - 5 * 24 * 3_600_000;
  await edge.sql(`update destinations set failures = 4, failing_since = ${longAgo} where id = '${id}'`);
  await fetch(`${postback}?campaign_id=f&action_id=f.1&status=PENDING`);
  await until(async () => (await edge.operate(`/destinations/${id}`)).state === "disabled");
  const toldOf = () =>
    arrivalsAt("/news")
      .map(({ body }) => JSON.parse(body))
      .filter(({ data }) => data.destination === id);
  await until(() => toldOf().length === 1);
  expect(toldOf()).toMatchObject([{ type: "operational.destination_disabled" }]);
  await failing.close();
});

/** An OAuth2 authorization server on loopback: token-1, token-2, …; at /refusing it knows no client. */
async function authorizationServer() {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      response.setHeader("content-type", "application/json");
      if (request.url === "/refusing") return response.writeHead(401).end('{"error":"invalid_client"}');
      asked.push(body);
      return response.end(JSON.stringify({ access_token: `token-${asked.length}`, token_type: "Bearer", expires_in: 3600 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() };
}
