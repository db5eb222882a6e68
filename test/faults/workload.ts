import {
  badCalls,
  type Call,
  callOf,
  change,
  clearing,
  integer,
  newAction,
  pick,
  type Random,
  randomDate,
  randomMicros,
  type Saying,
  type Step,
} from "./notifications.ts";

/**
 * What a row's clients send: each list is one client's, to be sent in its order. The source `window` has the usual dedupe window, so
 * any repeat is one; the source `ledger` has none, so that an action may return to an earlier state and only a repeat of its latest
 * is one (`isLedger`). `size` is about how many actions.
 */
export function workload(mark: string, size: number, random: Random): Step[][] {
  const lists: Step[][] = [];
  const action = (to: string) => newAction(`${mark}.${lists.length}`, to, random);
  const towards = (index: number) => (index === 0 ? "doomed" : index === 1 ? "moved" : pick(random, ["chosen", "chosen", "other"]));
  for (let index = 0; index < size; index++) {
    const to = towards(index);
    const form = index < 2 ? sale : pick(random, [sale, sale, life, return_, nameless, job]);
    lists.push(form(action(to), random));
  }
  for (const form of [return_, life, nameless]) lists.push(form(action("chosen"), random));
  lists.push(badCalls(mark).map((bad): Step => ({ do: "botch", bad })));
  lists.push([intrusion(`${mark}.intruder`)]);
  return lists;
}

/** What never ends: for loads that are killed. */
export function* endless(mark: string, random: Random): Generator<Step[]> {
  for (let number = 0; ; number++) {
    const action = newAction(`${mark}.${number}`, pick(random, ["chosen", "other"]), random);
    if (number % 20 === 0) yield badCalls(`${mark}.${number}`).map((bad): Step => ({ do: "botch", bad }));
    yield pick(random, [sale, sale, life, return_, nameless])(action, random);
  }
}

type Action = Record<string, string>;

function say(saying: Saying, random: Random, { copies = 1, isLedger = false, isFresh = false } = {}): Step {
  const calls: Call[] = Array.from({ length: copies }, () => callOf(saying, random));
  return { do: "say", saying, calls, isLedger, isFresh };
}

/** A sale; often more than once at a time, and once more later. */
function sale(action: Action, random: Random): Step[] {
  const saying = change(action, pick(random, ["PENDING", "APPROVED"]), 0n, randomMicros(random), randomDate(random));
  const first = say(saying, random, { copies: 1 + integer(random, 3), isFresh: true });
  return random() < 0.4 ? [first, say(saying, random)] : [first];
}

/** Pending, changed, approved, cleared; and then an old one once more. */
function life(action: Action, random: Random): Step[] {
  const [first, second] = [randomMicros(random), randomMicros(random)];
  const pending = change(action, "PENDING", 0n, first, randomDate(random));
  return [
    say(pending, random, { isFresh: true }),
    say(change(action, "PENDING", first, second, randomDate(random)), random, { isFresh: true }),
    say(change(action, "APPROVED", second, second, randomDate(random)), random, { isFresh: true }),
    say(clearing(action, second, randomDate(random)), random, { isFresh: true }),
    say(pending, random),
  ];
}

/** Pending, repeated, reversed, and back: the third is to the letter what the first was, and is no repeat of it. */
function return_(action: Action, random: Random): Step[] {
  const payout = randomMicros(random) || 1n;
  const date = randomDate(random);
  const pending = change(action, "PENDING", 0n, payout, date);
  const reversed = change(action, "REVERSED", payout, 0n, date);
  const ledger = { isLedger: true, isFresh: true };
  return [
    say(pending, random, { ...ledger, copies: 2 }),
    say(pending, random, { isLedger: true }),
    say(reversed, random, ledger),
    say(pending, random, ledger),
    say(pending, random, { isLedger: true }),
  ];
}

/** A template without the action's id: equal ones within a day are one. */
function nameless({ ActionId: id = "", ...action }: Action, random: Random): Step[] {
  const saying = change({ ...action, SharedId: id }, "PENDING", 0n, randomMicros(random), randomDate(random));
  return [say(saying, random, { copies: 2, isFresh: true }), say(saying, random)];
}

function job({ ActionId: id = "" }: Action, random: Random): Step[] {
  const saying = {
    kind: "job-completion",
    type: "job.completed",
    fields: { JobId: id, Status: "COMPLETED", CompletedDate: randomDate(random) },
  };
  return [say(saying, random, { copies: 2, isFresh: true })];
}

function intrusion(mark: string): Step {
  const query = `ActionId=${mark}&Status=PENDING&Payout=1.00`;
  return { do: "intrude", mark, call: { kind: "action-lifecycle", method: "GET", query, body: null, contentType: null } };
}
