import { groupings } from "../domain/report.ts";
import { dateOf, startOfDay, type Zone } from "../domain/zone.ts";
import { dateField, labels } from "./actions.ts";
import { filters, more, pick, typedIn } from "./filters.ts";
import { choice, input, type Typed } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { View } from "./view.ts";

/** What a report can be by, in words. */
export const groupingNames: Record<string, string> = { day: "Day", month: "Month", state: "State", ...labels };

const seldom = ["source", "campaign", "action_tracker", "sub_id1", "sub_id2", "sub_id3", "shared_id", "promo_code", "order"];
const conversion = ["convert_to", "rates", "rates_date", "rates_source"];

/** What is asked: by what, of when, in which time zone, of which actions. */
export function reportForm(view: View, sources: string[], typed: Typed): Html {
  const shown = typedIn(view, typed);
  return filters(
    view,
    "/reports",
    html`${choice(shown, { name: "by", label: "By", options: groupings.map((one) => [one, groupingNames[one] ?? one]), value: "day" })}
${input(shown, { name: "since", label: "Since", ...dateField(shown, "since") })}
${input(shown, { name: "until", label: "Before", ...dateField(shown, "until") })}
${input(shown, { name: "time_zone", label: "Time zone", value: "UTC", list: zones })}
${input(shown, { name: "currency", label: "Currency", placeholder: "any" })}
${pick(shown, { name: "state", label: "State", of: ["PENDING", "APPROVED", "REVERSED"] })}
${more(
  view,
  seldom,
  html`${pick(shown, { name: "source", label: "Source", of: sources })}
${seldom.slice(1, -1).map((name) => input(shown, { name, label: labels[name] ?? name }))}
${choice(shown, {
  name: "order",
  label: "Order",
  options: [
    ["", "as usual"],
    ["payout", "most payout"],
    ["amount", "most amount"],
    ["actions", "most actions"],
    ["value", "A to Z"],
  ],
})}`,
)}
${more(
  view,
  conversion,
  html`${input(shown, { name: "convert_to", label: "Sum up in", placeholder: "EUR" })}
${input(shown, { name: "rates", label: "Rates: one unit is so many", placeholder: "USD:0.92,GBP:1.17" })}
${input(shown, { name: "rates_date", label: "Date of the rates", ...dateField(shown, "rates_date") })}
${input(shown, { name: "rates_source", label: "Source of the rates", placeholder: "ECB" })}`,
  "In one currency",
)}`,
    typed,
    ["What is reported", "Show"],
  );
}

const zones = [
  "UTC",
  "Europe/London",
  "Europe/Berlin",
  "America/New_York",
  "America/Chicago",
  "America/Los_Angeles",
  "Asia/Tokyo",
  "Australia/Sydney",
];

/** Spans that are often asked for, as links that keep all else. */
export function spans({ query, now }: View, zone: Zone): Html {
  const { cursor, since = "", until = "", ...rest } = query;
  const daysAgo = (days: number) => dateOf(zone, startOfDay(zone, now, -days));
  const today = dateOf(zone, now);
  const months = (ago: number) => monthOf(today, -ago);
  const list: [name: string, since: string, until: string][] = [
    ["7 days", daysAgo(6), ""],
    ["30 days", daysAgo(29), ""],
    ["90 days", daysAgo(89), ""],
    ["This month", months(0), ""],
    ["Last month", months(1), months(0)],
    ["12 months", months(11), ""],
  ];
  const isHere = (from: string, to: string) =>
    since === "" && until === "" ? daysAgo(29) === from && to === "" : since === from && until === to;
  return html`<nav class="tabs" aria-label="Spans"><ul>${list.map(
    ([name, from, to]) =>
      html`<li><a href="${address("/reports", { ...rest, since: from, until: to })}"${isHere(from, to) ? html` aria-current="page"` : null}>${name}</a></li>`,
  )}</ul></nav>`;
}

/** The first day of a month, so many months from that of a date. */
export function monthOf(date: string, months: number): string {
  const [year, month] = date.split("-").map(Number) as [number, number];
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10);
}
