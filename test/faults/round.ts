import { operator, until } from "../flow/edge.ts";
import type { Arrival } from "../flow/far-side.ts";
import type { Clocks, newControl } from "./control.ts";
import type { Verdict } from "./evidence.ts";
import type { Order } from "./fault.ts";
import { type Edge, secrets, type Workshop } from "./machine.ts";
import { type Random, randomFrom } from "./notifications.ts";
import { judge } from "./promises.ts";
import { newReader } from "./reader.ts";
import { hopeless, newReceivers, type Receiver, type Wishes } from "./receivers.ts";
import { newSender, type Sender } from "./sender.ts";
import { endless, workload } from "./workload.ts";

/** What a row's own deeds work with. */
export interface Stage {
  edge: Edge;
  workshop: Workshop;
  /** What the far side heard so far. */
  arrivals: Arrival[];
  receivers: Receiver[];
  random: Random;
  /** Time passes for the edge, and cron comes. */
  minute(): Promise<void>;
  pause(ms: number): Promise<void>;
}

/** One row of the table. */
export interface Fault {
  name: string;
  setup: keyof typeof import("./table.ts").setups;
  /** What happens at the border, while and after the load is sent. */
  orders?: Order[];
  clocks?: Clocks;
  far?: Wishes;
  /** A word of `x-event-status` that some answer must have had, or the fault was not what it should be. */
  wants?: string;
  /** The clocks are off before the row's sources and destinations are made. */
  isEarly?: boolean;
  /** How much time passes from one cron to the next, while all comes to its end: a minute. */
  passMs?: number;
  /** How long the sender waits before it sends again. */
  pauseMs?: number;
  /** Cron comes once, unless said otherwise: `twice` at once, or first not at all for a while. */
  cron?: "once" | "twice" | "missed";
  /** May a delivery reach the far side twice? */
  mayRepeat: boolean;
  /** Something else that befalls the edge, while the load is sent. */
  deed?(stage: Stage, kills: number): Promise<void>;
  /** The same, when all has been delivered. */
  after?(stage: Stage): Promise<void>;
  /** The load goes on until the deed is done, in real time. */
  isUnderLoad?: boolean;
  /** Whether the short form has it; all rows are in the long one. */
  isShort?: boolean;
  rounds?: number;
}

export interface Result extends Verdict {
  seed: number;
}

/** What a row is played on. `kills`: how often a row under load kills. */
export interface Ground {
  workshop: Workshop;
  edge: Edge;
  control: Awaited<ReturnType<typeof newControl>> | null;
  size: number;
  kills: number;
}

const settleLimitMs = 75_000;
/** When nothing has arrived for so long, cron comes. */
const standstillMs = 2000;

/** Under an endless load, each client rests so long after each action: what is stored has to be delivered too. */
const restMs = 150;

/** Rows share edges, so each has names of its own. */
let plays = 0;

