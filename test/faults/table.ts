import { until } from "../flow/edge.ts";
import { deployTomorrow } from "./deploy.ts";
import { d1Errors, type Order } from "./fault.ts";
import type { Setup } from "./machine.ts";
import { silent } from "./receivers.ts";
import type { Fault, Stage } from "./round.ts";

const impatient = { STORE_TIME_LIMIT_MS: "500", INTAKE_TIME_LIMIT_MS: "1500" };
/** The local Queue forgets at a kill, so there D1 is waited for, as under `npm start`. */
const patient = { STORE_TIME_LIMIT_MS: "20000" };

/** The edges that rows are played on. */
export const setups = {
  direct: { vars: impatient },
  buried: { vars: impatient, maxRetries: 2 },
  queued: { vars: { ...impatient, INGEST_MODE: "queue" } },
  deployed: { vars: patient },
  mortal: { vars: patient },
  plain: { vars: patient, isPlain: true },
} satisfies Record<string, Setup>;

const fails = (at: string, times: number, more: Partial<Order> = {}): Order => ({ at, do: "throw", error: d1Errors.lost, times, ...more });
const stalls = (at: string, times: number, ms = 1500): Order => ({ at, do: "stall", ms, times });
const queueFails = (at: string, times: number): Order => ({ at, do: "throw", error: "Queue is overloaded. Please back off.", times });
/** Every ring of the door is lost, so that all is left to the sweep. */
const ringless: Order = { ...queueFails("queue before ring", 100_000), on: "door" };
const often = { every: 2 };
const all = 100_000;

const row = (name: string, orders: Order[], more: Partial<Fault> = {}): Fault => ({
  name,
  setup: "direct",
  mayRepeat: false,
  orders,
  ...more,
});
const dies = (name: string, at: string, nth: number, more: Partial<Fault> = {}): Fault =>
  row(name, [{ at, do: "die", nth }], { setup: "mortal", mayRepeat: true, ...more });
/** With receipts going through the intake Queue first. */
const queued = (name: string, orders: Order[], more: Partial<Fault> = {}): Fault =>
  row(`queue first: ${name}`, orders, { setup: "queued", ...more });

