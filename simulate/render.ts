import type { Account } from "./account.ts";
import type { Page } from "./page.ts";
import type { ApiRecord } from "./records.ts";

/** Scalars are text in practice; `typed` is what the OpenAPI documents say; `mixed` has both by turns, with money as numbers too. */
export type Scalars = "strings" | "typed" | "mixed";

const integers = ["CampaignId", "ActionTrackerId", "AdId", "MediaPartnerId", "RecordsProcessed", "PercentageComplete"];
const inquiryNumbers = ["Id", "TransactionAmount", "ExpectedPayout", "FinalPayout"];
const moneys = ["Payout", "DeltaPayout", "IntendedPayout", "Amount", "DeltaAmount", "IntendedAmount", "ClientCost"];

/** Which fields of an object are numbers, by the document of the account's API. Of a partner's ActionUpdate only CampaignId is. */
function numbersOf(element: string, account: Account): string[] {
  if (element === "ActionInquiry") return [...integers, ...inquiryNumbers];
  if (account.kind === "brand") return [...integers, ...moneys];
  return element === "ActionUpdate" ? ["CampaignId"] : integers;
}

/** A list as JSON: `{"@page": …, "Actions": […]}`. */
export function jsonList(page: Page, name: string, element: string, account: Account, scalars: Scalars): string {
  const records = page.records.map((record, index) => typed(record, element, account, ofTurn(scalars, index)));
  return JSON.stringify({ ...page.envelope, [name]: records });
}

export function jsonRecord(record: ApiRecord, element: string, account: Account, scalars: Scalars): string {
  return JSON.stringify(typed(record, element, account, ofTurn(scalars, 0)));
}

/** A list as XML: `<ImpactRadiusResponse><Actions page="1" …><Action>…`. */
export function xmlList(page: Page, name: string, element: string): string {
  const attributes = Object.entries(page.envelope).map(([key, value]) => ` ${key.slice(1)}="${escaped(value)}"`);
  return xml(`<${name}${attributes.join("")}>${page.records.map((record) => xmlElement(element, record)).join("")}</${name}>`);
}

export function xmlRecord(record: ApiRecord, element: string): string {
  return xml(xmlElement(element, record));
}

export function xml(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><ImpactRadiusResponse>${content}</ImpactRadiusResponse>`;
}

export function xmlElement(name: string, value: string | ApiRecord | ApiRecord[]): string {
  if (typeof value === "string") return `<${name}>${escaped(value)}</${name}>`;
  const content = Array.isArray(value)
    ? value.map((child) => xmlElement(name.replace(/s$/, ""), child))
    : Object.entries(value).map(([key, child]) => xmlElement(key, child));
  return `<${name}>${content.join("")}</${name}>`;
}

function ofTurn(scalars: Scalars, index: number): "strings" | "typed" | "numbers" {
  if (scalars !== "mixed") return scalars;
  return (["strings", "typed", "numbers"] as const)[index % 3] as "strings";
}

/** A number that is missing is null, where everything missing is empty text otherwise. */
function typed(record: ApiRecord, element: string, account: Account, how: "strings" | "typed" | "numbers"): Record<string, unknown> {
  if (how === "strings") return record;
  const numbers = [...numbersOf(element, account), ...(how === "numbers" ? moneys : [])];
  const value = (key: string, text: unknown) => {
    if (key === "Replayable") return text === "true";
    return numbers.includes(key) && typeof text === "string" ? (text === "" ? null : Number(text)) : text;
  };
  return Object.fromEntries(Object.entries(record).map(([key, text]) => [key, value(key, text)]));
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
