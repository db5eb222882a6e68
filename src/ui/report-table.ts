import type { Grouping } from "../domain/report.ts";
import { day } from "../domain/time.ts";
import { address, type Content, type Html, html } from "./html.ts";
import { type Column, table } from "./parts.ts";
import { groupingNames, monthOf } from "./report-form.ts";
import type { View } from "./view.ts";
import { code, count, money } from "./words.ts";

/** How many actions, and for how much. */
export interface FiguresView {
  actions: number;
  payout: string;
  amount: string;
}

/** One line of a report, as our API tells it. */
export interface LineView extends FiguresView {
  value: string;
  name?: string | null;
  currency: string | null;
  pending: FiguresView;
  approved: FiguresView;
  reversed: FiguresView;
  other: FiguresView;
}

interface Lines {
  by: Grouping;
  /** Those of one currency. */
  lines: LineView[];
  total: Omit<LineView, "value">;
}

type Row = Omit<LineView, "value"> & { value?: string };

/** The lines of one currency, and what they come to with those on other pages. */
export function lineTable(view: View, { by, lines, total }: Lines): Html {
  const most = lines.reduce((largest, { payout }) => Math.max(largest, Math.abs(Number(payout))), 0);
  const isOfTime = by === "day" || by === "month";
  const ofState = (head: string, figures: (row: Row) => FiguresView): Column<Row> => ({
    head,
    isFigure: true,
    cell: (row) =>
      figures(row).actions === 0
        ? html`<span class="none">–</span>`
        : html`${money(figures(row).payout, row.currency)}<span class="under">${inWords(figures(row).actions)}</span>`,
  });
  const columns: Column<Row>[] = [
    {
      head: groupingNames[by] ?? by,
      cell: (row) => (row.value === undefined ? html`<strong>Total</strong>` : valueCell(view, by, { ...row, value: row.value })),
    },
    { head: "Actions", isFigure: true, cell: ({ actions }) => count(actions) },
    {
      head: "Payout",
      isFigure: true,
      cell: (row) =>
        html`${money(row.payout, row.currency)}${isOfTime || row.value === undefined ? null : share(Number(row.payout), most)}`,
    },
    { head: "Amount", isFigure: true, cell: ({ amount, currency }) => money(amount, currency) },
    ofState("Approved", ({ approved }) => approved),
    ofState("Pending", ({ pending }) => pending),
    ofState("Reversed", ({ reversed }) => reversed),
    ...(total.other.actions > 0 ? [ofState("Other", ({ other }) => other)] : []),
  ];
  return table<Row>(`By ${(groupingNames[by] ?? by).toLowerCase()}, ${total.currency ?? "without a currency"}`, columns, lines, [total]);
}

function valueCell(view: View, by: Grouping, line: LineView): Content {
  const { value, name } = line;
  if (value === "") return html`<span class="none">none told</span>`;
  const words = name
    ? html`<span class="long">${name}</span>`
    : by === "day" || by === "month"
      ? html`<span class="day">${value}</span>`
      : code(value);
  return html`<a href="${within(view, by, line)}">${words}</a>${name ? html`<span class="under">${code(value)}</span>` : null}`;
}

/** Where a line leads: a month to its days, a day to its campaigns, all else to its actions. */
function within({ query }: View, by: Grouping, { value, currency }: LineView): string {
  const { cursor, limit, order, ...rest } = query;
  if (by === "month") return address("/reports", { ...rest, by: "day", since: `${value}-01`, until: monthOf(value, 1) });
  if (by === "day") return address("/reports", { ...rest, by: "campaign", since: value, until: dayAfter(value) });
  return address("/actions", {
    [by]: value,
    currency: query["convert_to"] ? null : currency,
    source: query["source"],
    ...(by === "state" ? {} : { state: query["state"] }),
  });
}

/** So many actions, as words. */
export function inWords(actions: number): string {
  return actions === 1 ? "1 action" : `${count(actions)} actions`;
}

/** How much of the most it is. The figure beside it says how much. */
function share(payout: number, most: number): Html {
  const part = most === 0 ? 0 : Math.round((Math.abs(payout) / most) * 1000) / 10;
  return html`<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width="100" height="4" class="rail"/><rect width="${part}" height="4"/></svg>`;
}

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + day).toISOString().slice(0, 10);
}
