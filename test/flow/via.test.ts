import path from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let postback: string;

beforeAll(async () => {
  const service = '\n[[services]]\nbinding = "LEDGER"\nservice = "ledger"\n';
  const workers = [path.join(import.meta.dirname, "ledger", "wrangler.toml")];
  edge = await startEdge((toml) => toml + service, { workers, vars: { ALLOW_LOOPBACK: "false" } });
  ({
    urls: { "action-lifecycle": postback },
  } = await edge.operate("/sources", { name: "impact", account: "partner" }));
});
afterAll(async () => await edge.close());

const heard = async () =>
  (await (await edge.worker("ledger").fetch("http://ledger/heard")).json()) as {
    url: string;
    method: string;
    headers: Record<string, string>;
    body: string;
  }[];

test("a destination behind a service binding is delivered to without any public address", async () => {
  const { secret, id } = await edge.operate("/destinations", { name: "ledger", url: "http://ledger.internal/book?x=1", via: "LEDGER" });
  const answer = await fetch(`${postback}?action_id=v.1&status=PENDING&payout=0.88`);
  const event = answer.headers.get("x-event-id");
  await until(async () => (await heard()).length === 1);
  const [{ url, method, headers, body }] = (await heard()) as [Awaited<ReturnType<typeof heard>>[number]];
  expect([url, method]).toEqual(["http://ledger.internal/book?x=1", "POST"]);
  expect(new Webhook(secret).verify(body, headers)).toMatchObject({ data: { action_id: "v.1", payout: "0.88" } });
  await until(async () => (await edge.operate(`/deliveries/${event}:${id}`)).state === "delivered");
});

test("what the other Worker answers counts like any answer", async () => {
  const { id } = await edge.operate("/destinations", {
    name: "full",
    url: "http://ledger.internal/full",
    via: "LEDGER",
    filter: "is_test",
  });
  expect(await edge.operate(`/destinations/${id}/test`, {})).toMatchObject({ delivered: false, status: 507, reason: "answered 507" });
});

test("a binding that does not exist is refused with those that do", async () => {
  const creating = edge.operate("/destinations", { name: "typo", url: "http://ledger.internal/", via: "LEGDER" });
  await expect(creating).rejects.toThrow(/names no binding of this Worker \(\\"LEGDER\\"\); there are: LEDGER/);
});

test("without a binding the same address is refused", async () => {
  await expect(edge.operate("/destinations", { name: "bare", url: "https://ledger.internal/" })).rejects.toThrow(
    /private networks|internal/,
  );
});
