import { formatDate } from "./dates.ts";
import type { Action, Change } from "./life.ts";
import { type Inquiry, inquiryStatus, type Job, jobStatus } from "./matters.ts";
import { formatMoney } from "./money.ts";
import { partner } from "./world.ts";

/** A macro's name and its value as text. What is missing is empty, as in impact.com's calls. */
export type Values = Record<string, string>;

/** Which moment of an action a postback tells of. `cleared` needs deltas too, and whether they are the last ones or zero is not known. */
export type Told = { change: Change } | { cleared: Change; deltas: "last" | "zero" };

/** The macros of Action Lifecycle and Action Clearing, which share one set. */
export function actionValues(action: Action, told: Told): Values {
  const isCleared = "cleared" in told;
  const change = isCleared ? told.cleared : told.change;
  const hasDeltas = !isCleared || told.deltas === "last";
  const first = action.changes[0] as Change;
  const money = (micros: bigint) => formatMoney(micros, action.currency.decimals);
  const date = (ms: number) => formatDate(ms, action.campaign.offsetMinutes);
  return {
    ActionId: action.id,
    Status: isCleared ? "APPROVED" : change.state,
    StatusDetail: isCleared ? "PAID" : change.detail,
    Payout: money(change.payout),
    DeltaPayout: money(hasDeltas ? change.deltaPayout : 0n),
    IntendedPayout: money(first.payout),
    Amount: money(change.amount),
    DeltaAmount: money(hasDeltas ? change.deltaAmount : 0n),
    IntendedAmount: money(first.amount),
    Currency: action.currency.code,
    OriginalCurrency: action.currency.code,
    OriginalAmount: money(first.amount),
    CampaignId: action.campaign.id,
    CampaignName: action.campaign.name,
    ActionTrackerId: action.tracker.id,
    ActionTrackerName: action.tracker.name,
    ActionType: "SALE",
    MediaPartnerId: partner.id,
    MediaPartnerName: partner.name,
    ReferringType: action.referringType,
    AdId: action.adId,
    EventDate: date(action.eventAt),
    CreationDate: change === first && !isCleared ? "" : date(first.at),
    LockingDate: date(action.lockingAt),
    ClearedDate: isCleared ? date(action.clearingAt) : "",
    ReferringDomain: "",
    LandingPageUrl: `https://shop.example/p?skuId=1&irclickid=${action.clickId}`,
    SubId1: action.subId1,
    SubId2: action.subId2,
    SubId3: action.subId3,
    SharedId: action.sharedId,
    PromoCode: action.promoCode,
    RefClickId: action.clickId,
    Oid: action.oid,
  };
}

/** The macros of Action Inquiry are not published: these are the API's field names, and `InquiryId`. */
export function inquiryValues(inquiry: Inquiry, at: number): Values {
  const status = inquiryStatus(inquiry, at);
  const isOpen = status === "UNRESOLVED";
  const money = (micros: bigint) => formatMoney(micros, inquiry.currency.decimals);
  const date = (ms: number) => formatDate(ms, inquiry.campaign.offsetMinutes);
  return {
    InquiryId: inquiry.id,
    Id: inquiry.id,
    InquiryType: inquiry.type,
    ResolutionStatus: status,
    RejectReason: isOpen ? "" : inquiry.rejectReason,
    CampaignId: inquiry.campaign.id,
    CampaignName: inquiry.campaign.name,
    MediaPartnerId: partner.id,
    MediaPartnerName: partner.name,
    ActionId: isOpen ? "" : (inquiry.action?.id ?? ""),
    OrderId: inquiry.orderId,
    TransactionDate: date(inquiry.transactionAt),
    TransactionAmount: money(inquiry.amount),
    ExpectedPayout: money(inquiry.expectedPayout),
    FinalPayout: status === "VALID" ? money(inquiry.expectedPayout) : "",
    Currency: inquiry.currency.code,
    CreationDate: date(inquiry.createdAt),
    ResolutionDate: isOpen ? "" : date(inquiry.resolvedAt),
  };
}

/** The macros of Job Completion are not published either. `ResultUri` is a path, as in the API. */
export function jobValues(job: Job, at: number): Values {
  const status = jobStatus(job, at);
  const date = (ms: number) => formatDate(ms, job.campaign.offsetMinutes);
  return {
    JobId: job.id,
    Id: job.id,
    Type: job.type,
    Status: status,
    ProgramId: job.campaign.id,
    CreatedDate: date(job.createdAt),
    StartedDate: date(job.startedAt),
    CompletedDate: status === "COMPLETED" ? date(job.endedAt) : "",
    FailedDate: status === "FAILED" ? date(job.endedAt) : "",
    RecordsProcessed: status === "COMPLETED" ? String(job.records) : "",
    PercentageComplete: status === "COMPLETED" ? "100" : "",
    Replayable: "true",
    ResultUri: `/Mediapartners/IRxxxxxxxx/Jobs/${job.id}/Download`,
  };
}
