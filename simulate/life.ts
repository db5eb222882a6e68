import type { Chance } from "./chance.ts";
import { minute, second } from "./clock.ts";
import { midnightFrom } from "./dates.ts";
import type { Micros } from "./money.ts";
import * as world from "./world.ts";

export type State = "PENDING" | "APPROVED" | "REVERSED";

/** One change of an action, which is one ActionUpdate and one lifecycle postback. Times are whole seconds, as impact.com's dates are. */
export interface Change {
  /** ActionId + `.` + number. */
  id: string;
  at: number;
  sort: "tracked" | "modified" | "reversed" | "reinstated";
  state: "PENDING" | "REVERSED";
  /** The reason of a reversal, otherwise empty. */
  detail: string;
  payout: Micros;
  amount: Micros;
  deltaPayout: Micros;
  deltaAmount: Micros;
}

/** An action with its whole life, also what is still to come. Its first change is the tracking. */
export interface Action {
  id: string;
  campaign: world.Campaign;
  tracker: { id: string; name: string };
  currency: world.Currency;
  eventAt: number;
  lockingAt: number;
  clearingAt: number;
  changes: Change[];
  oid: string;
  adId: string;
  referringType: string;
  subId1: string;
  subId2: string;
  subId3: string;
  sharedId: string;
  promoCode: string;
  clickId: string;
}

/** How an action may live; spans are in milliseconds, shortest and longest. */
export interface Ways {
  /** The share of actions with changes after the tracking. */
  changing: number;
  /** Changes come within this time of the tracking, and always before the locking. */
  changeWithin: number;
  lockAfter: readonly [number, number];
  clearAfter: readonly [number, number];
}

/** One action's life from its tracking on. Update numbers are given later: `id` of its changes is empty. */
export function planAction(chance: Chance, serial: number, trackedAt: number, ways: Ways): Action {
  const campaign = chance.pick(world.campaigns);
  const tracker = chance.pick(campaign.trackers);
  const lockingAt = midnightFrom(trackedAt + second + chance.int(...ways.lockAfter), campaign.offsetMinutes);
  const action: Action = {
    id: `${campaign.id}.${tracker.id}.${150_000 + serial}`,
    campaign,
    tracker,
    currency: chance.pick(world.currencies),
    eventAt: trackedAt - wholeSeconds(chance.int(0, 20 * minute)),
    lockingAt,
    clearingAt: lockingAt + wholeSeconds(chance.int(...ways.clearAfter)),
    changes: [],
    oid: chance.is(0.9) ? `O-${chance.int(1e8, 9e8)}` : "",
    adId: String(chance.int(500_000, 620_000)),
    referringType: chance.pick(world.referringTypes),
    subId1: chance.pick(world.subIds),
    subId2: chance.is(0.3) ? chance.pick(world.subIds) : "",
    subId3: "",
    sharedId: chance.pick(world.sharedIds),
    promoCode: chance.pick(world.promoCodes),
    clickId: `zLRQ0O${chance.int(1e8, 9e8)}:UkuU-${chance.int(10, 99)}`,
  };
  append(action, trackedAt, firstMove(chance, action.currency));
  const end = Math.min(lockingAt - second, trackedAt + ways.changeWithin);
  if (chance.is(ways.changing)) for (const at of changeTimes(chance, trackedAt, end)) append(action, at, nextMove(chance, action));
  return action;
}

type Move = Pick<Change, "sort" | "payout" | "amount"> & { detail?: string };

/** Puts a change at the end of an action's life: its deltas are against the change before it. */
export function append(action: Action, at: number, move: Move): Change {
  const before = action.changes.at(-1);
  const change: Change = {
    id: "",
    at,
    sort: move.sort,
    state: move.sort === "reversed" ? "REVERSED" : "PENDING",
    detail: move.detail ?? "",
    payout: move.payout,
    amount: move.amount,
    deltaPayout: move.payout - (before?.payout ?? 0n),
    deltaAmount: move.amount - (before?.amount ?? 0n),
  };
  action.changes.push(change);
  return change;
}

/** What an action was worth before it was reversed. */
export function worthBefore(action: Action): { payout: Micros; amount: Micros } {
  const last = action.changes.findLast((change) => change.state !== "REVERSED");
  return { payout: last?.payout ?? 0n, amount: last?.amount ?? 0n };
}

function firstMove(chance: Chance, currency: world.Currency): Move {
  const isFree = chance.is(0.15); // a sign-up that pays nothing
  const isFlat = chance.is(0.1); // a fixed commission, with no sale behind it
  const payout = isFree ? 0n : units(chance.int(1, 99_999), currency);
  const amount = isFlat ? 0n : payout + units(chance.int(0, 999_999), currency);
  return { sort: "tracked", payout, amount };
}

function nextMove(chance: Chance, action: Action): Move {
  const last = action.changes.at(-1) as Change;
  if (last.state === "REVERSED") return { sort: "reinstated", ...worthBefore(action) };
  if (chance.is(0.45)) return { sort: "reversed", payout: 0n, amount: 0n, detail: chance.pick(world.reversalReasons) };
  if (chance.is(0.08)) return { sort: "modified", payout: last.payout, amount: last.amount }; // a category, perhaps: no money moved
  const factor = BigInt(chance.pick([25, 50, 75, 110, 150, 200]));
  const scaled = (value: Micros) => rounded((value * factor) / 100n, action.currency);
  return { sort: "modified", payout: chance.is(0.15) ? last.payout : scaled(last.payout), amount: scaled(last.amount) };
}

/** One to six instants, of which two may share their second. */
function changeTimes(chance: Chance, after: number, end: number): number[] {
  if (end - after < second) return [];
  const wanted = Array.from({ length: chance.pick([1, 1, 1, 2, 2, 3, 4, 6]) }, () => after + wholeSeconds(chance.int(second, end - after)));
  const times = wanted.filter((at) => at > after).sort((a, b) => a - b);
  return times.map((at, index) => (chance.is(0.05) ? (times[index - 1] ?? at) : at)).sort((a, b) => a - b);
}

function units(minor: number, currency: world.Currency): Micros {
  return BigInt(minor) * 10n ** BigInt(6 - currency.decimals);
}

function rounded(micros: Micros, currency: world.Currency): Micros {
  const step = 10n ** BigInt(6 - currency.decimals);
  return (micros / step) * step;
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / second) * second;
}
