import { formatMoney } from "../domain/money.ts";
import type { Rates } from "../domain/rates.ts";
import { type Figures, type Grouping, type Line, states } from "../domain/report.ts";
import type { Span } from "../domain/span.ts";
import { nameFields } from "../domain/standing.ts";
import { formatInstant } from "../domain/time.ts";
import { dateOf, type Zone } from "../domain/zone.ts";
import { csv, type Field, respondCsv } from "./csv.ts";

/** What there is to tell of one page of a report. */
export interface Told {
  by: Grouping;
  zone: Zone;
  span: Span;
  rates: Rates | null;
  lines: Line[];
  totals: Line[];
  next: string | null;
  isUpToDate: boolean;
}

/** A report as our API tells it. */
export type ReportView = ReturnType<typeof view>;

/** A page of a report as JSON. */
export function view({ by, zone, span, rates, lines, totals, next, isUpToDate }: Told) {
  return {
    by,
    since: formatInstant(span.since),
    until: formatInstant(span.until),
    time_zone: zone.name,
    data: lines.map((line) => ({ value: line.value, ...(by in nameFields ? { name: line.name } : {}), ...viewLine(line) })),
    totals: totals.map(viewLine),
    ...(rates ? { conversion: rates } : {}),
    next,
    up_to_date: isUpToDate,
  };
}

function viewLine(line: Line) {
  const { pending, approved, reversed, other } = line;
  return {
    currency: line.currency || null,
    ...viewFigures(line),
    pending: viewFigures(pending),
    approved: viewFigures(approved),
    reversed: viewFigures(reversed),
    other: viewFigures(other),
  };
}

function viewFigures({ actions, payout, amount }: Figures) {
  return { actions, payout: formatMoney(payout), amount: formatMoney(amount) };
}

/** A page of a report as CSV, with a link to the next. */
export function respondTable({ by, zone, span, rates, lines, next, isUpToDate }: Told, url: URL): Response {
  const conversion = rates && { rates: tableOf(rates), rates_date: rates.date, rates_source: rates.source };
  const rows = lines.map(
    (line): Record<string, Field> => ({
      value: line.value,
      ...(by in nameFields ? { name: line.name } : {}),
      currency: line.currency,
      ...figuresOf("", line),
      ...Object.assign({}, ...states.map((state) => figuresOf(`${state}_`, line[state]))),
      ...conversion,
    }),
  );
  const names = columnsOf(by, rates !== null);
  const table = csv(
    names,
    rows.map((row) => names.map((name) => row[name] ?? null)),
  );
  const filename = `${by}-${dateOf(zone, span.since)}-to-${dateOf(zone, span.until - 1)}.csv`;
  return respondCsv(table, filename, { vary: "accept", "x-up-to-date": String(isUpToDate), ...(next ? { link: linkTo(url, next) } : {}) });
}

function figuresOf(prefix: string, { actions, payout, amount }: Figures): Record<string, Field> {
  return { [`${prefix}actions`]: actions, [`${prefix}payout`]: payout, [`${prefix}amount`]: amount };
}

function columnsOf(by: Grouping, isConverted: boolean): string[] {
  const figures = ["", ...states.map((state) => `${state}_`)].flatMap((prefix) => [
    `${prefix}actions`,
    `${prefix}payout`,
    `${prefix}amount`,
  ]);
  const conversion = isConverted ? ["rates", "rates_date", "rates_source"] : [];
  return ["value", ...(by in nameFields ? ["name"] : []), "currency", ...figures, ...conversion];
}

function tableOf({ rates }: Rates): string {
  return Object.entries(rates)
    .map(([currency, rate]) => `${currency}:${rate}`)
    .join(" ");
}

function linkTo(url: URL, next: string): string {
  const address = new URL(url);
  address.searchParams.set("cursor", next);
  address.searchParams.set("format", "csv");
  return `<${address}>; rel="next"`;
}
