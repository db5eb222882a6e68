import { meteredEntry } from "../bill.ts";
import { fill, ninetyDays } from "../fill.ts";
import { type Load, load } from "../load.ts";
import type { Options } from "../options.ts";
import { type Ours, startOurs } from "../server.ts";
import { ratios, spread } from "../stats.ts";
import { figures, ratio, table } from "../table.ts";

const day = 86_400_000;
const minute = 60_000;
const connections = 10;
/** So many events stay, and so many are old enough to go in each round. */
const staying = 20_000;
const going = 4000;

/** How long answers take while retention moves old events into the archive, beside a Worker with the same rows and no retention. */
export async function retention({ rounds, seconds, say }: Options): Promise<string> {
  const pruning = await start({ RETENTION_DAYS: "100" }, true);
  const resting = await start({}, false);
  const found = { pruning: [] as (Load & { gone: number })[], resting: [] as Load[] };
  for (let round = 0; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    const without = await besideSweep(resting, round, seconds);
    const beside = await besideSweep(pruning, round, seconds);
    if (beside.gone === 0) throw new Error("retention moved nothing while it was measured");
    if (round > 0) found.resting.push(without);
    if (round > 0) found.pruning.push(beside);
  }
  await Promise.all([pruning.stop(), resting.stop()]);
  const row = (name: string, loads: Load[]) => [
    name,
    ...(["rate", "p50", "p95", "p99"] as const).map((key) => figures(spread(loads.map((one) => one[key])))),
  ];
  const against = (key: "rate" | "p50" | "p95" | "p99") =>
    ratio(
      ratios(
        found.pruning.map((one) => one[key]),
        found.resting.map((one) => one[key]),
      ),
    );
  const moved = figures(spread(found.pruning.map(({ gone, seconds: took }) => gone / took)));
  return [
    table(
      ["at 10 connections, no destination", "accepted/s", "p50 ms", "p95 ms", "p99 ms"],
      [
        row("without retention", found.resting),
        row("while retention moves events", found.pruning),
        ["with / without", against("rate"), against("p50"), against("p95"), against("p99")],
      ],
    ),
    `Meanwhile it moved ${moved} events a second into the archive.`,
  ].join("\n\n");
}

/** What is not in the books may not go; booking is no part of what is measured here. */
const booked = "update books set position = (select max(seq) from events)";

async function start(vars: Record<string, string>, archive: boolean): Promise<Ours> {
  const nothing = { url: "http://127.0.0.1:9/", filter: 'status == "OF NO EVENT"' };
  const ours = await startOurs({ entry: meteredEntry, vars, archive, destinations: [nothing, nothing, nothing] });
  await fill(ours, staying, ninetyDays(staying));
  await ours.sql(booked);
  return ours;
}

/** A load that runs beside the work of the cron, with events that are old enough to go. Waits for the end of both. */
async function besideSweep(ours: Ours, round: number, seconds: number): Promise<Load & { gone: number }> {
  const first = staying + round * going;
  const border = Date.now() - 120 * day;
  await fill(ours, going, { start: border - (100 - round) * day, everyMs: 0.2 * minute, first });
  await ours.sql(booked);
  const old = async () => (await ours.sql(`select count(*) as n from events where received_at < ${border}`))[0]?.["n"] as number;
  const sweep = fetch(`${ours.base}/bench/sweep`, { method: "POST" });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = await old();
  const result = await load(ours.url, connections, Math.round(250 * seconds));
  const gone = before - (await old());
  await sweep;
  return { ...result, gone };
}
