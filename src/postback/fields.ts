import type { Kind } from "../domain/kind.ts";

/** How a value must read: free text, decimal text, an ISO 8601 date, three letters of ISO 4217. */
export type Shape = "text" | "money" | "date" | "currency";

/**
 * One of impact.com's macros. `known` means that the macro itself was seen in impact.com's documents or in a receiver's
 * recorded calls; the others are names of API fields, and whether a macro of that name exists is not known.
 */
export interface Macro {
  name: string;
  shape: Shape;
  known: boolean;
  /** Other names that impact.com's own API gives the same thing. */
  synonyms: string[];
}

const text = (name: string, ...synonyms: string[]): Macro => ({ name, shape: "text", known: true, synonyms });
const money = (name: string): Macro => ({ name, shape: "money", known: true, synonyms: [] });
const date = (name: string, ...synonyms: string[]): Macro => ({ name, shape: "date", known: true, synonyms });
const currency = (name: string): Macro => ({ name, shape: "currency", known: true, synonyms: [] });
const unsure = (...macros: Macro[]): Macro[] => macros.map((macro) => ({ ...macro, known: false }));

/** Lifecycle and clearing share one set: the official clearing template calls itself a lifecycle postback. */
const action: Macro[] = [
  text("ActionId", "Id"),
  text("Status", "State"),
  text("StatusDetail", "StateDetail"),
  money("Payout"),
  money("DeltaPayout"),
  money("IntendedPayout"),
  money("Amount"),
  money("DeltaAmount"),
  money("IntendedAmount"),
  currency("Currency"),
  currency("OriginalCurrency"),
  money("OriginalAmount"),
  text("CampaignId"),
  text("CampaignName"),
  text("ActionTrackerId"),
  text("ActionTrackerName"),
  text("ActionType"),
  text("ReferringType"),
  text("AdId"),
  text("MediaPartnerId"),
  text("MediaPartnerName"),
  date("EventDate", "ActionDate"),
  date("CreationDate"),
  date("LockingDate"),
  date("ClearedDate", "ClearingDate"),
  text("SubId1"),
  text("SubId2"),
  text("SubId3"),
  text("SharedId"),
  text("PromoCode"),
  text("RefClickId"),
  text("ReferringDomain"),
  text("LandingPageUrl"),
  ...unsure(
    text("Oid", "OrderId"),
    text("CustomerId"),
    text("CustomerStatus"),
    text("CustomerPostCode"),
    text("CustomerArea"),
    text("CustomerCity"),
    text("CustomerRegion"),
    text("CustomerCountry"),
    text("EventCode"),
    date("ReferringDate"),
    text("CallerId"),
    text("Note"),
    text("IpAddress"),
    text("Sku"),
    text("Category"),
    text("Quantity"),
    text("ItemName"),
    money("SaleAmount"),
    text("ClickId"),
  ),
];

const inquiry = unsure(
  text("InquiryId", "Id", "ActionInquiryId"),
  text("MediaPartnerInquiryId"),
  text("InquiryType"),
  text("ResolutionStatus"),
  text("RejectReason"),
  text("CampaignId"),
  text("CampaignName"),
  text("MediaPartnerId"),
  text("MediaPartnerName"),
  text("ActionId"),
  text("OrderId", "Oid"),
  text("CustomerId"),
  date("TransactionDate"),
  money("TransactionAmount"),
  money("ExpectedPayout"),
  money("FinalPayout"),
  currency("Currency"),
  date("InquiryDate"),
  date("CreationDate"),
  date("ResolutionDate"),
  date("ResolutionDeadlineDate"),
  date("AutoApprovalDate"),
  text("TrackingLink"),
  text("InquiryNotes"),
);

const request = unsure(
  text("RequestId", "Id", "TrackingValueRequestId"),
  text("RequestType"),
  text("State", "Status"),
  text("NumberRequested"),
  text("CampaignId"),
  text("CampaignName"),
  text("MediaPartnerId"),
  text("MediaPartnerName"),
  text("DealId"),
  date("DatePlaced"),
  date("DateNeeded"),
  date("DateCompleted"),
  text("AdditionalInstructions"),
  text("ProcessingComments"),
);

const job = unsure(
  text("JobId", "Id"),
  text("Type", "JobType"),
  text("Status"),
  text("StatusMessage"),
  text("ProgramId", "CampaignId"),
  text("CreatedBy"),
  date("CreatedDate"),
  date("StartedDate"),
  date("CompletedDate"),
  date("FailedDate"),
  text("RecordsProcessed"),
  text("PercentageComplete"),
  text("Replayable"),
  text("ResultUri"),
);

const product = unsure(text("CampaignId"), text("CampaignName"), text("CatalogId"), text("CatalogName"), text("Sku"));

/** The one table of impact's names, by kind. Source: impact.com's help pages and OpenAPI documents, as of 2026-11. */
export const macros: Record<Kind, Macro[]> = {
  "action-lifecycle": action,
  "action-clearing": action,
  "action-inquiry": inquiry,
  "tracking-value-request": request,
  "job-completion": job,
  "product-data-change": product,
};

/** Keys are the account owner's choice, so `action_id`, `actionId` and `Action-ID` are one key: `actionid`. */
export function foldKey(key: string): string {
  return key.toLowerCase().replace(/[_\- ]/g, "");
}

const byFoldedName = new Map(Object.entries(macros).map(([kind, list]) => [kind, index(list)]));

/** The macro that a key of this kind of postback stands for, or null; `synonym` when it is the API's other name for it. */
export function findMacro(kind: Kind, key: string): { macro: Macro; synonym: boolean } | null {
  return byFoldedName.get(kind)?.get(foldKey(key)) ?? null;
}

function index(list: Macro[]) {
  const names = new Map<string, { macro: Macro; synonym: boolean }>();
  for (const macro of list) for (const other of macro.synonyms) names.set(foldKey(other), { macro, synonym: true });
  for (const macro of list) names.set(foldKey(macro.name), { macro, synonym: false });
  return names;
}

/** True for a name that a mapping may lead to: a macro of any kind, or one of impact's numbered extra fields. */
export function isMacroName(name: string): boolean {
  return [...byFoldedName.values()].some((names) => names.has(foldKey(name))) || /^(Text|Numeric|Money|Date)\d{1,2}$/.test(name);
}
