import { type Cost, costOf, costOfBatch, costOfDelivered, meteredEntry, send } from "../bill.ts";
import { fill } from "../fill.ts";
import type { Options } from "../options.ts";
import { postback } from "../postback.ts";
import { gateways, prices } from "../prices.ts";
import { type FarSide, type Ours, startFarSide, startOurs } from "../server.ts";
import { table } from "../table.ts";

interface Case {
  name: string;
  postbacks: number;
  cost: Cost;
}

/** What a postback costs in D1, Queues and calls, counted by the running Worker, and in dollars a million. No rounds: counts are exact. */
export async function costs({ say }: Options): Promise<string> {
  const far = await startFarSide();
  const cases: Case[] = [];
  for (const [vars, destinations, measure] of setups) {
    const archive = "RETENTION_DAYS" in vars;
    const ours = await startOurs({
      entry: meteredEntry,
      vars,
      archive,
      destinations: Array.from({ length: destinations }, (_, n) => ({ url: `${far.url}/${n}` })),
    });
    await measure({ ours, far, note: (name, postbacks, cost) => cases.push({ name, postbacks, cost }), say });
    await ours.stop();
  }
  await far.stop();
  return [countsOf(cases), pricesOf(cases), "A month of a million events with one delivery each, at hosted gateways:", hosted(cases)].join(
    "\n\n",
  );
}

interface Setup {
  ours: Ours;
  far: FarSide;
  note(name: string, postbacks: number, cost: Cost): void;
  say(progress: string): void;
}

const queueFirst = { INGEST_MODE: "queue" };
const day = 86_400_000;
const old = 600;

const setups: [vars: Record<string, string>, destinations: number, measure: (setup: Setup) => Promise<void>][] = [
  [{}, 0, withoutDestination],
  [{}, 1, withOne],
  [{}, 3, async (setup) => setup.note("3 destinations, each delivered at the first try", 1, await costOfDelivered(setup.ours, 1, 3))],
  [queueFirst, 0, queued],
  [queueFirst, 1, async (setup) => setup.note("queue first, a batch of 100, one destination", 100, await costOfBatch(setup.ours, 100, 1))],
  [{ RETENTION_DAYS: "30" }, 3, archived],
];

async function withoutDestination(setup: Setup): Promise<void> {
  const { ours, note } = setup;
  const query = postback();
  note("no destination", 1, await costOf(ours, () => send(ours, query)));
  note("the same again (duplicate)", 1, await costOf(ours, () => send(ours, query)));
  note("quarantined", 1, await costOf(ours, () => send(ours, `${postback()}&payout=much`, 422)));
  const rows = await ours.stored();
  const failing = () => fetch(`${ours.base}/bench/fail?times=1&sql=${encodeURIComponent("insert into events")}`);
  await failing();
  const isStored = async () => (await ours.stored()) > rows;
  note("deferred: D1 refuses once", 1, await costOf(ours, () => send(ours), isStored));
}

async function withOne(setup: Setup): Promise<void> {
  setup.note("one destination, delivered at the first try", 1, await costOfDelivered(setup.ours, 1, 1));
  setup.say("a first try fails, and 5 s later the second does not");
  await setup.far.fail(1);
  setup.note("one destination, the first try fails, the second delivers", 1, await costOfDelivered(setup.ours, 1, 1));
}

async function queued(setup: Setup): Promise<void> {
  for (const size of [1, 10, 100]) setup.note(`queue first, a batch of ${size}`, size, await costOfBatch(setup.ours, size, 0));
}

/** Events with one delivery and one attempt each that retention moves into the archive. */
async function archived({ ours, note }: Setup): Promise<void> {
  await fill(ours, old, { start: Date.now() - 40 * day, everyMs: 1000, first: 10 });
  note(
    "moved into the archive, with a delivery and an attempt",
    old,
    await costOf(ours, () => fetch(`${ours.base}/bench/sweep`, { method: "POST" })),
  );
  if ((await ours.stored()) > 1) throw new Error("retention left old events behind"); // the last one stays, so that `seq` goes on
}

function countsOf(cases: Case[]): string {
  return table(
    [
      "a postback",
      "round trips before the answer",
      "in all",
      "rows read",
      "rows written",
      "Queue operations (written + read + deleted)",
      "calls of the Worker",
    ],
    cases.map(({ name, postbacks, cost }) => {
      const each = (value: number) => String(Math.round((value / postbacks) * 100) / 100);
      const { written, read, deleted } = cost.queue;
      const operations = `${each(written + read + deleted)} (${each(written)} + ${each(read)} + ${each(deleted)})`;
      return [
        name,
        each(cost.beforeAnswers),
        each(cost.roundTrips),
        each(cost.rowsRead),
        each(cost.rowsWritten),
        operations,
        each(cost.calls + cost.batches),
      ];
    }),
  );
}

/** Dollars for one postback of a case. */
function dollarsOf({ postbacks, cost }: Case) {
  const { written, read, deleted } = cost.queue;
  const d1 = (cost.rowsWritten * prices.rowWritten + cost.rowsRead * prices.rowRead) / postbacks;
  const queues = ((written + read + deleted) * prices.queueOperation) / postbacks;
  const calls = ((cost.calls + cost.batches) * prices.request) / postbacks;
  return { d1, queues, calls, all: d1 + queues + calls };
}

function pricesOf(cases: Case[]): string {
  const million = (dollars: number) => `$${(dollars * 1e6).toFixed(2)}`;
  return table(
    ["a million of them", "D1", "Queues", "calls", "together"],
    cases.map((one) => {
      const { d1, queues, calls, all } = dollarsOf(one);
      return [one.name, million(d1), million(queues), million(calls), million(all)];
    }),
  );
}

function hosted(cases: Case[]): string {
  const own = cases.find(({ name }) => name.startsWith("one destination, delivered"));
  const rows = gateways.map(({ name, plan, perMillion, says, page, read }) => [
    name,
    plan,
    perMillion === null ? "not known" : `$${perMillion.toFixed(0)}`,
    says,
    `${page}, transcribed ${read}`,
  ]);
  const ours = own ? `$${(dollarsOf(own).all * 1e6 + 5).toFixed(2)}` : "";
  return table(
    ["", "plan", "a month", "how", "from"],
    [
      [
        "Postback Edge",
        "Workers Paid",
        ours,
        "$5 a month, and the line “one destination” above as if nothing were included",
        "the table above",
      ],
      ...rows,
    ],
  );
}
