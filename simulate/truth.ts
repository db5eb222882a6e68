import type { Action, Change, State } from "./life.ts";
import { type Inquiry, inquiryStatus, type Job, jobStatus } from "./matters.ts";
import { formatMoney, type Micros } from "./money.ts";

/** What a perfect ledger must say, row by row. Rows are in order of their ids; times are milliseconds. */
export interface Truth {
  actions: TrueAction[];
  inquiries: TrueInquiry[];
  jobs: TrueJob[];
}

export interface TrueAction {
  id: string;
  state: State;
  payout: Micros;
  amount: Micros;
  /** The same as impact.com writes them. */
  payoutText: string;
  amountText: string;
  currency: string;
  eventAt: number;
  lockingAt: number;
  clearedAt: number | null;
  campaignId: string;
  campaignName: string;
  actionTrackerId: string;
  subId1: string;
  subId2: string;
  subId3: string;
  sharedId: string;
  promoCode: string;
  /** In the order in which they happened. */
  updates: TrueUpdate[];
}

export interface TrueUpdate {
  id: string;
  at: number;
  state: "PENDING" | "REVERSED";
  payout: Micros;
  amount: Micros;
  deltaPayout: Micros;
  deltaAmount: Micros;
}

export interface TrueInquiry {
  id: string;
  status: "UNRESOLVED" | "VALID" | "DECLINED" | "INCOMPLETE";
  actionId: string | null;
  rejectReason: string;
}

export interface TrueJob {
  id: string;
  status: "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED";
  bytes: number | null;
}

/** The changes of an action that have happened by an instant. */
export function changesAt(action: Action, now: number): Change[] {
  return action.changes.filter((change) => change.at <= now);
}

/** PENDING becomes APPROVED by the locking date alone; what is reversed stays so. */
export function stateAt(action: Action, now: number): State {
  const last = changesAt(action, now).at(-1);
  return last?.state === "REVERSED" ? "REVERSED" : now >= action.lockingAt ? "APPROVED" : "PENDING";
}

/** When it was cleared, or null when that has not happened by `now`. Only what is approved is cleared. */
export function clearedAt(action: Action, now: number): number | null {
  return now >= action.clearingAt && stateAt(action, now) === "APPROVED" ? action.clearingAt : null;
}

export function trueAction(action: Action, now: number): TrueAction {
  const updates = changesAt(action, now);
  const last = updates.at(-1) as Change;
  return {
    id: action.id,
    state: stateAt(action, now),
    payout: last.payout,
    amount: last.amount,
    payoutText: formatMoney(last.payout, action.currency.decimals),
    amountText: formatMoney(last.amount, action.currency.decimals),
    currency: action.currency.code,
    eventAt: action.eventAt,
    lockingAt: action.lockingAt,
    clearedAt: clearedAt(action, now),
    campaignId: action.campaign.id,
    campaignName: action.campaign.name,
    actionTrackerId: action.tracker.id,
    subId1: action.subId1,
    subId2: action.subId2,
    subId3: action.subId3,
    sharedId: action.sharedId,
    promoCode: action.promoCode,
    updates: updates.map(({ id, at, state, payout, amount, deltaPayout, deltaAmount }) => ({
      id,
      at,
      state,
      payout,
      amount,
      deltaPayout,
      deltaAmount,
    })),
  };
}

export function trueInquiry(inquiry: Inquiry, now: number): TrueInquiry {
  const status = inquiryStatus(inquiry, now);
  const isOpen = status === "UNRESOLVED";
  return {
    id: inquiry.id,
    status,
    actionId: isOpen ? null : (inquiry.action?.id ?? null),
    rejectReason: isOpen ? "" : inquiry.rejectReason,
  };
}

export function trueJob(job: Job, now: number): TrueJob {
  const status = jobStatus(job, now);
  return { id: job.id, status, bytes: status === "COMPLETED" ? job.result.length : null };
}
