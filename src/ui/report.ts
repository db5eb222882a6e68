import type { Rates } from "../domain/rates.ts";
import type { Grouping } from "../domain/report.ts";
import { findZone, type Zone } from "../domain/zone.ts";
import { mistakes, type Typed, untyped } from "./form.ts";
import { address, type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, figures, section, table } from "./parts.ts";
import { charts, mostDrawn } from "./report-chart.ts";
import { reportForm, spans } from "./report-form.ts";
import { inWords, type LineView, lineTable } from "./report-table.ts";
import type { View } from "./view.ts";
import { count, money } from "./words.ts";

/** A page of a report, as our API tells it. */
export interface ReportAnswer {
  by: Grouping;
  since: string;
  until: string;
  time_zone: string;
  data: LineView[];
  totals: Omit<LineView, "value">[];
  conversion?: Rates;
  next: string | null;
  up_to_date: boolean;
}

/** A report: what is asked, and for each currency its figures, its chart and its lines. Null where the question is wrong. */
export function reportPage(view: View, report: ReportAnswer | null, sources: string[], typed: Typed = untyped): Page {
  const { cursor, limit, format, ...query } = view.query;
  const zone = findZone(query["time_zone"] || "UTC") ?? (findZone("UTC") as Zone);
  return {
    title: "Reports",
    lead: "How many actions there were, and for how much, as they stand now. Each counts on the day of its sale; tests are left out.",
    actions: report
      ? html`<a class="button" href="${address("/reports", { ...query, format: "csv", limit: 1000 })}" download>CSV</a>`
      : null,
    body: [mistakes(typed), spans(view, zone), reportForm(view, sources, typed), report ? told(view, report, zone) : null],
  };
}

function told(view: View, report: ReportAnswer, zone: Zone): Content {
  if (report.totals.length === 0) return none(view);
  const totals = report.totals.toSorted((one, other) => other.actions - one.actions);
  return [
    report.up_to_date
      ? null
      : html`<p class="notice busy" role="status">More has come and is being booked: load this page again in a moment.</p>`,
    totals.map((total, index) => ofCurrency(view, report, total, zone, index)),
    pages(view, report.next),
    report.conversion ? section("Rates", rates(report.conversion)) : null,
  ];
}

function none(view: View): Html {
  const isAsked = Object.keys(view.query).length > 0;
  return empty(
    "Nothing to report",
    isAsked
      ? "No action was sold in this span that fits. Take a longer span, or a filter away."
      : "No action was sold in the last thirty days, or none was told. Reports fill up as postbacks come; tests are left out.",
    isAsked
      ? html`<a class="button" href="/reports">The last thirty days</a>`
      : html`<a class="button primary" href="/sources">Sources and their URLs</a>`,
  );
}

/** So many currencies are drawn, those with the most actions. */
const mostCharts = 3;

function ofCurrency(view: View, report: ReportAnswer, total: Omit<LineView, "value">, zone: Zone, index: number): Html {
  const { currency } = total;
  const lines = report.data.filter((line) => line.currency === currency);
  return section(
    currency ?? "Without a currency",
    html`${figures([
      { name: "Payout", value: money(total.payout, currency), note: inWords(total.actions) },
      { name: "Amount", value: money(total.amount, currency) },
      { name: "Payout approved", value: money(total.approved.payout, currency), note: inWords(total.approved.actions) },
      { name: "Payout pending", value: money(total.pending.payout, currency), note: inWords(total.pending.actions) },
      { name: "Reversed", value: count(total.reversed.actions), note: "actions" },
    ])}
${index < mostCharts ? drawn(view, report, lines, zone) : null}
${
  lines.length > 0
    ? lineTable(view, { by: report.by, lines, total })
    : html`<p class="none">No line of this currency is on this page of the report.</p>`
}`,
  );
}

/** A chart is drawn of what is whole only: days on other pages would look like days without an action. */
function drawn(view: View, report: ReportAnswer, lines: LineView[], zone: Zone): Content {
  const { by, since, until } = report;
  if (by !== "day" && by !== "month") return null;
  if (report.next !== null || view.query["cursor"])
    return html`<p class="note">Too many lines to be drawn: ask for one currency, or for a shorter span.</p>`;
  const drawn = charts({ by, span: { since: Date.parse(since), until: Date.parse(until) }, zone, lines });
  if (drawn !== "too long") return drawn;
  const months = address("/reports", { ...view.query, by: "month" });
  return html`<p class="note">More than ${mostDrawn} days are not drawn. <a href="${months}">By month</a> they are.</p>`;
}

function pages({ query }: View, next: string | null): Html | null {
  const { cursor, ...rest } = query;
  if (!cursor && !next) return null;
  return html`<nav class="pager" aria-label="Pages of this report">
${cursor ? html`<a class="button" href="${address("/reports", rest)}">First page</a>` : null}
${next ? html`<a class="button" rel="next" href="${address("/reports", { ...rest, cursor: next })}">Next page</a>` : null}
<span class="note">Totals are those of all pages. CSV holds the first 1,000 lines; its <code>Link</code> header leads on.</span></nav>`;
}

function rates({ currency, date, source, rates: of }: Rates): Html {
  return html`${facts([
    ["Summed up in", currency],
    ["Rates of", date],
    ["Source", source],
  ])}${table(
    "Rates",
    [
      { head: "Currency", cell: ([from]) => html`1 ${from}` },
      { head: "Rate", isFigure: true, cell: ([, rate]) => money(rate, currency) },
    ],
    Object.entries(of),
  )}<p class="note">Each figure is converted exactly, rounded once, and then added up.</p>`;
}
