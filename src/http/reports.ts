import * as z from "zod";
import { book } from "../book.ts";
import { type Rates, readRates } from "../domain/rates.ts";
import {
  divideReport,
  type Grouping,
  groupings,
  type Line,
  linesOf,
  type Order,
  orders,
  type Place,
  rollupsOf,
  sorted,
} from "../domain/report.ts";
import { bucketsOf, refusal, type Span, spanOf } from "../domain/span.ts";
import { type Dimension, dimensions } from "../domain/standing.ts";
import { hour } from "../domain/time.ts";
import { findZone, type Zone } from "../domain/zone.ts";
import { readReport } from "../store/reports.ts";
import { reportPage } from "../ui/report.ts";
import { bookingMs } from "./actions.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames } from "./events.ts";
import { readMark, writeMark } from "./report-marks.ts";
import { type ReportView, respondTable, view } from "./report-view.ts";

/** So many lines of several currencies can be sorted by what they are worth in one. */
const mostSorted = 20_000;

const ofDimension = Object.fromEntries(Object.keys(dimensions).map((name) => [name, z.string().optional()])) as Record<
  Dimension,
  z.ZodOptional<z.ZodString>
>;

const query = z.strictObject({
  by: z.enum(groupings).default("day").describe("What each line is about."),
  since: z.string().optional().describe("A date of the time zone, or a moment; thirty days unless said. By the date of the sale."),
  until: z.string().optional().describe("The first moment, or date, that does not count any more; now unless said."),
  time_zone: z.string().default("UTC").describe("A name like Europe/Berlin, or an offset like +05:30."),
  source: z.string().optional().describe("A source's id or name."),
  currency: z.string().optional(),
  state: z.string().optional().describe("PENDING, APPROVED or REVERSED."),
  ...ofDimension,
  campaign: z.string().optional().describe("Its id or name. Empty for actions without one, as with all of these."),
  action_tracker: z.string().optional().describe("Its id or name."),
  convert_to: z.string().optional().describe("A currency to sum up in, by the rates given."),
  rates: z.string().optional().describe("USD:0.92,GBP:1.17: one USD is 0.92 of that currency."),
  rates_date: z.string().optional().describe("The date of the rates; it is repeated in the answer."),
  rates_source: z.string().max(200).optional().describe("Where the rates are from; it is repeated in the answer."),
  order: z.enum(orders).optional().describe("Largest first, or values from A to Z. By payout, days and months by value, unless said."),
  format: z.enum(["json", "csv"]).optional().describe("JSON unless said here or by Accept."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe("How many lines at the most: 100 unless said, 1,000 of days and months."),
  cursor: z.string().optional().describe("`next` of the page before."),
});
type Query = z.infer<typeof query>;

export const showReport = endpoint<Query, undefined, ReportView>({
  summary:
    "Payout, amount and counts of actions by day, campaign, sub id and more, for each currency, as JSON or CSV. Days are those of `time_zone`",
  query: query as z.ZodType<Query>,
  run: async ({ app, request, query }) => {
    const zone = findZone(query.time_zone);
    if (!zone) throw refusal("time_zone", "must be a name like Europe/Berlin or an offset like +05:30");
    const rates = readRates(query);
    const order = query.order ?? (isOfTime(query.by) ? "value" : "payout");
    const mark = query.cursor === undefined ? undefined : readMark(query.cursor, order);
    const span = spanOf({ since: query.since ?? mark?.since, until: query.until ?? mark?.until }, zone, app.now());

    const isUpToDate = await book(app, bookingMs);
    const page = await read(app.db, { query, zone, span, rates, order, after: mark?.after });
    const told = { by: query.by, zone, span, rates, isUpToDate, ...page };
    const wanted = query.format ?? (request.headers.get("accept")?.includes("text/csv") ? "csv" : "json");
    return wanted === "csv" ? respondTable(told, new URL(request.url)) : { body: view(told) };
  },
  page: async ({ app, answer, view: seen }) => reportPage(seen, answer, [...(await sourceNames(app)).values()]),
  again: async ({ app, view: seen, typed }) => reportPage(seen, null, [...(await sourceNames(app)).values()], typed),
});

interface Asked {
  query: Query;
  zone: Zone;
  span: Span;
  rates: Rates | null;
  order: Order;
  after: Place | undefined;
}

/** One page of a report. Amounts that are converted can be compared only here, when all lines are. */
async function read(db: D1Database, asked: Asked): Promise<{ lines: Line[]; totals: Line[]; next: string | null }> {
  const { query, span, rates, order, after } = asked;
  const isSortedHere = rates !== null && (order === "payout" || order === "amount");
  const limit = query.limit ?? (isOfTime(query.by) ? 1000 : 100);
  const report = await readReport(db, {
    ...searchOf(asked),
    ...(isSortedHere ? { order: "value", limit: mostSorted + 1 } : { order, after, limit: limit + 1 }),
  });
  let lines = linesOf(report.cells, rates);
  if (isSortedHere && lines.length > mostSorted) {
    const reason = `${order} cannot be told of more than ${mostSorted} lines in another currency: ask for less, or for order=value`;
    throw refusal("order", reason);
  }
  if (isSortedHere) lines = sorted(lines, order, after);
  const shown = lines.slice(0, limit);
  const last = lines.length > limit ? shown.at(-1) : undefined;
  return { lines: shown, totals: linesOf(report.sums, rates), next: last ? writeMark(last, order, span) : null };
}

function searchOf({ query, zone, span, rates }: Asked) {
  const { by, source, currency, state } = query;
  const filters = Object.fromEntries(
    (Object.keys(dimensions) as Dimension[]).flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])),
  ) as Partial<Record<Dimension, string>>;
  const buckets = isOfTime(by) ? bucketsOf(by, span, zone) : [{ ...span, label: "" }];
  const isByHours = buckets.slice(1).every(({ since }) => since % hour === 0);
  const { whole, cut } = divideReport(buckets, rollupsOf(by, filters, isByHours));
  return { by, source, currency, state, filters, whole, cut, isTogether: rates !== null } as const;
}

function isOfTime(by: Grouping): by is "day" | "month" {
  return by === "day" || by === "month";
}
