import { type Query, readNumber } from "./query.ts";
import type { ApiRecord } from "./records.ts";
import { invalid, Refusal } from "./refusal.ts";

/** A page of a list, with the envelope around it: `@page` … `@nextpageuri`, all text, URIs relative to the host. */
export interface Page {
  envelope: Record<string, string>;
  records: ApiRecord[];
}

/** How large pages may be. */
export interface PageRules {
  usual: number;
  least: number;
  /** A result of more pages than this is refused; `null` allows any. */
  mostPages: number | null;
  /** Makes pages smaller than what is asked for, so that tests need no thousands of records. */
  largest: number | null;
}

/** Actions and ActionUpdates: 20,000 unless said, 2,000 at the least, ten pages at the most. Of other lists nothing is documented. */
export const longPages: PageRules = { usual: 20_000, least: 2_000, mostPages: 10, largest: null };
export const shortPages: PageRules = { usual: 100, least: 1, mostPages: null, largest: null };

/** Cuts the page out of a list that a query asks for; `path` is what was asked, with its `.json` if it had one. */
export function cut(list: readonly ApiRecord[], path: string, query: Query, rules: PageRules): Page {
  const page = readNumber(query, "Page") ?? 1;
  const asked = readNumber(query, "PageSize") ?? rules.usual;
  if (page < 1) throw invalid("Page", "Must be 1 or more");
  if (asked < rules.least) throw invalid("PageSize", `Must be ${rules.least} or more`);
  if (rules.mostPages !== null && list.length > rules.mostPages * asked)
    throw new Refusal(400, `The result has more than ${rules.mostPages} pages: reduce the date range or increase PageSize`);

  const size = Math.min(asked, rules.largest ?? asked);
  const pages = Math.ceil(list.length / size);
  const start = (page - 1) * size;
  const records = list.slice(start, start + size);
  const uri = (number: number) => `${path}?${new URLSearchParams({ ...query, Page: String(number), PageSize: String(asked) })}`;
  return {
    envelope: {
      "@page": String(page),
      "@numpages": String(pages),
      "@pagesize": String(size),
      "@total": String(list.length),
      "@start": String(start),
      "@end": String(Math.max(start, start + records.length - 1)),
      "@uri": uri(page),
      "@firstpageuri": uri(1),
      "@previouspageuri": page > 1 ? uri(page - 1) : "",
      "@nextpageuri": page < pages ? uri(page + 1) : "",
      "@lastpageuri": uri(Math.max(1, pages)),
    },
    records,
  };
}
