import http from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, isAt, type Machine, type Order, type Question } from "./fault.ts";

/** How far each machine's clock is off, in ms, `atMs` after the fault was armed. */
export type Clocks = Partial<Record<Machine, (atMs: number) => number>>;

/** Tells the fault worker what happens at each point it comes to. `kill` ends the edge's processes; it is not answered then. */
export async function newControl(kill: () => void) {
  let armed: { order: Order; seen: number; done: number }[] = [];
  let clocks: Clocks = {};
  let armedAt = Date.now();
  let aheadMs = 0;
  let deaths = 0;

  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const question = JSON.parse(Buffer.concat(chunks).toString()) as Question;
    const order = orderFor(question);
    if (order?.do === "die") {
      deaths++;
      kill();
      return;
    }
    const skewMs = Math.round(aheadMs + (clocks[question.on]?.(Date.now() - armedAt) ?? 0));
    response.end(JSON.stringify({ skewMs, order, watched: armed.map((one) => one.order.at) } satisfies Answer));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  function orderFor({ at, on }: Question): Order | null {
    for (const one of armed) {
      const { order } = one;
      if (!isAt(order.at, at) || (order.on && order.on !== on)) continue;
      one.seen++;
      const { nth = 1, times = 1, every = 1 } = order;
      if (one.seen < nth || one.done >= times || (one.seen - nth) % every !== 0) continue;
      one.done++;
      return order;
    }
    return null;
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arm: (orders: Order[], off: Clocks = {}) => {
      armed = orders.map((order) => ({ order, seen: 0, done: 0 }));
      clocks = off;
      armedAt = Date.now();
      deaths = 0;
    },
    disarm: () => {
      armed = [];
      clocks = {};
    },
    /** Time passes, for all machines. */
    advance: (ms: number) => {
      aheadMs += ms;
    },
    /** The orders that never happened. */
    missed: () => armed.filter(({ done }) => done === 0).map(({ order }) => `${order.do} at "${order.at}"`),
    deaths: () => deaths,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
