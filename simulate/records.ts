import { type Account, prefixOf } from "./account.ts";
import { formatDate } from "./dates.ts";
import type { Action, Change } from "./life.ts";
import { type Inquiry, inquiryStatus, type Job, jobStatus } from "./matters.ts";
import { formatMoney } from "./money.ts";
import { changesAt, clearedAt, stateAt } from "./truth.ts";
import { partner } from "./world.ts";

/** An object of the API: scalars are text, as they are in practice, and what is missing is empty text. */
export type ApiRecord = { [field: string]: string | ApiRecord[] };

/** A record is of the partner API v16 or of the brand API v14; the fields are those of its OpenAPI document. */
export function actionRecord(action: Action, now: number, account: Account): ApiRecord {
  const changes = changesAt(action, now);
  const [first, last] = [changes[0] as Change, changes.at(-1) as Change];
  const cleared = clearedAt(action, now);
  const date = (ms: number) => formatDate(ms, action.campaign.offsetMinutes);
  const money = (micros: bigint) => formatMoney(micros, action.currency.decimals);
  const isBrand = account.kind === "brand";
  return {
    Id: action.id,
    CampaignId: action.campaign.id,
    CampaignName: action.campaign.name,
    ActionTrackerId: action.tracker.id,
    ActionTrackerName: action.tracker.name,
    EventCode: "",
    ...(isBrand ? { MediaPartnerId: partner.id, MediaPartnerName: partner.name, ClientCost: money(last.payout) } : {}),
    State: stateAt(action, now),
    AdId: action.adId,
    Payout: money(last.payout),
    DeltaPayout: money(last.deltaPayout),
    IntendedPayout: money(first.payout),
    Amount: money(last.amount),
    DeltaAmount: money(last.deltaAmount),
    IntendedAmount: money(first.amount),
    Currency: action.currency.code,
    ReferringDate: date(action.eventAt - 3_600_000),
    EventDate: date(action.eventAt),
    CreationDate: date(first.at),
    LockingDate: date(action.lockingAt),
    ClearedDate: cleared === null ? "" : date(cleared),
    ReferringType: action.referringType,
    ReferringDomain: "",
    PromoCode: action.promoCode,
    Oid: action.oid,
    ...(isBrand ? { CustomerId: "BCZ2WVSH674563", CustomerStatus: "NEW", CustomerPostCode: "15122" } : {}),
    CustomerArea: "n/a",
    CustomerCity: "Santa Barbara",
    CustomerRegion: "California",
    CustomerCountry: "US",
    SharedId: action.sharedId,
    ...(isBrand ? { IpAddress: "", CallerId: "", Note: "" } : { SubId1: action.subId1, SubId2: action.subId2, SubId3: action.subId3 }),
    Uri: `${prefixOf(account)}/Actions/${action.id}`,
  };
}

/** `state`: whether an update tells the state that it made, or the one that the action is in now; the documents can be read both ways. */
export function updateRecord(action: Action, change: Change, now: number, account: Account, state: "then" | "now"): ApiRecord {
  const date = (ms: number) => formatDate(ms, action.campaign.offsetMinutes);
  const money = (micros: bigint) => formatMoney(micros, action.currency.decimals);
  const shown = state === "then" ? change : (changesAt(action, now).at(-1) as Change);
  const isBrand = account.kind === "brand";
  return {
    Id: change.id,
    ActionId: action.id,
    CampaignId: action.campaign.id,
    ActionTrackerId: action.tracker.id,
    EventCode: "",
    ...(isBrand ? { MediaPartnerId: partner.id } : {}),
    State: state === "then" ? change.state : stateAt(action, now),
    StateDetail: shown.detail,
    StateDetailDescription: "",
    AdId: action.adId,
    [isBrand ? "Disposition" : "ReportingState"]: "IR_BLANK",
    DeltaPayout: money(change.deltaPayout),
    DeltaAmount: money(change.deltaAmount),
    Currency: action.currency.code,
    Category: "Sports",
    Sku: "123ABC456",
    Quantity: "1",
    UpdateDate: date(change.at),
    LockingDate: date(action.lockingAt),
    ClearingDate: date(action.clearingAt), // "was (or will be) cleared": also when that is still to come
    ActionDate: date(action.eventAt),
    Oid: action.oid,
    ...(isBrand ? { CustomerId: "", CustomerStatus: "" } : { SubId1: action.subId1, SubId2: action.subId2, SubId3: action.subId3 }),
    ...(isBrand ? {} : { PaystubId: clearedAt(action, now) === null ? "" : "116142" }),
    ContractId: "S-7751552",
    EventTypeId: action.tracker.id,
    EventTypeName: action.tracker.name,
    PayoutLevel: "ORDER",
    SharedId: action.sharedId,
    ActionUri: `${prefixOf(account)}/Actions/${action.id}`,
    Uri: `${prefixOf(account)}/ActionUpdates/${change.id}`,
  };
}

