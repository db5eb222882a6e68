import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Postback } from "../../simulate/postbacks.ts";
import { send } from "../../simulate/send.ts";

let close = () => {};
afterEach(() => close());

/** A receiver that answers one status after the other, the last for ever; null breaks the connection. */
async function receiver(...statuses: (number | null)[]) {
  const received: { path: string | undefined; body: string; agent: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ path: request.url, body: Buffer.concat(chunks).toString(), agent: request.headers["user-agent"] });
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    if (status) response.writeHead(status, { location: "/elsewhere" }).end();
    else response.destroy();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const call = (url: string, rest: Partial<Postback> = {}): Postback => ({
  method: "GET",
  url,
  headers: { "user-agent": "Impact-Postback-Client/1.0" },
  body: null,
  kind: "action-lifecycle",
  subject: "1000.1.1",
  at: 0,
  sendAt: 0,
  fate: "plain",
  ...rest,
});

test("what is not answered with a 2xx is sent again, until it is, and then never again", async () => {
  const { url, received } = await receiver(503, null, 422, 302, 202);
  const sent = await send([call(url)], { retryAfterMs: 1 });
  expect(sent).toMatchObject({
    acknowledged: 1,
    attempts: 5,
    retried: 4,
    givenUp: [],
    answers: { 503: 1, none: 1, 422: 1, 302: 1, 202: 1 },
  });
  expect(received).toHaveLength(5);
});

test("it is given up after its attempts", async () => {
  const { url, received } = await receiver(500);
  const sent = await send([call(url)], { retryAfterMs: 1, attempts: 3 });
  expect(sent).toMatchObject({ acknowledged: 0, givenUp: [{ last: "500" }] });
  expect(received).toHaveLength(3);
});

test("one after the other unless several at once are asked for", async () => {
  const { url, received } = await receiver(200);
  await send(["/a", "/b", "/c"].map((path) => call(url + path)));
  expect(received.map(({ path }) => path)).toEqual(["/a", "/b", "/c"]);
  expect(
    await send(
      ["/d", "/e", "/f"].map((path) => call(url + path)),
      { concurrency: 3 },
    ),
  ).toMatchObject({ acknowledged: 3 });
});

test("a POST arrives with its body, under impact.com's name", async () => {
  const { url, received } = await receiver(200);
  await send([call(url, { method: "POST", body: '{"payout": "0.88"}' })]);
  expect(received).toEqual([{ path: "/", body: '{"payout": "0.88"}', agent: "Impact-Postback-Client/1.0" }]);
});
