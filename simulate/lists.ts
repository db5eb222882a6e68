import type { Account } from "./account.ts";
import type { Action, Change } from "./life.ts";
import { inquiryStatus } from "./matters.ts";
import type { Population } from "./population.ts";
import { isWithin, type Query, readNumber, readSpan, readWord, type Span, usual } from "./query.ts";
import { type ApiRecord, actionRecord, inquiryRecord, jobRecord, updateRecord } from "./records.ts";
import { invalid } from "./refusal.ts";
import { changesAt, stateAt } from "./truth.ts";

/** What the documents leave open, and so must be tried both ways. */
export interface ListWays {
  /** Whether an update tells its own state, or the one that its action is in now. */
  updateState: "then" | "now";
  /** Whether the usual seven days hold when a request has no dates at all, or already when it has no StartDate. */
  usualDays: "without-dates" | "without-start-date";
}

const states = ["PENDING", "APPROVED", "REVERSED"];
const resolutions = ["UNRESOLVED", "VALID", "DECLINED", "INCOMPLETE"];

/** All actions that a query selects, by creation date, the newest first. Locking is no update: StartDate and EndDate do not see it. */
export function listActions(population: Population, query: Query, account: Account, ways: ListWays): ApiRecord[] {
  const now = population.clock.now();
  const wanted = readActionQuery(query, account, now, ways, false);
  return population
    .visibleActions()
    .filter((action) => isOfInterest(action, wanted) && (wanted.state === null || stateAt(action, now) === wanted.state))
    .filter((action) => isWithin((changesAt(action, now).at(-1) as Change).at, wanted.updated))
    .sort((a, b) => (b.changes[0] as Change).at - (a.changes[0] as Change).at)
    .map((action) => actionRecord(action, now, account));
}

/** All updates that a query selects, the newest first; those of one second in the order opposite to that in which they were made. */
export function listUpdates(population: Population, query: Query, account: Account, ways: ListWays): ApiRecord[] {
  const now = population.clock.now();
  const wanted = readActionQuery(query, account, now, ways, true);
  return population
    .visibleActions()
    .filter((action) => isOfInterest(action, wanted))
    .flatMap((action) => changesAt(action, now).map((change, index) => ({ action, change, index })))
    .filter(({ change }) => isWithin(change.at, wanted.updated))
    .sort((a, b) => b.change.at - a.change.at || b.index - a.index)
    .map(({ action, change }) => updateRecord(action, change, now, account, ways.updateState))
    .filter((record) => wanted.state === null || record["State"] === wanted.state);
}

export function listInquiries(population: Population, query: Query, account: Account): ApiRecord[] {
  const now = population.clock.now();
  const campaign = readCampaign(query, account);
  const status = readWord(query, "ResolutionStatus", resolutions);
  const created = readSpan(query, "StartDate", "EndDate");
  const transacted = readSpan(query, "TransactionDateStart", "TransactionDateEnd");
  return population.inquiries
    .filter(({ createdAt, transactionAt }) => createdAt <= now && isWithin(createdAt, created) && isWithin(transactionAt, transacted))
    .filter((inquiry) => campaign === null || inquiry.campaign.id === campaign)
    .filter((inquiry) => status === null || inquiryStatus(inquiry, now) === status)
    .filter(({ orderId }) => account.kind === "partner" || query["OrderId"] === undefined || orderId === query["OrderId"])
    .sort((a, b) => b.createdAt - a.createdAt)
    .map((inquiry) => inquiryRecord(inquiry, now, account));
}

/** CreatedAfter and CreatedBefore are days for partners (`2024-01-31`), instants for brands; both are taken from either. */
export function listJobs(population: Population, query: Query, account: Account): ApiRecord[] {
  const now = population.clock.now();
  const after = readDay(query, "CreatedAfter");
  const before = readDay(query, "CreatedBefore");
  return population.jobs
    .filter(({ createdAt }) => createdAt <= now && createdAt >= (after ?? 0) && createdAt <= (before ?? now))
    .sort((a, b) => b.createdAt - a.createdAt)
    .map((job) => jobRecord(job, now, account));
}

interface ActionQuery {
  campaign: string | null;
  state: string | null;
  updated: Span | null;
  happened: Span | null;
  locking: Span | null;
}

/** The parameters that Actions and ActionUpdates share. */
function readActionQuery(query: Query, account: Account, now: number, ways: ListWays, isStrict: boolean): ActionQuery {
  const campaign = readCampaign(query, account);
  const state = readWord(query, "State", states);
  const updated = readSpan(query, "StartDate", "EndDate", now);
  const locking = readSpan(query, "LockingDateStart", "LockingDateEnd");
  const happened = readHappened(query, now, isStrict);
  const hasDates = updated ?? locking ?? happened;
  const isUsual = ways.usualDays === "without-dates" ? !hasDates : !updated;
  return { campaign, state, updated: isUsual ? usual(now) : updated, happened, locking };
}

/** ActionUpdates wants both dates of an action's event; of Actions, only the end is said to need its start. */
function readHappened(query: Query, now: number, isStrict: boolean): Span | null {
  if (isStrict || query["ActionDateStart"] === undefined || query["ActionDateEnd"] !== undefined)
    return readSpan(query, "ActionDateStart", "ActionDateEnd");
  return readSpan({ ...query, ActionDateEnd: new Date(now).toISOString() }, "ActionDateStart", "ActionDateEnd");
}

function isOfInterest(action: Action, wanted: ActionQuery): boolean {
  if (wanted.campaign !== null && action.campaign.id !== wanted.campaign) return false;
  return isWithin(action.eventAt, wanted.happened) && isWithin(action.lockingAt, wanted.locking);
}

/** Brands must name the campaign: of Actions, ActionUpdates and ActionInquiries alike. */
function readCampaign(query: Query, account: Account): string | null {
  const campaign = readNumber(query, "CampaignId");
  if (campaign === null && account.kind === "brand") throw invalid("CampaignId", "CampaignId is required");
  return campaign === null ? null : String(campaign);
}

function readDay(query: Query, name: string): number | null {
  const text = query[name];
  if (text === undefined) return null;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw invalid(name, "Must be a date");
  return ms;
}
