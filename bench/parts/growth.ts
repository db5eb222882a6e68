import fs from "node:fs";
import path from "node:path";
import { type Cost, costOf, meteredEntry } from "../bill.ts";
import { fill, ninetyDays } from "../fill.ts";
import { load } from "../load.ts";
import type { Options } from "../options.ts";
import { newStateDir, type Ours, operatorToken, startOurs } from "../server.ts";
import { percentile, spread } from "../stats.ts";
import { figure, figures, table } from "../table.ts";

/** A database with so many events in it, its Worker, and names to ask for. */
interface Filled {
  events: number;
  ours: Ours;
  stateDir: string;
  known: Record<"event" | "action" | "destination" | "since" | "until", string>;
}

/** How often each question is asked in one round. */
const repeats = 4;

type Ask = (known: Filled["known"]) => { path: string; body?: unknown };

const get =
  (where: string | ((known: Filled["known"]) => string)): Ask =>
  (known) => ({ path: typeof where === "string" ? where : where(known) });

/** Every question of an operator, and the sweep of every minute. */
const questions: Record<string, Ask> = {
  "GET /events": get("/events"),
  "GET /events?kind=": get("/events?kind=action-clearing"),
  "GET /events?type=": get("/events?type=action.reversed"),
  "GET /events?status=": get("/events?status=REVERSED"),
  "GET /events?source=": get("/events?source=nobody"),
  "GET /events?action_id=": get(({ action }) => `/events?action_id=${action}`),
  "GET /events?q= (found nowhere)": get("/events?q=found-nowhere"),
  "GET /events?since=&until= (an hour)": get(({ since, until }) => `/events?since=${since}&until=${until}`),
  "GET /events/:id": get(({ event }) => `/events/${event}`),
  "GET /actions/:action_id": get(({ action }) => `/actions/${action}`),
  "GET /deliveries": get("/deliveries"),
  "GET /deliveries?state=pending": get("/deliveries?state=pending"),
  "GET /deliveries?state=delivered": get("/deliveries?state=delivered"),
  "GET /deliveries?state=exhausted": get("/deliveries?state=exhausted"),
  "GET /deliveries?state=cancelled": get("/deliveries?state=cancelled"),
  "GET /deliveries?destination=": get(({ destination }) => `/deliveries?destination=${destination}`),
  "GET /deliveries?event=": get(({ event }) => `/deliveries?event=${event}`),
  "GET /quarantine": get("/quarantine"),
  "GET /quarantine?resolved=": get("/quarantine?resolved=true"),
  "POST /recoveries?preview (exhausted)": () => ({ path: "/recoveries?preview", body: { states: ["exhausted"] } }),
  "GET /recoveries": get("/recoveries"),
  "GET /sources": get("/sources"),
  "GET /destinations": get("/destinations"),
  "the sweep": () => ({ path: "/bench/sweep", body: {} }),
};