/** Sends a load, lets the fault happen, waits until all has come to its end, and judges. */
export async function play(fault: Fault, { workshop, edge, control, size, kills }: Ground, seed: number): Promise<Result> {
  const random = randomFrom(seed);
  const mark = `m${seed}.${++plays}`;
  if (fault.isEarly) control?.arm([], fault.clocks);
  const names = { window: `window ${mark}`, ledger: `ledger ${mark}` };
  const source = (name: string, more = {}) => edge.operate("/sources", { name, account: "partner", ...more });
  const window = await source(names.window);
  const ledger = await source(names.ledger, { dedupe_window: 0 });
  const tokens = { window: window.token, ledger: ledger.token };
  const far = await newReceivers(edge, Object.values(names), mark, fault.far ?? {});
  const reader = newReader(edge);
  const sender = newSender(edge.base, tokens, random, fault.pauseMs ?? 300);
  for (const url of far.forbidden) sender.breaches.push(...(await breachesOfForbidden(edge, url)));

  control?.advance(10_000); // so that every machine reads anew what was made
  if (!control) await pause(5500);
  for (const token of Object.values(tokens)) await fetch(`${edge.base}/in/${token}/action-lifecycle`, { method: "HEAD" });
  control?.arm(fault.orders ?? [], fault.clocks);

  let isOver = !fault.isUnderLoad;
  const load = fault.isUnderLoad ? sender.run(endless(mark, random), restMs, () => isOver) : sender.run(workload(mark, size, random));
  const minute = async () => {
    control?.advance(61_000);
    await edge.cron();
  };
  const stage: Stage = { edge, workshop, arrivals: far.arrivals, receivers: far.receivers, random, minute, pause };
  const complain = (error: unknown) => sender.breaches.push(`it did not come to its end: ${error}`);
  await fault.deed?.(stage, kills).catch(complain);
  isOver = true;
  await load;

  const read = async () => {
    const [events, quarantined, deliveries] = await Promise.all([
      listOf(Object.values(names), (name) => reader.list(`/events?source=${encodeURIComponent(name)}`)),
      listOf(Object.values(names), (name) => reader.list(`/quarantine?source=${encodeURIComponent(name)}`)),
      listOf(far.receivers, ({ id }) => reader.list(`/deliveries?destination=${id}`)),
    ]);
    return { events, quarantined, deliveries };
  };
  let before: any[] = [];
  await until(async () => {
    before = (await read().catch(() => null))?.events ?? [];
    return before.length > 0;
  }, settleLimitMs).catch(() => {});
  const good = far.receivers.filter(({ name }) => !hopeless.includes(name));
  const isQuiet = async () => {
    for (const { id } of good) if ((await reader.get(`/deliveries?destination=${id}&state=pending&limit=1`)).data.length > 0) return false;
    return isSettled(sender, await read(), good);
  };
  await settle(fault, edge, control, isQuiet, () => far.arrivals.length);
  if (fault.after) {
    await fault.after(stage).catch(complain);
    await settle(fault, edge, control, isQuiet, () => far.arrivals.length);
  }
  const missed = [...(control?.missed() ?? [])].map((order) => `the fault did not happen: ${order}`);
  control?.disarm();
  const statuses = new Set([...sender.entries.values()].flatMap(({ answers }) => answers.map(({ eventStatus }) => eventStatus)));
  if (fault.wants && !statuses.has(fault.wants)) missed.push(`promise 1: no call was answered "${fault.wants}", though one lane was open`);
  await pause(200); // for what comes too often

  const evidence = await read();
  const actions = new Map<string, any>();
  for (const { action_id } of evidence.events)
    if (action_id && !actions.has(action_id)) actions.set(action_id, await reader.get(`/actions/${encodeURIComponent(action_id)}`));
  for (const { id } of evidence.events.slice(0, 20)) await reader.get(`/events/${id}`);
  for (const path of ["/sources", "/destinations", "/recoveries"]) await reader.get(path);

  const answers = [...sender.entries.values()].flatMap((entry) => entry.answers).concat(sender.botched.map(({ answer }) => answer));
  const verdict = judge({
    ...evidence,
    sender,
    receivers: far,
    before,
    actions,
    said: [...edge.said, ...reader.texts, JSON.stringify(answers)].join("\n"),
    secrets: [...Object.values(secrets), ...Object.values(tokens), ...far.secrets],
    mayRepeat: fault.mayRepeat,
  });
  await far.forget();
  await far.close();
  return { ...verdict, seed, breaches: [...missed, ...verdict.breaches, ...new Set(reader.breaches)] };
}

/** Waits until nothing is under way any more; where it stands still, time passes and cron comes. */
async function settle(
  fault: Fault,
  edge: Edge,
  control: Ground["control"],
  isDone: () => Promise<boolean>,
  progress: () => number,
): Promise<void> {
  const end = Date.now() + settleLimitMs;
  if (fault.cron === "missed") await pause(3000);
  const done = () => isDone().catch(() => false); // it may be starting again
  for (;;) {
    let [seen, since] = [progress(), Date.now()];
    while (Date.now() - since < standstillMs) {
      if (await done()) return;
      await pause(150);
      if (progress() !== seen) [seen, since] = [progress(), Date.now()];
    }
    if (Date.now() > end) return;
    control?.advance(fault.passMs ?? 61_000);
    if (fault.cron === "twice") await Promise.all([edge.cron(), edge.cron()]);
    else await edge.cron();
  }
}

function isSettled(sender: Sender, { events, quarantined, deliveries }: Record<string, any[]>, receivers: Receiver[]): boolean {
  const wanted = [...sender.entries.values()].reduce((sum, { count }) => sum + count, 0);
  const good = new Set(receivers.map(({ id }) => id));
  const isPending = ({ state, destination, attempt_count }: any) => state === "pending" && (good.has(destination) || attempt_count === 0);
  if ((events?.length ?? 0) < wanted || (quarantined?.length ?? 0) < sender.botched.length) return false;
  return !deliveries?.some(isPending);
}

async function breachesOfForbidden(edge: Edge, url: string): Promise<string[]> {
  const input = { name: "forbidden", url: `${url}/` };
  const answer = await operator(edge.base, secrets.OPERATOR_TOKEN)("/destinations", input).catch((error) => String(error));
  return typeof answer === "string" && answer.includes('"status": 422') ? [] : [`promise 8: ${url} was taken as a destination`];
}

async function listOf<T>(list: T[], read: (one: T) => Promise<any[]>): Promise<any[]> {
  return (await Promise.all(list.map(read))).flat();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
