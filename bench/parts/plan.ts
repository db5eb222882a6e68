import fs from "node:fs";
import path from "node:path";
import { type Cost, costOfBatch, costOfDelivered, meteredEntry } from "../bill.ts";
import type { Options } from "../options.ts";
import { limits, prices } from "../prices.ts";
import { newStateDir, startFarSide, startOurs } from "../server.ts";
import { slice } from "../slice.ts";
import { figure, table } from "../table.ts";

const rates = [10, 1000, 50_000];
const day = 86_400;
const month = 30.4 * day;
/** Assumed, not measured: how long a far side on the internet takes, with the two round trips to D1 around it. */
const deliverySeconds = 0.5;
const keptDays = 7;

/** What one postback with one destination costs, from a run: in both modes, and in bytes of D1. */
interface Measured {
  direct: Cost;
  queued: Cost;
  bytes: number;
}

/** What 10, 1,000 and 50,000 postbacks a second ask of D1, Queues and a purse: measured costs, times documented limits and prices. */
export async function plan({ say }: Options): Promise<string> {
  say("costs and bytes of a postback with one destination");
  const measured = await measure();
  const lines = arithmetic(measured);
  return table(["with one destination each", ...rates.map((rate) => `${rate.toLocaleString("en-US")}/s`), "how"], lines);
}

const batch = 100;

async function measure(): Promise<Measured> {
  const far = await startFarSide();
  const destinations = [{ url: far.url }];
  const stateDir = newStateDir();
  const direct = await startOurs({ entry: meteredEntry, destinations, stateDir });
  const cost = await costOfDelivered(direct, batch, 1);
  const before = await sizeOf(stateDir);
  const { accepted } = await slice({ name: "bytes", server: direct, far }, 10, 1000);
  await direct.stop();
  const bytes = ((await sizeOf(stateDir)) - before) / accepted;
  const queue = await startOurs({ entry: meteredEntry, destinations, vars: { INGEST_MODE: "queue" } });
  const queued = await costOfBatch(queue, batch, 1);
  await queue.stop();
  await far.stop();
  return { direct: cost, queued, bytes };
}

/** The databases of a folder, without what their write-ahead logs still hold. */
async function sizeOf(folder: string): Promise<number> {
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite") && name.includes("d1"));
  return files.reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
}

function arithmetic({ direct, queued, bytes }: Measured): string[][] {
  const each = (cost: Cost, value: (cost: Cost) => number) => value(cost) / batch;
  const statements = { direct: each(direct, (cost) => cost.statements), queued: each(queued, (cost) => cost.statements) };
  const operations = (cost: Cost) => each(cost, ({ queue }) => queue.written + queue.read + queue.deleted);
  const line = (name: string, value: (rate: number) => string, how: string) => [name, ...rates.map(value), how];
  const up = (value: number) => Math.max(1, Math.ceil(value)).toLocaleString("en-US");
  const dollars = (value: number) => `$${figure(Math.round(value))}`;
  const gigabytes = (rate: number, days: number) => (rate * day * days * bytes) / 1e9;
  const databases = (rate: number, mode: "direct" | "queued") => (rate * statements[mode]) / limits.queriesPerSecond;
  const monthly = (rate: number, cost: Cost) => {
    const events = rate * month;
    return {
      d1: events * each(cost, (one) => one.rowsWritten * prices.rowWritten + one.rowsRead * prices.rowRead),
      queues: events * operations(cost) * prices.queueOperation,
      calls: events * each(cost, (one) => one.calls + one.batches) * prices.request,
    };
  };
  const sum = (rate: number, cost: Cost) => Object.values(monthly(rate, cost)).reduce((all, one) => all + one, 0);
  return [
    line("events a day", (rate) => `${figure((rate * day) / 1e6)} M`, "arithmetic"),
    line("D1 statements a second, direct", (rate) => figure(rate * statements.direct), `${statements.direct.toFixed(2)} each, measured`),
    line(
      "databases for them",
      (rate) => up(databases(rate, "direct")),
      `1 ms a statement, ${limits.queriesPerSecond} a second: documented`,
    ),
    line(
      "D1 statements a second, queue first",
      (rate) => figure(rate * statements.queued),
      `${statements.queued.toFixed(2)} each, measured`,
    ),
    line("databases for them", (rate) => up(databases(rate, "queued")), "the same"),
    line("D1 grows by, a day", (rate) => `${figure(gigabytes(rate, 1))} GB`, `${figure(bytes)} bytes each, measured`),
    line(
      `databases for ${keptDays} days`,
      (rate) => up(gigabytes(rate, keptDays) / limits.databaseGigabytes),
      `${limits.databaseGigabytes} GB each: documented`,
    ),
    line("one database is full after", (rate) => duration((limits.databaseGigabytes * 1e9) / bytes / rate), "the same"),
    line(
      "intake Queues, queue first",
      (rate) => up(rate / limits.messagesPerSecond),
      `${limits.messagesPerSecond.toLocaleString("en-US")} messages a second each: documented`,
    ),
    line("delivery Queues", (rate) => up(rate / limits.messagesPerSecond), "the same"),
    line(
      "consumers at once, batches of 6",
      (rate) => up((rate / 6) * deliverySeconds),
      `${deliverySeconds} s a batch: assumed; ${limits.consumers} a Queue: documented`,
    ),
    line("D1 a month", (rate) => dollars(monthly(rate, direct).d1), "rows measured, prices public"),
    line("Queues a month, direct", (rate) => dollars(monthly(rate, direct).queues), "operations measured"),
    line("Queues a month, queue first", (rate) => dollars(monthly(rate, queued).queues), "operations measured"),
    line("D1, Queues and calls, direct", (rate) => dollars(sum(rate, direct)), "nothing included"),
    line(
      `R2 for a year of archive, a month`,
      (rate) => dollars((gigabytes(rate, 365) / archiveRatio) * prices.archiveGigabyteMonth),
      `a tenth of D1's bytes: assumed; $${prices.archiveGigabyteMonth} a GB`,
    ),
  ];
}

/** Assumed: compressed NDJSON is so many times smaller than rows with their indexes. */
const archiveRatio = 10;

function duration(seconds: number): string {
  if (seconds < 2 * 3600) return `${figure(seconds / 60)} min`;
  return seconds < 2 * day ? `${figure(seconds / 3600)} h` : `${figure(seconds / day)} days`;
}
