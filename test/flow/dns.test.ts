import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";

/** What our DNS says: the IPv4 address of each name. */
const names = new Map([["moving.example", "93.184.215.14"]]);
const asked: string[] = [];

let edge: Awaited<ReturnType<typeof startEdge>>;
const dns = http.createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? "", "http://dns");
  const name = searchParams.get("name") ?? "";
  asked.push(name);
  const isA = ["A", "1"].includes(searchParams.get("type") ?? "");
  const address = names.get(name);
  const answer = isA && address ? [{ name, type: 1, TTL: 1, data: address }] : [];
  response.setHeader("content-type", "application/dns-json");
  response.end(JSON.stringify({ Status: address ? 0 : 3, Answer: answer }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => dns.listen(0, "127.0.0.1", resolve));
  const { port } = dns.address() as AddressInfo;
  edge = await startEdge(undefined, { vars: { DNS_OVER_HTTPS: `http://127.0.0.1:${port}/dns-query` } });
});
afterAll(async () => {
  await edge.close();
  dns.close();
});

test("a name that leads to a private address is refused when it is saved", async () => {
  names.set("inside.example", "10.0.0.5");
  const creating = edge.operate("/destinations", { name: "inside", url: "https://inside.example/hook" });
  await expect(creating).rejects.toThrow(/10\.0\.0\.5/);
  await expect(edge.operate("/destinations", { name: "nowhere", url: "https://nowhere.example/hook" })).rejects.toThrow(/nowhere\.example/);
});

test("a name that leads to a private address later on is refused at the attempt, which says so", async () => {
  const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
  const { id } = await edge.operate("/destinations", { name: "moving", url: "https://moving.example/hook" });
  names.set("moving.example", "169.254.169.254");
  await new Promise((resolve) => setTimeout(resolve, 5_100)); // an answer is remembered for five seconds at the least
  const event = (await fetch(`${urls["action-lifecycle"]}?action_id=d.1&status=PENDING`)).headers.get("x-event-id");
  const delivery = `/deliveries/${event}:${id}`;
  await until(async () => (await edge.operate(delivery)).attempt_count === 1);
  const [attempt] = (await edge.operate(delivery)).attempts;
  expect(attempt).toMatchObject({ delivered: false, status: null, reason: expect.stringContaining("169.254.169.254") });
  expect(asked).toContain("moving.example");
});