/** Every fault of `npm run faults`; those with `isShort` are in `npm test` too. A new fault is a new line. */
export const table: Fault[] = [
  row("none", [], { isShort: true }),

  // D1, at each thing that we ask of it: it throws, it stalls, it commits and its answer is lost.
  row("D1 throws: store", [fails("D1 before store", 12, often)], { wants: "deferred" }),
  row("D1 stalls: store", [stalls("D1 before store", 10)], { pauseMs: 2000, wants: "deferred", isShort: true }),
  row("D1 commits, answer lost: store", [fails("D1 after store", 12, { ...often, error: d1Errors.reset })], { isShort: true }),
  row("D1 commits, answer late: store", [stalls("D1 after store", 10)], { pauseMs: 2000 }),
  row("D1 overloaded for all calls", [fails("D1 before store", 60, { error: d1Errors.overloaded })], { wants: "deferred" }),
  row("D1 throws: claim", [fails("D1 before claim", 5)]),
  row("D1 stalls: claim", [stalls("D1 before claim", 5)]),
  row("D1 commits, answer lost: claim", [fails("D1 after claim", 3)]),
  row("D1 throws: record", [fails("D1 before record", 1)]), // the second try succeeds, for each outcome in the batch
  row("D1 throws twice: record", [fails("D1 before record", 8)], { mayRepeat: true }),
  row("D1 stalls: record", [stalls("D1 before record", 6)]),
  row("D1 commits, answer lost: record", [fails("D1 after record", 6)], { isShort: true }),
  row("D1 throws: catalog", [fails("D1 before catalog", 6)]),
  row("D1 stalls: catalog", [stalls("D1 before catalog", 4)]),
  row("D1 throws: quarantine", [fails("D1 before quarantine", 4)], { isShort: true }),
  row("D1 stalls: quarantine", [stalls("D1 before quarantine", 4)]),
  row("D1 commits, answer lost: quarantine", [fails("D1 after quarantine", 4)]),
  row("D1 throws: sweep", [ringless, fails("D1 before sweep", 1)]),
  row("D1 stalls: sweep", [ringless, stalls("D1 before sweep", 1)]),
  row("D1 commits, answer lost: sweep", [ringless, fails("D1 after sweep", 1)]),

  // The queues
  row("Queue throws: rings", [ringless]),
  row("Queue stalls: rings", [stalls("queue before ring", 40, 3000)]),
  row("Queue takes, answer lost: rings", [queueFails("queue after ring", 40)]),
  row("Queue throws: intake, D1 down", [fails("D1 before store", 40), queueFails("intake before send", 20)], { isShort: true }),
  row("Queue stalls: intake, D1 down", [fails("D1 before store", 40), stalls("intake before send", 10, 2500)], { pauseMs: 3000 }),
  row("Queue takes, answer lost: intake, D1 down", [fails("D1 before store", 40), queueFails("intake after send", 10)]),
  row("rings twice", [{ at: "queue before ring", do: "twice", times: all }]),
  row("batches of rings twice at once", [{ at: "batch of rings", do: "twice", times: all }], { isShort: true }),
  row("rings late", [{ at: "queue before ring", do: "late", ms: 3000, times: all, every: 2 }]),
  row("rings in reverse", [
    { at: "queue before ring", do: "reverse", times: all },
    { at: "batch of rings", do: "reverse", times: all },
  ]),
  row("receipts twice, D1 down", [fails("D1 before store", 40), { at: "intake before send", do: "twice", times: all }], { isShort: true }),
  row("receipts late and in reverse, D1 down", [
    fails("D1 before store", 40),
    { at: "intake before send", do: "reverse", times: all },
    { at: "batch of receipts", do: "reverse", times: all },
  ]),
  row("rings lost to the dead-letter queue", [{ at: "batch of rings", do: "perish", times: 12 }], { setup: "buried" }),
  row("receipts lost to the dead-letter queue", [fails("D1 before store", 40), { at: "batch of receipts", do: "perish", times: 12 }], {
    setup: "buried",
  }),

  // Invocations that end before their time, in one isolate that lives on
  row("door ends after its commit", [{ at: "D1 after store", do: "perish", times: 6, every: 3 }], { isShort: true }),
  row("door ends before its ring", [{ at: "queue before ring", do: "perish", on: "door", times: 10 }]),
  row("consumer ends before sending", [{ at: "before request", do: "perish", times: 3 }], { mayRepeat: true }),
  row("consumer ends after sending", [{ at: "after request", do: "perish", times: 3 }], { mayRepeat: true, isShort: true }),
  row("consumer ends within a batch", [{ at: "D1 after record", do: "perish", nth: 3, times: 3, every: 3 }], { mayRepeat: true }),
  row("consumer of receipts ends within a batch, D1 down", [
    fails("D1 before store", 30),
    { at: "D1 after store", on: "consumer", do: "perish", times: 2 },
  ]),
  row("cron ends within its work", [ringless, { at: "D1 after sweep", do: "perish", on: "sweep", times: 1 }]),

  // With INGEST_MODE=queue the same, by the other lane first
  queued("none", [], { wants: "deferred" }),
  queued("D1 throws: store", [fails("D1 before store", 6)], { wants: "deferred", isShort: true }),
  queued("D1 stalls: store", [stalls("D1 before store", 3)]),
  queued("D1 commits, answer lost: store", [fails("D1 after store", 3)]),
  queued("D1 throws: catalog", [fails("D1 before catalog", 6)]),
  queued("Queue throws: intake", [queueFails("intake before send", 40)], { wants: "accepted" }),
  queued("Queue stalls: intake", [stalls("intake before send", 20, 2500)], { wants: "accepted" }),
  queued("Queue takes, answer lost: intake", [queueFails("intake after send", 20)], { isShort: true }),
  queued("Queue throws: intake, D1 down", [fails("D1 before store", 20), queueFails("intake before send", 40)]),
  queued("receipts twice", [{ at: "intake before send", do: "twice", times: all }]),
  queued("batches of receipts twice at once", [{ at: "batch of receipts", do: "twice", times: all }]),
  queued("receipts late and in reverse", [
    { at: "intake before send", do: "reverse", times: all },
    { at: "batch of receipts", do: "reverse", times: all },
  ]),
  queued("consumer of receipts ends before its commit", [{ at: "D1 before store", do: "perish", times: 3 }]),
  queued("consumer of receipts ends after its commit", [{ at: "D1 after store", do: "perish", times: 3 }]),
  queued("consumer of receipts ends at its end", [{ at: "end of batch of receipts", do: "perish", times: 3 }]),

  row("recovery whose rings are lost", [{ ...queueFails("queue before ring", 20), on: "consumer" }], {
    mayRepeat: true,
    after: recoverAll,
  }),

  // Cron
  row("cron missed", [ringless], { cron: "missed" }),
  row("cron twice at once", [ringless], { cron: "twice", isShort: true }),

  // Clocks
  row("clock of the consumer 30 s ahead", [], { clocks: { consumer: () => 30_000 } }),
  row("clock of the consumer 30 s behind", [], { clocks: { consumer: () => -30_000 } }),
  row("clock of the consumer 1 h ahead", [], { clocks: { consumer: () => 3_600_000 } }),
  row("clock of the door 1 h ahead", [], { clocks: { door: () => 3_600_000 }, passMs: 1_200_000 }),
  row("clock of the door 1 h behind", [], { clocks: { door: () => -3_600_000 } }),
  row("clock of the door goes back 1 h", [], { clocks: { door: () => -3_600_000 }, isEarly: true, isShort: true }),
  row("clock of the consumer goes back 1 h", [], { clocks: { consumer: () => -3_600_000 }, isEarly: true, passMs: 1_200_000 }),
  row("clock of the sweep 1 h ahead", [ringless], { clocks: { sweep: () => 3_600_000 } }),
  row("clocks leap, and jump to and fro", [], {
    clocks: { door: (ms) => 5000 * Math.floor(ms / 1000), consumer: (ms) => 20_000 * Math.sin(ms / 500) },
    mayRepeat: true,
    isShort: true,
  }),

  // The far side
  row("far side down, then up", [], { far: { behave: down(3000) }, isShort: true }),
  row("far side down, and the rings for its next attempts lost", [{ ...queueFails("queue before ring", all), on: "consumer" }], {
    far: { behave: down(2000) },
  }),
  row("far side hangs, then answers", [], { far: { behave: hanging(4), timeout: 1 }, mayRepeat: true }),
  row("far side answers too late", [], { far: { behave: late(3, 1500), timeout: 1 }, mayRepeat: true }),
  row("far side down, with limits", [], {
    far: { behave: down(1500), limits: { concurrency: 2, rate_limit: { limit: 30, period: "second" } } },
  }),
  row(
    "D1 and queue fail at random",
    [
      { ...fails("D1 *", 40, { every: 7 }), nth: 5 },
      { ...queueFails("queue *", 20), every: 3 },
    ],
    { mayRepeat: true },
  ),

  // Deaths of all processes, at one instant
  dies("killed before the commit", "D1 before store", 15),
  dies("killed after the commit", "D1 after store", 15),
  dies("killed before the ring", "queue before ring", 15),
  dies("killed before sending", "before request", 10),
  dies("killed after sending, before recording", "after request", 10, { isShort: true }),
  dies("killed before the record", "D1 before record", 12),
  dies("killed within a batch, some of it recorded", "D1 after record", 9),
  dies("killed in quarantine", "D1 after quarantine", 3),
  dies("killed by the sweep's side", "D1 after sweep", 1, { orders: [ringless, { at: "D1 after sweep", do: "die" }] }),
  { name: "a deploy with a new migration, under load", setup: "deployed", mayRepeat: true, isUnderLoad: true, deed: deployTomorrow },
  {
    name: "SIGKILL at random moments under load",
    setup: "plain",
    mayRepeat: true,
    isUnderLoad: true,
    isShort: true,
    rounds: 25,
    deed: killAtRandom,
  },
];

