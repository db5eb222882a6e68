import { costOf, meteredEntry } from "../bill.ts";
import { fill, ninetyDays } from "../fill.ts";
import type { Options } from "../options.ts";
import { newStateDir, type Ours, operatorToken, startOurs } from "../server.ts";
import { percentile, spread } from "../stats.ts";
import { figure, table } from "../table.ts";
import { fillBooks } from "./reports.ts";

const hour = 3_600_000;
const hours = 90 * 24;
const repeats = 5;

/** A database with so many events and all that follows from them, and the addresses of its pages. */
interface Filled {
  events: number;
  ours: Ours;
  paths: Record<string, string>;
}

/** Every page, with a thousand and with a million events stored, as a browser asks for it. */
export async function pages({ rounds, isQuick, say }: Options): Promise<string> {
  const filled: Filled[] = [];
  for (const events of isQuick ? [1000, 100_000] : [1000, 1_000_000]) {
    say(`fills a database with ${events.toLocaleString("en-US")} events`);
    filled.push(await start(events));
  }
  const times = new Map<string, number[]>();
  const names = Object.keys(filled[0]?.paths ?? {});
  for (let round = 0; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const name of names)
      for (const one of filled)
        for (let nth = 0; nth < repeats; nth++) {
          const took = await timeOf(one, name);
          const key = `${one.events} ${name}`;
          if (round > 0) times.set(key, [...(times.get(key) ?? []), took]);
        }
  }
  const lines: string[][] = [];
  for (const name of names) {
    const cells: string[] = [];
    for (const one of filled) {
      const { rowsRead, roundTrips } = await costOf(one.ours, () => timeOf(one, name));
      const all = times.get(`${one.events} ${name}`) ?? [];
      cells.push(`${figure(spread(all).median)} / ${figure(p95Of(all))} / ${rowsRead} / ${roundTrips}`);
    }
    const [least, most] = [filled[0], filled.at(-1)].map((one) => p95Of(times.get(`${one?.events} ${name}`) ?? []));
    lines.push([`\`${name}\``, ...cells, ((most ?? 0) / (least ?? 1)).toFixed(1)]);
  }
  await Promise.all(filled.map(({ ours }) => ours.stop()));
  const heads = filled.map(({ events }) => events.toLocaleString("en-US"));
  return `Each page: median ms / p95 ms / rows read / round trips to D1.\n\n${table(["", ...heads, "p95, largest / smallest (budget ≤ 3)"], lines)}`;
}

async function start(events: number): Promise<Filled> {
  const stateDir = newStateDir();
  const nothing = { url: "http://127.0.0.1:9/", filter: 'status == "OF NO EVENT"' };
  const ours = await startOurs({ entry: meteredEntry, destinations: [nothing, nothing, nothing], stateDir });
  await fill(ours, events, ninetyDays(events));
  await fillBooks(ours, Math.round(events / 3));
  await ours.sql("update books set position = (select max(seq) from events)");
  await ours.sql(pulsesOf(events));
  await ours.sql(destinationPulsesOf(events));
  const [row] = await ours.sql(`select id, action_id from events limit 1 offset ${Math.floor(events / 2)}`);
  const [target] = await ours.sql("select id from destinations limit 1");
  const [source] = await ours.sql("select id from sources limit 1");
  const [kept] = await ours.sql("select id from quarantine limit 1");
  const [sent] = await ours.sql("select event_id || ':' || destination_id as id from deliveries limit 1");
  const [event, destination] = [row?.["id"], target?.["id"]];
  return {
    events,
    ours,
    paths: {
      "/overview": "/overview",
      "/overview?range=30d": "/overview?range=30d",
      "/events": "/events",
      "/events?q= (found nowhere)": "/events?q=found-nowhere",
      "/events/:id": `/events/${event}`,
      "/actions": "/actions",
      "/actions/:id": `/actions/${row?.["action_id"]}`,
      "/reports": "/reports",
      "/reports?by=campaign": "/reports?by=campaign",
      "/deliveries": "/deliveries",
      "/deliveries?state=exhausted": "/deliveries?state=exhausted",
      "/deliveries/:id": `/deliveries/${sent?.["id"]}`,
      "/destinations": "/destinations",
      "/destinations/:id": `/destinations/${destination}`,
      "/sources": "/sources",
      "/sources/:id": `/sources/${source?.["id"]}`,
      "/quarantine": "/quarantine",
      "/quarantine/:id": `/quarantine/${kept?.["id"]}`,
      "/reconciliations": "/reconciliations",
      "/gaps": "/gaps",
      "/alerts": "/alerts",
      "/settings": "/settings",
    },
  };
}

const numbered = `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${hours - 1}),
  t as (select i, ${Math.floor(Date.now() / hour) * hour} - i * ${hour} as at from n)`;

function pulsesOf(events: number): string {
  return `insert into pulses (source_id, hour, received, reversed, unknown, duplicates, quarantined)
    ${numbered} select (select id from sources limit 1), at, ${Math.ceil(events / hours)}, 1, 0, i % 7, i % 3 from t`;
}

function destinationPulsesOf(events: number): string {
  const size = Math.ceil(events / hours / 3);
  return `insert into destination_pulses (destination_id, hour, delivered, failed, latency_ms, up_to_50, up_to_100, up_to_250, up_to_500, up_to_1000,
      up_to_2500, up_to_5000, up_to_10000, longer)
    ${numbered} select id, at, ${size}, i % 3, ${size * 80}, ${size}, i % 3, 0, 0, 0, 0, 0, 0, 0 from t, destinations`;
}

/** The ms until a page is there in full. */
async function timeOf({ ours, paths }: Filled, name: string): Promise<number> {
  const start = performance.now();
  const answer = await fetch(ours.base + paths[name], { headers: { authorization: `Bearer ${operatorToken}`, accept: "text/html" } });
  const text = await answer.text();
  if (!answer.ok || !text.startsWith("<!doctype html>")) throw new Error(`${name}: ${answer.status} ${text.slice(0, 500)}`);
  return performance.now() - start;
}

function p95Of(times: number[]): number {
  return percentile(
    [...times].sort((one, other) => one - other),
    95,
  );
}
