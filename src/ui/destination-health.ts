import { type DestinationPulse, percentile } from "../domain/destination-pulse.ts";
import { day, hour } from "../domain/time.ts";
import { chart, everyStep } from "./chart.ts";
import type { DestinationView } from "./destination-view.ts";
import { requestsOf, stateOf, within } from "./destinations.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, figures } from "./parts.ts";
import type { View } from "./view.ts";
import { count } from "./words.ts";

const spans: [days: number, words: string][] = [
  [1, "24 hours"],
  [7, "7 days"],
  [30, "30 days"],
];

/** How a destination answered, hour by hour. */
export function destinationHealthPage(view: View, one: DestinationView, pulses: DestinationPulse[], days: number): Page {
  const path = `/destinations/${one.id}/health`;
  const { delivered, failed } = requestsOf(pulses);
  const tabs = spans.map(
    ([span, words]) =>
      html`<li><a href="${address(path, { days: span })}"${span === days ? html` aria-current="page"` : null}>${words}</a></li>`,
  );
  return {
    title: `Health of ${one.name}`,
    lead: stateOf(one),
    actions: html`<a class="button" href="/destinations/${one.id}">Destination</a>`,
    body: [
      html`<nav class="tabs" aria-label="Span of time"><ul>${tabs}</ul></nav>`,
      delivered + failed === 0
        ? empty("No request was sent in this time", "Choose a longer one, or send it a test.")
        : [
            figures([
              { name: "Delivered", value: count(delivered) },
              { name: "Failed attempts", value: count(failed), note: shareOf(failed, delivered + failed) },
              { name: "Half of them within", value: within(pulses, 0.5) },
              { name: "95 % within", value: within(pulses, 0.95) },
            ]),
            charts(view, pulses, days),
          ],
    ],
  };
}

/** Requests and their latency by the hour, or by the day where there are many; times in which nothing was sent are there, too. */
export function charts(view: View, pulses: DestinationPulse[], days: number): Html {
  const [step, ms]: ["hour" | "day", number] = days > 7 ? ["day", day] : ["hour", hour];
  const times = everyStep(view.now - days * day + ms, view.now + 1, step).map((at) => ({
    at,
    within: pulses.filter((pulse) => pulse.hour >= at && pulse.hour < at + ms),
  }));
  return html`<div class="columns">
${chart(`Requests by the ${step}`, {
  kind: "line",
  step,
  colours: ["good", "bad"],
  series: [{ name: "Delivered" }, { name: "Failed" }],
  points: times.map(({ at, within }) => {
    const { delivered, failed } = requestsOf(within);
    return { at, values: [delivered, failed] };
  }),
})}
${chart(`Latency by the ${step}, in ms`, {
  kind: "bars",
  step,
  colours: ["busy", "accent"],
  series: [{ name: "95 % within" }, { name: "Mean" }],
  points: times.map(({ at, within }) => ({ at, values: [percentile(within, 0.95), meanOf(within)] })),
})}
</div>`;
}

function meanOf(pulses: DestinationPulse[]): number | null {
  const { delivered, failed } = requestsOf(pulses);
  return delivered + failed === 0 ? null : Math.round(pulses.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / (delivered + failed));
}

/** A part of a whole, in percent. */
export function shareOf(part: number, whole: number): string | null {
  if (part === 0 || whole === 0) return null;
  const percent = (100 * part) / whole;
  return `${percent < 1 ? "under 1" : Math.round(percent)} % of requests`;
}