/** Kills and starts again, as often as asked. */
async function killAtRandom({ edge, random, pause }: Stage, kills: number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await pause(300 + random() * 1200);
    edge.kill();
    await edge.start();
    void edge.cron(); // as npm start does
  }
  await pause(300);
}

/** Sends everything once more, slice by slice, and each slice's ring for the next one may be lost. */
async function recoverAll({ edge, receivers, minute, pause }: Stage): Promise<void> {
  const destination = receivers.find(({ name }) => name === "all")?.id;
  const scope = { destination, states: ["delivered"], since: "2026-01-01T00:00:00Z", rate: 10 };
  const { id } = await edge.operate("/recoveries", scope);
  await until(async () => {
    await minute();
    await pause(1000);
    const { state, progress } = await edge.operate(`/recoveries/${id}`);
    return state === "finished" && progress.delivered > 0 && progress.delivered === progress.total;
  }, 60_000);
}

type Behave = NonNullable<NonNullable<Fault["far"]>["behave"]>;

function down(forMs: number): Behave {
  return (response, _arrival, ms) => {
    if (ms < forMs) response.writeHead(503, { "retry-after": "1" }).end();
  };
}

function hanging(first: number): Behave {
  return (response, _arrival, _ms, nth) => {
    if (nth <= first) silent(response);
  };
}

function late(every: number, ms: number): Behave {
  return (response, _arrival, _ms, nth) => {
    if (nth % every === 0) silent(response, ms);
  };
}
