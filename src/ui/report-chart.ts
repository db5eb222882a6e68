import { bucketsOf, type Span } from "../domain/span.ts";
import type { Zone } from "../domain/zone.ts";
import { chart, type Point } from "./chart.ts";
import { type Html, html } from "./html.ts";
import type { LineView } from "./report-table.ts";
import { count, money } from "./words.ts";

/** More days than these make no picture, and a long page. */
export const mostDrawn = 400;

interface Drawn {
  by: "day" | "month";
  span: Span;
  zone: Zone;
  /** Those of one currency. */
  lines: LineView[];
}

/** The payout and the actions of one currency over time. Days without an action have no line in a report, and are zero here. */
export function charts({ by, span, zone, lines }: Drawn): Html | "too long" | null {
  const labels = [...new Set(bucketsOf(by, span, zone).map(({ label }) => label))];
  if (labels.length > mostDrawn) return "too long";
  if (labels.length < 2) return null;
  const byValue = new Map(lines.map((line) => [line.value, line]));
  const currency = lines[0]?.currency ?? null;
  const pointsOf = (values: (line: LineView | undefined) => Point["values"]): Point[] =>
    labels.map((label) => ({ at: Date.parse(by === "day" ? label : `${label}-01`), values: values(byValue.get(label)) }));
  const about = `by ${by}${currency ? `, ${currency}` : ""}`;
  const hasOthers = lines.some(({ other }) => other.actions > 0);
  const show = (value: number | string) => count(Number(value));
  return html`<div class="columns">${chart(`Payout ${about}`, {
    kind: "bars",
    step: by,
    zone: zone.name,
    series: [{ name: "Payout", show: (value) => money(String(value), currency) }],
    points: pointsOf((line) => [line?.payout ?? "0"]),
  })}${chart(`Actions ${about}`, {
    step: by,
    zone: zone.name,
    colours: ["good", "busy", "bad", "soft"],
    series: ["Approved", "Pending", "Reversed", ...(hasOthers ? ["Other"] : [])].map((name) => ({ name, show })),
    points: pointsOf((line) =>
      [line?.approved, line?.pending, line?.reversed, ...(hasOthers ? [line?.other] : [])].map((figures) => figures?.actions ?? 0),
    ),
  })}</div>`;
}