/** Every action has one item at the least. */
export function itemRecord(action: Action, now: number, account: Account): ApiRecord {
  const last = changesAt(action, now).at(-1) as Change;
  const money = (micros: bigint) => formatMoney(micros, action.currency.decimals);
  return {
    Sku: "123ABC456",
    ItemName: "Acme Tennis Balls (One Dozen)",
    Category: "Sports",
    Quantity: "1",
    SaleAmount: money(last.amount),
    SaleAmountCurrency: action.currency.code,
    Payout: money(last.payout),
    PayoutCurrency: action.currency.code,
    AdjustmentDate: last.sort === "tracked" ? "" : formatDate(last.at, action.campaign.offsetMinutes),
    AdjustmentReason: last.detail,
    Uri: `${prefixOf(account)}/Actions/${action.id}/Items/123ABC456`,
  };
}

export function inquiryRecord(inquiry: Inquiry, now: number, account: Account): ApiRecord {
  const status = inquiryStatus(inquiry, now);
  const isOpen = status === "UNRESOLVED";
  const action = isOpen ? null : inquiry.action;
  const date = (ms: number) => formatDate(ms, inquiry.campaign.offsetMinutes);
  const money = (micros: bigint) => formatMoney(micros, inquiry.currency.decimals);
  const isBrand = account.kind === "brand";
  return {
    Id: inquiry.id,
    ...(isBrand ? { MediaPartnerId: partner.id, MediaPartnerName: partner.name } : { MediaPartnerInquiryId: "", CustomerId: "" }),
    CampaignId: inquiry.campaign.id,
    CampaignName: inquiry.campaign.name,
    OrderId: inquiry.orderId,
    TransactionDate: date(inquiry.transactionAt),
    TransactionAmount: money(inquiry.amount),
    InquiryType: inquiry.type,
    ExpectedPayout: money(inquiry.expectedPayout),
    ResolutionDeadlineDate: "",
    Comments: [{ User: "Carrie Oakey", Comment: "Please approve!", Date: date(inquiry.createdAt) }],
    TrackingLink: "",
    ActionId: action?.id ?? "",
    ActionUri: action ? `${prefixOf(account)}/Actions/${action.id}` : "",
    AutoApprovalDate: "",
    ResolutionStatus: status,
    RejectReason: isOpen ? "" : inquiry.rejectReason,
    FinalPayout: status === "VALID" ? money(inquiry.expectedPayout) : "",
    ResolutionDate: isOpen ? "" : date(inquiry.resolvedAt),
    CreationDate: date(inquiry.createdAt),
    Uri: `${prefixOf(account)}/ActionInquiries/${inquiry.id}`,
  };
}

export function jobRecord(job: Job, now: number, account: Account): ApiRecord {
  const status = jobStatus(job, now);
  const date = (ms: number) => formatDate(ms, job.campaign.offsetMinutes);
  return {
    Id: job.id,
    Type: job.type,
    ProgramId: job.campaign.id,
    CreatedBy: account.sid,
    CreatedDate: date(job.createdAt),
    StartedDate: status === "QUEUED" ? "" : date(job.startedAt),
    CompletedDate: status === "COMPLETED" ? date(job.endedAt) : "",
    FailedDate: status === "FAILED" ? date(job.endedAt) : "",
    Status: status,
    StatusMessage: status === "COMPLETED" ? "Job processing completed successfully." : "",
    RecordsProcessed: status === "COMPLETED" ? String(job.records) : "0",
    PercentageComplete: status === "COMPLETED" ? "100" : "0",
    Replayable: "true",
    ResultUri: `${prefixOf(account)}/Jobs/${job.id}/Download`,
  };
}
