import { postback } from "./postback.ts";
import type { Ours } from "./server.ts";
import type { Bill } from "./servers/metered.ts";

/** What a piece of work cost, as D1 and the meter counted. The reading of sources and destinations, every few seconds, is apart. */
export interface Cost {
  rowsRead: number;
  rowsWritten: number;
  roundTrips: number;
  statements: number;
  beforeAnswers: number;
  queue: { written: number; read: number; deleted: number };
  calls: number;
  batches: number;
  intakes: number;
}

/** The entry that puts a meter between the Worker and its bindings. */
export const meteredEntry = "bench/servers/metered.ts";

/**
 * What `work` costs on a metered Worker, until `isDone`. The Worker reads its sources and destinations just before, so that it need not
 * in between; should it all the same, that is left out.
 */
export async function costOf(ours: Ours, work: () => Promise<unknown>, isDone: () => Promise<boolean> = async () => true): Promise<Cost> {
  await fetch(ours.url, { method: "HEAD" });
  await take(ours);
  await work();
  const end = Date.now() + 60_000;
  while (!(await isDone())) {
    if (Date.now() > end) throw new Error("what was to be counted did not end within a minute");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 300)); // what goes on after the last row, like the end of a batch of messages
  const { roundTrips, beforeAnswers, written, read, deleted, calls, batches, intakes } = await take(ours);
  const own = roundTrips.filter(({ isCatalog }) => !isCatalog);
  const sum = (key: "rowsRead" | "rowsWritten" | "statements") => own.reduce((total, trip) => total + trip[key], 0);
  return {
    rowsRead: sum("rowsRead"),
    rowsWritten: sum("rowsWritten"),
    roundTrips: own.length,
    statements: sum("statements"),
    beforeAnswers,
    queue: { written, read, deleted },
    calls,
    batches,
    intakes,
  };
}

/** What a batch of postbacks sent at once costs, until each is stored and delivered to every one of `destinations`. */
export async function costOfDelivered(ours: Ours, postbacks: number, destinations: number): Promise<Cost> {
  const events = await ours.stored();
  const done = async () => (await ours.sql("select count(*) as n from deliveries where state = 'delivered'"))[0]?.["n"] as number;
  const before = await done();
  return await costOf(
    ours,
    () => Promise.all(Array.from({ length: postbacks }, () => send(ours))),
    async () => (await ours.stored()) === events + postbacks && (await done()) === before + postbacks * destinations,
  );
}

/** The same, of postbacks that the intake Queue hands over in one batch: tried again when it made several. */
export async function costOfBatch(ours: Ours, size: number, destinations: number): Promise<Cost> {
  for (let tries = 0; tries < 10; tries++) {
    const cost = await costOfDelivered(ours, size, destinations);
    if (cost.intakes === 1) return cost;
  }
  throw new Error(`the intake Queue never made one batch of ${size}`);
}

/** One postback. Throws unless it is answered as expected. */
export async function send(ours: Ours, query = postback(), expected = 200): Promise<void> {
  const answer = await fetch(`${ours.url}?${query}`);
  await answer.arrayBuffer();
  if (answer.status !== expected) throw new Error(`a postback was answered ${answer.status} in the place of ${expected}`);
}

async function take(ours: Ours): Promise<Bill> {
  return (await (await fetch(`${ours.base}/bench/bill`)).json()) as Bill;
}
