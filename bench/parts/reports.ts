import { costOf, meteredEntry } from "../bill.ts";
import type { Options } from "../options.ts";
import { type Ours, operatorToken, startOurs } from "../server.ts";
import { percentile, spread } from "../stats.ts";
import { figure, table } from "../table.ts";

const day = 86_400_000;
const days = 90;
const sliceSize = 50_000;
const repeats = 8;

const berlin = "time_zone=Europe/Berlin";
const rates = "convert_to=EUR&rates=USD:0.92,GBP:1.17&rates_date=2026-11-20&rates_source=ECB";

/** Every kind of report, of the last thirty days unless it says otherwise. */
const questions = [
  "by=day",
  `by=day&${berlin}`,
  `by=month&${berlin}&since=DAYS90`,
  "by=state",
  "by=campaign",
  `by=campaign&${berlin}&since=DAYS90`,
  "by=action_tracker",
  "by=promo_code",
  "by=sub_id1",
  "by=sub_id1&since=DAYS90",
  `by=sub_id1&${rates}`,
  "by=state&campaign=3",
  `by=day&campaign=3&${berlin}`,
  "by=sub_id1&campaign=3",
  "by=campaign&sub_id1=user-7",
  "by=day&sub_id1=user-7&since=DAYS90",
  "by=sub_id2&promo_code=CODE0&since=DAYS90",
  "by=sub_id1&format=csv&limit=1000",
];

/** Reports of ninety days with a thousand and with many more events in the books; an action has three events. */
export async function reports({ rounds, isQuick, say }: Options): Promise<string> {
  const sizes = isQuick ? [1000, 100_000] : [1000, 100_000, 1_000_000];
  const filled: { events: number; ours: Ours }[] = [];
  for (const events of sizes) {
    say(`fills books with ${events.toLocaleString("en-US")} events`);
    const ours = await startOurs({ entry: meteredEntry });
    await fillBooks(ours, Math.round(events / 3));
    filled.push({ events, ours });
  }
  const times = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const question of questions)
      for (const { events, ours } of filled)
        for (let nth = 0; nth < repeats; nth++) {
          const took = await timeOf(ours, question);
          const key = `${events} ${question}`;
          if (round > 0) times.set(key, [...(times.get(key) ?? []), took]);
        }
  }
  const lines: string[][] = [];
  for (const question of questions) {
    const cells: string[] = [];
    for (const { events, ours } of filled) {
      const cost = await costOf(ours, () => timeOf(ours, question));
      const all = times.get(`${events} ${question}`) ?? [];
      cells.push(`${figure(spread(all).median)} / ${figure(p95Of(all))} / ${cost.rowsRead}`);
    }
    const [least, most] = [filled[0], filled.at(-1)].map((one) => p95Of(times.get(`${one?.events} ${question}`) ?? []));
    lines.push([
      `\`${question.replace("DAYS90", "90 days ago").replace(rates, "rates=…")}\``,
      ...cells,
      figure((most ?? 0) / (least ?? 1)),
    ]);
  }
  await Promise.all(filled.map(({ ours }) => ours.stop()));
  const heads = filled.map(({ events }) => events.toLocaleString("en-US"));
  return `Each report: median ms / p95 ms / rows read.\n\n${table(["`GET /reports?`", ...heads, "p95, largest / smallest"], lines)}`;
}

async function timeOf({ base }: Ours, question: string): Promise<number> {
  const since = new Date(Date.now() - days * day).toISOString().slice(0, 10);
  const start = performance.now();
  const answer = await fetch(`${base}/reports?${question.replace("DAYS90", since)}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${question}: ${answer.status} ${text}`);
  return performance.now() - start;
}

function p95Of(times: number[]): number {
  return percentile(
    [...times].sort((a, b) => a - b),
    95,
  );
}

/** Actions of ninety days, spread evenly, and the totals that they make. */
export async function fillBooks(ours: Ours, actions: number): Promise<void> {
  const start = Date.now() - days * day;
  for (let from = 0; from < actions; from += sliceSize) {
    const to = Math.min(actions, from + sliceSize);
    await ours.sql(`insert into actions (source_id, action_id, state, stage, payout, amount, currency, campaign_id, action_tracker_id, sub_id1, sub_id2,
        sub_id3, shared_id, promo_code, is_test, event_date, gaps, events, first_event, last_event)
      with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${to - 1})
      select 'src_bench', '10014.' || i, case i % 10 when 0 then 'REVERSED' when 1 then 'PENDING' when 2 then 'PENDING' else 'APPROVED' end, 'tracked',
        (i % 9000) * 10000, (i % 90000) * 10000, iif(i % 20 = 3, 'GBP', 'USD'), i % 20, i % 60, 'user-' || (i * 7919 % 5000), 'page-' || (i * 31 % 50), null,
        'partner-' || (i * 17 % 300), iif(i % 5 = 0, 'CODE' || (i % 40), null), 0, cast(${start} + i * ${(days * day) / actions} as integer), 0, 3, 'evt_' || i, 'evt_' || i
      from n`);
  }
  await ours.sql(totalsOf("''", "''", 900_000));
  await ours.sql(totalsOf("'hour'", "''", 3_600_000));
  await ours.sql(totalsOf("'sub_id1/week'", "coalesce(sub_id1, '')", 7 * day));
  for (const [dimension, column] of Object.entries(columns)) await ours.sql(totalsOf(`'${dimension}'`, `coalesce(${column}, '')`, day));
}

const columns = {
  campaign: "campaign_id",
  action_tracker: "action_tracker_id",
  sub_id1: "sub_id1",
  sub_id2: "sub_id2",
  sub_id3: "sub_id3",
  shared_id: "shared_id",
  promo_code: "promo_code",
};

function totalsOf(dimension: string, value: string, unit: number): string {
  return `insert into totals (source_id, dimension, at, value, currency, state, actions, payout_units, payout_micros, amount_units, amount_micros)
    select source_id, ${dimension}, event_date / ${unit} * ${unit} as at, ${value} as value, currency, state, count(*),
      sum(payout / 1000000), sum(payout % 1000000), sum(amount / 1000000), sum(amount % 1000000)
    from actions group by source_id, at, value, currency, state`;
}
