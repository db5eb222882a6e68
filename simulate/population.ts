import { type Chance, newChance } from "./chance.ts";
import { type Clock, day, minute, newClock, second } from "./clock.ts";
import { type Happening, listHappenings, type TellingWays } from "./happenings.ts";
import { type Action, append, type Change, planAction, type Ways, worthBefore } from "./life.ts";
import { type Inquiry, type Job, planInquiry, planJob } from "./matters.ts";
import type { Micros } from "./money.ts";
import { changesAt, stateAt, type Truth, trueAction, trueInquiry, trueJob } from "./truth.ts";

export interface PopulationOptions extends Partial<Ways>, Partial<TellingWays> {
  seed: number | string;
  /** How many actions are tracked between `since` and `until`, beside those that inquiries make. */
  actions: number;
  inquiries?: number;
  jobs?: number;
  since?: number;
  until?: number;
  /** The present; it stands at `until` unless another is given. */
  clock?: Clock;
  /** Whether the numbers in update ids grow with time. That is not documented, so nobody may build on it. */
  updateNumbers?: "ascending" | "any";
}

/**
 * Actions, inquiries and jobs that live by a plan made from the seed. The plan reaches beyond the present: only what has happened by
 * `clock.now()` can be seen. The moves by hand happen now and cancel what was planned for that action; move the clock on (a second at
 * least) before them, so that `happened` tells them as new.
 */
export interface Population {
  readonly clock: Clock;
  readonly actions: readonly Action[];
  readonly inquiries: readonly Inquiry[];
  readonly jobs: readonly Job[];
  /** Tracked by now, in no order. */
  visibleActions(): Action[];
  happened(after: number, until: number): Happening[];
  truth(): Truth;
  track(): Action;
  modify(id: string, payout: Micros, amount: Micros): Change;
  reverse(id: string, reason?: string): Change;
  reinstate(id: string): Change;
  /** Locks it now; a pending action is APPROVED from here on, and nobody is told. */
  lock(id: string): void;
  /** Clears a locked action now. */
  clear(id: string): void;
}

const defaults = {
  since: Date.UTC(2026, 5, 1, 8, 0, 0),
  changing: 0.5,
  changeWithin: 20 * day,
  lockAfter: [day, 30 * day] as const,
  clearAfter: [day, 10 * day] as const,
  clearingDeltas: "last" as const,
  failedJobs: "told" as const,
};

export function newPopulation(options: PopulationOptions): Population {
  const since = seconds(options.since ?? defaults.since);
  const until = seconds(options.until ?? since + 30 * day);
  const ways = { ...defaults, ...options };
  const clock = options.clock ?? newClock(until);
  const chance = newChance(options.seed);
  const inquiries = planInquiries(chance.fork("inquiries"), options, since, until, ways);
  const tracked = planActions(chance.fork("actions"), options.actions, since, until, ways);
  const actions = [...tracked, ...inquiries.flatMap(({ action }) => action ?? [])];
  const jobs = times(chance.fork("job times"), options.jobs ?? 0, since, until).map((at, index) =>
    planJob(chance.fork(`job ${index}`), at),
  );
  let nextNumber = number(actions, options.updateNumbers === "ascending" ? null : chance.fork("numbers"));

  const find = (id: string): Action => {
    const action = actions.find((candidate) => candidate.id === id);
    if (!action) throw new Error(`There is no action ${id}.`);
    return action;
  };
  const move = (id: string, made: (action: Action) => Parameters<typeof append>[2]): Change => {
    const action = find(id);
    if (clock.now() >= action.lockingAt) throw new Error(`Action ${id} is locked: it can no longer change.`);
    action.changes = changesAt(action, clock.now());
    const change = append(action, Math.max(seconds(clock.now()), action.changes.at(-1)?.at ?? 0), made(action));
    change.id = `${id}.${nextNumber++}`;
    return change;
  };

  return {
    clock,
    actions,
    inquiries,
    jobs,
    visibleActions: () => actions.filter((action) => (action.changes[0] as Change).at <= clock.now()),
    happened: (after, until) => listHappenings({ actions, inquiries, jobs }, ways, after, until),
    truth: () => truthOf({ actions, inquiries, jobs }, clock.now()),
    track: () => {
      const serial = actions.length;
      const action = planAction(chance.fork(`by hand ${serial}`), serial, seconds(clock.now()), { ...ways, changing: 0 });
      for (const change of action.changes) change.id = `${action.id}.${nextNumber++}`;
      actions.push(action);
      return action;
    },
    modify: (id, payout, amount) => move(id, () => ({ sort: "modified", payout, amount })),
    reverse: (id, detail = "OTHER") => move(id, () => ({ sort: "reversed", payout: 0n, amount: 0n, detail })),
    reinstate: (id) => move(id, (action) => ({ sort: "reinstated", ...worthBefore(action) })),
    lock: (id) => {
      const action = find(id);
      action.changes = changesAt(action, clock.now());
      action.lockingAt = seconds(clock.now());
      action.clearingAt = Math.max(action.clearingAt, action.lockingAt + minute);
    },
    clear: (id) => {
      if (stateAt(find(id), clock.now()) !== "APPROVED") throw new Error(`Action ${id} is not approved: it cannot be cleared.`);
      find(id).clearingAt = seconds(clock.now());
    },
  };
}

function planActions(chance: Chance, count: number, since: number, until: number, ways: Ways): Action[] {
  return times(chance.fork("times"), count, since, until).map((at, index) => planAction(chance.fork(`${index}`), index, at, ways));
}

/** Half of the inquiries are resolved within the first half of the time that is left to them, the others later, or beyond the present. */
function planInquiries(chance: Chance, options: PopulationOptions, since: number, until: number, ways: Ways): Inquiry[] {
  return times(chance.fork("times"), options.inquiries ?? 0, since, until).map((createdAt, index) => {
    const own = chance.fork(`${index}`);
    const resolvedAt = createdAt + second + seconds(own.int(0, Math.max(second, 2 * (until - createdAt))));
    const action = { ...planAction(own, 500_000 + index, resolvedAt, ways), referringType: "ACTION_INQUIRY" };
    return planInquiry(own, index, createdAt, resolvedAt, action);
  });
}

function times(chance: Chance, count: number, since: number, until: number): number[] {
  return Array.from({ length: count }, () => seconds(chance.int(since, until))).sort((a, b) => a - b);
}

/** Gives every planned change its number, growing with time or (with chance) in any order; returns the first number that is free. */
function number(actions: Action[], chance: Chance | null): number {
  const all = actions.flatMap((action) => action.changes.map((change) => ({ action, change }))).sort((a, b) => a.change.at - b.change.at);
  const numbers = all.map((_, index) => 95_000_000 + index);
  const given = chance ? chance.shuffle(numbers) : numbers;
  for (const [index, { action, change }] of all.entries()) change.id = `${action.id}.${given[index]}`;
  return 95_000_000 + all.length;
}

function truthOf(living: { actions: Action[]; inquiries: Inquiry[]; jobs: Job[] }, now: number): Truth {
  const actions = living.actions.filter(({ changes }) => (changes[0] as Change).at <= now);
  return {
    actions: actions.map((action) => trueAction(action, now)).sort(byId),
    inquiries: living.inquiries
      .filter(({ createdAt }) => createdAt <= now)
      .map((inquiry) => trueInquiry(inquiry, now))
      .sort(byId),
    jobs: living.jobs
      .filter(({ createdAt }) => createdAt <= now)
      .map((job) => trueJob(job, now))
      .sort(byId),
  };
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function seconds(ms: number): number {
  return Math.floor(ms / second) * second;
}
