import { day, hour, type Instant } from "../domain/time.ts";
import { type Content, type Html, html } from "./html.ts";
import { fold } from "./parts.ts";

/** A line, or a row of bars, of a chart: its name, and what the table shows for a value. */
export interface Series {
  name: string;
  show?(value: number | string): Content;
}

/** What a chart shows at a moment: a figure for each series, null where there is none. Money comes as decimal text, and is drawn as a number only. */
export interface Point {
  at: Instant;
  values: (number | string | null)[];
}

/**
 * A chart over time. It is a table first, which everybody can read; a script draws the chart from it. `colours` are names from the
 * stylesheet, one for each series. Days of another `zone` stand at the same date of UTC.
 */
export function chart(
  title: string,
  {
    series,
    points,
    kind = "line",
    colours = ["accent", "good", "busy", "bad", "soft"],
    step,
    zone = "UTC",
  }: { series: Series[]; points: Point[]; kind?: "line" | "bars"; colours?: string[]; step: Step; zone?: string },
): Html {
  const figures = html`<div class="table" role="region" aria-label="${title}" tabindex="0"><table>
<caption>${title}</caption>
<thead><tr><th scope="col">${heads[step]} (${zone})</th>${series.map(({ name }) => html`<th scope="col" class="figure">${name}</th>`)}</tr></thead>
<tbody>${points.map(
    ({ at, values }) =>
      html`<tr><td data-at="${Math.floor(at / 1000)}">${momentOf(at, step)}</td>${series.map(({ name, show }, index) => {
        const value = values[index] ?? null;
        return html`<td class="figure" data-head="${name}" data-value="${value ?? ""}">${value === null ? "–" : show ? show(value) : value}</td>`;
      })}</tr>`,
  )}</tbody>
</table></div>`;
  return html`<figure class="chart" data-chart="${kind}" data-colours="${colours.join(" ")}"><figcaption>${title}</figcaption><div class="plot" aria-hidden="true" hx-morph-skip-children></div>${fold("Figures", figures)}</figure>`;
}

type Step = "hour" | "day" | "month";

const heads: Record<Step, string> = { hour: "Hour", day: "Day", month: "Month" };

/** The beginnings of all hours or days in a span of time, so that a chart has no holes where nothing was. */
export function everyStep(since: Instant, until: Instant, step: "hour" | "day"): Instant[] {
  const ms = step === "hour" ? hour : day;
  const first = since - (since % ms);
  return Array.from({ length: Math.max(0, Math.ceil((until - first) / ms)) }, (_, index) => first + index * ms);
}

function momentOf(at: Instant, step: Step): string {
  const text = new Date(at).toISOString();
  if (step === "month") return text.slice(0, 7);
  return step === "day" ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}
