import { expect, test } from "vitest";
import { type Kind, kinds } from "../../src/domain/kind.ts";
import { findMacro, foldKey, isMacroName, macros } from "../../src/postback/fields.ts";

test.each(["ActionId", "actionId", "action_id", "action-id", "Action Id", "ACTION_ID", "ACTIONID", "a_c_t-i o n id"])(
  "the key %s is ActionId",
  (key) => {
    expect(findMacro("action-lifecycle", key)?.macro.name).toBe("ActionId");
  },
);

const spellings: Record<string, (name: string) => string> = {
  PascalCase: (name) => name,
  camelCase: (name) => name[0]?.toLowerCase() + name.slice(1),
  snake_case: (name) => words(name).join("_").toLowerCase(),
  SCREAMING_CASE: (name) => words(name).join("_").toUpperCase(),
  "kebab-case": (name) => words(name).join("-").toLowerCase(),
  lowercase: (name) => name.toLowerCase(),
  "Title Case": (name) => words(name).join(" "),
};

const words = (name: string) => name.split(/(?<=[a-z0-9])(?=[A-Z])/);

test.each(Object.entries(spellings))("every macro of every kind is known in %s", (_, spell) => {
  const lost = kinds.flatMap((kind) =>
    macros[kind].filter(({ name }) => findMacro(kind, spell(name))?.macro.name !== name).map(({ name }) => name),
  );
  expect(lost).toEqual([]);
});

/** Keys of the recorded calls, as they were written, that are no mere spellings of the macro in the official templates. */
test.each([
  ["action-lifecycle", "Id", "ActionId"],
  ["action-lifecycle", "State", "Status"],
  ["action-lifecycle", "ActionDate", "EventDate"],
  ["action-lifecycle", "ClearingDate", "ClearedDate"],
  ["action-lifecycle", "order_id", "Oid"],
  ["action-lifecycle", "clickid", "ClickId"],
  ["action-clearing", "Id", "ActionId"],
  ["action-inquiry", "Id", "InquiryId"],
  ["action-inquiry", "ActionId", "ActionId"],
  ["action-inquiry", "OrderId", "OrderId"],
  ["tracking-value-request", "Id", "RequestId"],
  ["tracking-value-request", "State", "State"],
  ["job-completion", "Id", "JobId"],
  ["job-completion", "Status", "Status"],
  ["product-data-change", "campaign_id", "CampaignId"],
] as [Kind, string, string][])("in %s the key %s is %s", (kind, key, name) => {
  expect(findMacro(kind, key)?.macro.name).toBe(name);
});

test.each(["cid", "txid", "revenue", "commission", "network", "", "payout.currency", "constructor", "__proto__"])(
  "%j is no key of impact.com's",
  (key) => {
    expect(findMacro("action-lifecycle", key)).toBeNull();
  },
);

test("knows the API's word for a thing from the macro's own name", () => {
  expect([findMacro("action-lifecycle", "Id")?.synonym, findMacro("action-lifecycle", "ActionId")?.synonym]).toEqual([true, false]);
});

test.each(kinds)("no two macros of %s have a name in common", (kind) => {
  const names = macros[kind].flatMap(({ name, synonyms }) => [name, ...synonyms]).map(foldKey);
  expect(names.toSorted()).toEqual([...new Set(names)].sort());
});

/** The 24 macros that can be seen in impact.com's own clearing template. */
test.each([
  ...["CampaignId", "CampaignName", "ActionTrackerId", "ActionTrackerName", "MediaPartnerId", "MediaPartnerName", "ActionType"],
  ...["ReferringType", "ActionId", "Status", "StatusDetail", "AdId", "Payout", "DeltaPayout", "IntendedPayout", "Amount"],
  ...["DeltaAmount", "IntendedAmount", "Currency", "OriginalCurrency", "OriginalAmount", "EventDate", "CreationDate", "LockingDate"],
])("%s is a macro that is known to exist", (name) => {
  expect(findMacro("action-clearing", name)?.macro.known).toBe(true);
});

test.each(["Oid", "CustomerId", "ClickId", "SaleAmount", "IpAddress"])("%s is not known to be a macro", (name) => {
  expect(findMacro("action-lifecycle", name)?.macro.known).toBe(false);
});

test.each(kinds.filter((kind) => !kind.startsWith("action-") || kind === "action-inquiry"))("no macro of %s is known to exist", (kind) => {
  expect(macros[kind].filter(({ known }) => known)).toEqual([]);
});

test.each(["SubId1", "sub_id1", "Id", "JobId", "Text1", "Text50", "Numeric10", "Money3", "Date15"])("a mapping may lead to %s", (name) => {
  expect(isMacroName(name)).toBe(true);
});

test.each(["", "SubId9", "Nonsense", "Text", "Text123", "text1x", "{SubId1}", "constructor"])("a mapping may not lead to %j", (name) => {
  expect(isMacroName(name)).toBe(false);
});
