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

/** Requests and their latency by the hour; hours in which nothing was sent are there, too. */
export function charts(view: View, pulses: DestinationPulse[], days: number): Html {
  const byHour = new Map(pulses.map((pulse) => [pulse.hour, pulse]));
  const hours = everyStep(view.now - days * day + hour, view.now + 1, "hour").map((at) => ({ at, pulse: byHour.get(at) }));
  return html`<div class="columns">
${chart("Requests by hour", {
  kind: "bars",
  step: "hour",
  colours: ["good", "bad"],
  series: [{ name: "Delivered" }, { name: "Failed" }],
  points: hours.map(({ at, pulse }) => ({ at, values: [pulse?.delivered ?? 0, pulse?.failed ?? 0] })),
})}
${chart("Latency by hour, in ms", {
  step: "hour",
  colours: ["accent", "busy"],
  series: [{ name: "Mean" }, { name: "95 % within" }],
  points: hours.map(({ at, pulse }) => ({ at, values: pulse ? [meanOf(pulse), percentile([pulse], 0.95)] : [null, null] })),
})}
</div>`;
}

function meanOf({ latencyMs, delivered, failed }: DestinationPulse): number {
  return Math.round(latencyMs / Math.max(1, delivered + failed));
}

/** A part of a whole, in percent. */
export function shareOf(part: number, whole: number): string | null {
  if (part === 0 || whole === 0) return null;
  const percent = (100 * part) / whole;
  return `${percent < 1 ? "under 1" : Math.round(percent)} % of requests`;
}
