import net, { type AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostileUrls } from "../forward/hostile-urls.ts";
import { operatorToken, startEdge, until } from "./edge.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let postback: string;
let listeners: Listener[];

beforeAll(async () => {
  edge = await startEdge(undefined, { vars: { ALLOW_LOOPBACK: "false" } });
  postback = (await edge.operate("/sources", { name: "impact", account: "partner" })).urls["action-lifecycle"];
  listeners = [await listen("127.0.0.1", 0), ...(await listenOnKnownPorts())];
});
afterAll(async () => {
  await edge.close();
  for (const { close } of listeners) close();
});

interface Listener {
  port: number;
  calls(): number;
  close(): void;
}

/** Counts who connects, whatever they have to say. */
async function listen(host: string, port: number): Promise<Listener> {
  let calls = 0;
  const server = net.createServer((connection) => {
    calls++;
    connection.destroy();
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  return { port: (server.address() as AddressInfo).port, calls: () => calls, close: () => server.close() };
}

/** Where most of the URLs would lead, as far as this system lets us listen there. */
async function listenOnKnownPorts(): Promise<Listener[]> {
  const places = ["127.0.0.1", "::1"].flatMap((host) => [80, 443].map((port) => listen(host, port).catch(() => null)));
  return (await Promise.all(places)).filter((listener) => listener !== null);
}

const calls = () => listeners.map((listener) => listener.calls());
const silence = () => listeners.map(() => 0);

/** Those that lead to this machine, aimed at a port where somebody listens for sure. Spelt in one way, they may be refused for another reason. */
function aimed(port: number): [url: string, why: string][] {
  const isHere = /^(127\.|0\.0\.0\.0$|localhost\.?$|.*\.localhost\.?$|\[::1?\]$|\[::ffff:7f)/;
  const urls = hostileUrls.flatMap(([text]) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (!url || !/^https?:$/.test(url.protocol) || !isHere.test(url.hostname)) return [];
    url.port = String(port);
    return [url.href];
  });
  return [...new Set(urls)].map((url) => [url, "The URL "]);
}

async function ask(path: string, method: string, input: unknown) {
  const headers = { authorization: `Bearer ${operatorToken}` };
  const response = await fetch(edge.base + path, { method, headers, body: JSON.stringify(input) });
  return { status: response.status, body: (await response.json()) as any };
}

/** A few at a time. */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += 25) results.push(...(await Promise.all(items.slice(start, start + 25).map(work))));
  return results;
}

test("no hostile URL can be saved, and nothing is sent to find out", async () => {
  const { id } = await edge.operate("/destinations", { name: "well", url: "https://example.com/", filter: "false" });
  const created = await each(hostileUrls, ([url]) => ask("/destinations", "POST", { name: "hostile", url }));
  const some = hostileUrls.filter((_, index) => index % 10 === 0);
  const changed = await each(some, ([url]) => ask(`/destinations/${id}`, "PATCH", { url }));
  for (const [index, [url, why]] of [...hostileUrls, ...some].entries()) {
    const { status, body } = [...created, ...changed][index] as (typeof created)[number];
    expect({ url, status, body }).toMatchObject({
      status: 422,
      body: { errors: [{ field: "url", reason: expect.stringContaining(why) }] },
    });
  }
  expect((await edge.operate("/destinations")).data.map((one: { url: string }) => one.url)).toEqual(["https://example.com/"]);
  expect(calls()).toEqual(silence());
});

test("a hostile URL that got into the database all the same is never called, and the attempt says why", async () => {
  const urls = [...hostileUrls, ...aimed(listeners[0]?.port ?? 0)];
  const settings = { name: "hostile", url: "https://example.com/", filter: 'campaign_id == "hostile"', retry_schedule: [86_400] };
  const ids = await each(urls, async () => (await edge.operate("/destinations", settings)).id);
  const wanted = JSON.stringify(urls.map(([url], index) => [ids[index], url])).replaceAll("'", "''");
  await edge.sql(`
    update destinations set url = wanted.value ->> 1
    from json_each('${wanted}') as wanted where wanted.value ->> 0 = destinations.id`);
  await until(async () => (await edge.operate(`/destinations/${ids.at(-1)}`)).url !== settings.url); // they are read all at once

  const event = (await fetch(`${postback}?campaign_id=hostile&action_id=h.1&status=PENDING`)).headers.get("x-event-id");
  let deliveries: any[] = [];
  await until(async () => {
    ({ deliveries } = await edge.operate(`/events/${event}`));
    return deliveries.length === urls.length && deliveries.every(({ attempts }) => attempts.length === 1);
  }, 40_000);
  for (const [index, [url, why]] of urls.entries()) {
    const { state, attempts } = deliveries.find(({ destination }) => destination === ids[index]);
    expect({ url, state, attempts }).toMatchObject({
      state: "pending",
      attempts: [
        { status: null, delivered: false, reason: expect.stringContaining(why), request: { headers: {} }, response: { body: "" } },
      ],
    });
  }
  expect(calls()).toEqual(silence());
});
