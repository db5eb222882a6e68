import { type Access, addressOf, homeOf } from "./access.ts";
import type { Asked } from "./calls.ts";
import { isObject, textIn } from "./json.ts";

/** A record as impact.com spells it; every number in it is text. */
export type Rec = Record<string, unknown>;

/** One page of a list, or the single record that was asked for. */
export interface Page {
  records: Rec[];
  /** The call for the next page; null on the last. It does not name the account, so it may be kept. */
  next: Asked | null;
  /** Of the whole list, where impact.com says so: how many records, on how many pages. */
  total: number | null;
  pages: number | null;
}

/** An answer is JSON, but not what was asked for. */
export class NotAPage extends Error {
  override readonly name = "NotAPage";
}

/**
 * An answer as a page. Envelope: `@total`, `@numpages`, `@nextpageuri`, as texts or numbers (impact.com, "Pagination"); one record alone
 * may stand for a list of one, and no list for an empty one. Throws `NotAPage`, also when the next page would be that of somebody else.
 */
export function pageOf(body: unknown, { path, list }: Asked, access: Omit<Access, "authToken">): Page {
  if (!isObject(body)) throw new NotAPage("it is no object");
  if (list === null) return { records: [body], next: null, total: null, pages: null };
  const records = listIn(body[list], list);
  const next = nextOf(textIn(body["@nextpageuri"]), access);
  if (next === path) throw new NotAPage("its next page is the page itself");
  return { records, next: next === null ? null : { path: next, list }, total: count(body["@total"]), pages: count(body["@numpages"]) };
}

function listIn(value: unknown, list: string): Rec[] {
  if (value === null || value === undefined || value === "") return [];
  const records = Array.isArray(value) ? value : [value];
  if (records.every(isObject)) return records;
  throw new NotAPage(`its ${list} are no records`);
}

/** What follows the account's own address. */
function nextOf(link: string | undefined, access: Omit<Access, "authToken">): string | null {
  if (link === undefined || link.trim() === "") return null;
  const url = addressOf(access, link.trim());
  if (url === null) throw new NotAPage("its next page is not of this account, and the credentials are for no other place");
  url.hash = "";
  return url.href.slice(homeOf(access).length);
}

function count(value: unknown): number | null {
  const text = textIn(value) ?? "";
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}
