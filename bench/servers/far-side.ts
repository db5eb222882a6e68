/** A company's own system on loopback, as fast as can be: notes which event came by which path and when, and answers 200. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { answerAs } from "./ask.ts";

/** `webhook-id`, path, and the time of arrival in ms since 1970. */
export type Heard = [event: string, path: string, at: number];

let heard: Heard[] = [];
let failures = 0;

const server = http.createServer((request, response) => {
  request.resume().on("end", () => {
    heard.push([String(request.headers["webhook-id"]), request.url ?? "", Date.now()]);
    response.statusCode = failures-- > 0 ? 500 : 200;
    response.end();
  });
});
server.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

answerAs({
  ready: async () => ({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
  count: async () => heard.length,
  heard: async () => heard,
  forget: async () => {
    heard = [];
  },
  fail: async (times: number) => {
    failures = times;
  },
  stop: async () => {},
});