/** Ingest and every operator question with a thousand, ten thousand, a hundred thousand and a million events stored. */
export async function growth({ rounds, seconds, isQuick, say }: Options): Promise<string> {
  const sizes = isQuick ? [1000, 10_000, 100_000] : [1000, 10_000, 100_000, 1_000_000];
  const filled: Filled[] = [];
  for (const events of sizes) {
    say(`fills a database with ${events.toLocaleString("en-US")} events`);
    filled.push(await start(events));
  }
  const times = await ask({ filled, rounds, say });
  say("rows read");
  const costs = new Map<string, Cost>();
  for (const one of filled)
    for (const [name, question] of Object.entries(questions))
      costs.set(keyOf(name, one), await costOf(one.ours, () => timeOf(one, question)));
  const rates = await ingestInto({ filled, rounds, seconds, say });
  const ingest = filled.map(({ events, stateDir }) => {
    const { rate, p95 } = rates.get(events) as { rate: number[]; p95: number[] };
    return [events.toLocaleString("en-US"), figures(spread(rate)), figures(spread(p95)), `${figure(sizeOf(stateDir) / 1e6)} MB`];
  });
  await Promise.all(filled.map(({ ours }) => ours.stop()));
  const cells = (name: string) =>
    filled.map(
      (one) =>
        `${figure(spread(times.get(keyOf(name, one)) as number[]).median)} / ${figure(p95Of(times.get(keyOf(name, one))))} / ${costs.get(keyOf(name, one))?.rowsRead}`,
    );
  const against = (name: string) =>
    p95Of(times.get(keyOf(name, filled.at(-1) as Filled))) / p95Of(times.get(keyOf(name, filled[0] as Filled)));
  return [
    table(["events stored", "accepted/s at 10 connections", "p95 ms", "database on disk"], ingest),
    "Each question: median ms / p95 ms / rows read.",
    table(
      ["", ...sizes.map((size) => size.toLocaleString("en-US")), "p95, largest / smallest (budget ≤ 3)"],
      Object.keys(questions).map((name) => [name, ...cells(name), against(name).toFixed(1)]),
    ),
  ].join("\n\n");
}

function keyOf(name: string, { events }: Filled): string {
  return `${name} ${events}`;
}

/** The ms that each question took of each database. */
async function ask({ filled, rounds, say }: Pick<Options, "rounds" | "say"> & { filled: Filled[] }): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    say(`questions, round ${round} of ${rounds}`);
    for (const one of filled)
      for (const [name, question] of Object.entries(questions))
        for (let time = 0; time < repeats; time++) {
          const ms = await timeOf(one, question);
          if (round > 0) times.set(keyOf(name, one), [...(times.get(keyOf(name, one)) ?? []), ms]);
        }
  }
  return times;
}

/** Ingest comes after the questions, since it makes small databases larger. */
async function ingestInto({ filled, rounds, seconds, say }: Pick<Options, "rounds" | "seconds" | "say"> & { filled: Filled[] }) {
  const rates = new Map(filled.map(({ events }) => [events, { rate: [] as number[], p95: [] as number[] }]));
  for (let round = 0; round <= rounds; round++) {
    say(`ingest, round ${round} of ${rounds}`);
    for (const { events, ours } of filled) {
      const { rate, p95 } = await load(ours.url, 10, Math.round(250 * seconds));
      if (round > 0) rates.get(events)?.rate.push(rate);
      if (round > 0) rates.get(events)?.p95.push(p95);
    }
  }
  return rates;
}

async function start(events: number): Promise<Filled> {
  const stateDir = newStateDir();
  const nothing = { url: "http://127.0.0.1:9/", filter: 'status == "OF NO EVENT"' };
  const ours = await startOurs({ entry: meteredEntry, destinations: [nothing, nothing, nothing], stateDir });
  await fill(ours, events, ninetyDays(events));
  const [row] = await ours.sql(`select id, action_id, received_at from events limit 1 offset ${Math.floor(events / 2)}`);
  const [target] = await ours.sql("select id from destinations limit 1");
  const at = row?.["received_at"] as number;
  const known = {
    event: row?.["id"] as string,
    action: row?.["action_id"] as string,
    destination: target?.["id"] as string,
    since: new Date(at - 1_800_000).toISOString(),
    until: new Date(at + 1_800_000).toISOString(),
  };
  return { events, ours, stateDir, known };
}

/** The ms until a question is answered in full. */
async function timeOf({ ours, known }: Filled, ask: Ask): Promise<number> {
  const { path: where, body } = ask(known);
  const start = performance.now();
  const answer = await fetch(ours.base + where, {
    headers: { authorization: `Bearer ${operatorToken}` },
    ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${where}: ${answer.status} ${text}`);
  return performance.now() - start;
}

function p95Of(times: number[] = []): number {
  return percentile(
    [...times].sort((a, b) => a - b),
    95,
  );
}

function sizeOf(folder: string): number {
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => fs.statSync(path.join(folder, name)));
  return files.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0);
}
