import { standingOf, timeOf } from "./destinations.ts";
import { type FirstSteps, firstSteps } from "./first-steps.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { charts, glance, type Measured } from "./overview-figures.ts";
import { empty, live, notice, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { count, state, when } from "./words.ts";

/** All at a glance. */
export interface OverviewView extends Measured {
  range: string;
  open: {
    alerts: { id: string; source: string; kind: string; reason: string }[];
    deliveries_pending: number;
    deliveries_exhausted: number;
    quarantine_waiting: number;
    counted_up_to: number;
  };
  destinations: DestinationLine[];
  first_steps: FirstSteps;
}

interface DestinationLine {
  id: string;
  name: string;
  state: string;
  failures_in_a_row: number;
  delivered: number;
  failed: number;
  latency_p95_ms: number | null;
}

/** What the page knows besides. */
export interface Around {
  /** Since when a destination fails, by its id; null while it does not. */
  failingSince: Map<string, string | null>;
  /** The ids of the latest ones that there are. */
  source: string | null;
  destination: string | null;
}

const ranges: [value: string, shown: string][] = [
  ["24h", "24 hours"],
  ["7d", "7 days"],
  ["30d", "30 days"],
];

/** Is all well, and how is business? At first: what to do next. */
export function overviewPage(view: View, all: OverviewView, around: Around): Page {
  const isBegun = Object.values(all.first_steps).every(Boolean);
  return {
    title: "Overview",
    lead: isBegun
      ? "What came, where it went, and what needs somebody."
      : "Four steps to the first event in your own system. Each is ticked when it was seen.",
    actions: all.first_steps.postback
      ? html`<nav class="row" aria-label="Range">${ranges.map(
          ([value, shown]) =>
            html`<a class="button small" href="${address("/overview", { range: value })}"${value === all.range ? html` aria-current="true"` : null}>${shown}</a>`,
        )}</nav>`
      : null,
    body: live(view, "overview", [
      failing(view, all, around),
      isBegun ? null : firstSteps(all.first_steps, around),
      all.first_steps.postback ? figuresOf(view, all) : null,
    ]),
  };
}

/** Before the first postback there is nothing to see in them. */
function figuresOf(view: View, all: OverviewView): Html[] {
  const words = ranges.find(([value]) => value === all.range)?.[1] ?? all.range;
  return [needs(all), glance(all, all.open.deliveries_pending, words), destinations(all), charts(view, all)];
}

/** So many failing destinations are named. */
const mostNamed = 3;

function failing(view: View, { destinations: list }: OverviewView, { failingSince }: Around): Html | null {
  const ill = list.filter(isFailing).sort((one, other) => other.failures_in_a_row - one.failures_in_a_row);
  if (ill.length === 0) return null;
  const named = ill.slice(0, mostNamed).map(({ id, name, failures_in_a_row: failures }) => {
    const since = when(failingSince.get(id), view.now);
    const how = failures === 1 ? html`one attempt, ${since}` : html`${count(failures)} attempts in a row, the first ${since}`;
    return notice(html`<a href="/destinations/${id}">${name}</a> is failing: ${how}.`, "bad");
  });
  const more = ill.length - named.length;
  return html`${named}${more > 0 ? notice(html`And ${count(more)} more. <a href="/destinations">All destinations</a>`, "bad") : null}`;
}

function isFailing({ state: word, failures_in_a_row: failures }: DestinationLine): boolean {
  return standingOf(word, failures) === "failing";
}

function needs({ open }: OverviewView): Html {
  const most = (size: number) => (size >= open.counted_up_to ? `${count(open.counted_up_to)} or more` : count(size));
  return html`${open.alerts.map(({ source, reason }) => notice(html`<a href="/alerts">${source}</a>: ${reason}`, "bad"))}
${open.quarantine_waiting > 0 ? notice(html`<a href="/quarantine">${most(open.quarantine_waiting)} in quarantine</a> could not be read, and wait to be taken once more.`) : null}
${open.deliveries_exhausted > 0 ? notice(html`<a href="/deliveries?state=exhausted">${most(open.deliveries_exhausted)} deliveries</a> were given up. <a href="/recoveries/new">Recover them</a>.`, "bad") : null}`;
}

function destinations({ destinations: list }: OverviewView): Html {
  const failures = (one: DestinationLine) => (isFailing(one) ? one.failures_in_a_row : 0);
  const share = ({ delivered, failed }: DestinationLine) => failed / Math.max(1, delivered + failed);
  const worst = [...list].sort(
    (one, other) => failures(other) - failures(one) || share(other) - share(one) || (other.latency_p95_ms ?? 0) - (one.latency_p95_ms ?? 0),
  );
  if (list.length === 0)
    return section(
      "Destinations, 24 hours",
      empty(
        "No destination yet",
        "A destination hears of events as signed webhooks.",
        html`<a class="button" href="/destinations/new">New destination</a>`,
      ),
    );
  return section(
    "Destinations, 24 hours",
    table(
      "Destinations, the failing and the slow first",
      [
        { head: "Name", cell: ({ id, name }) => html`<a href="/destinations/${id}">${name}</a>` },
        {
          head: "State",
          cell: (one) =>
            html`${state(standingOf(one.state, one.failures_in_a_row))}${isFailing(one) ? html` <small>${count(one.failures_in_a_row)} in a row</small>` : null}`,
        },
        { head: "Delivered", isFigure: true, cell: ({ delivered }) => count(delivered) },
        { head: "Failed attempts", isFigure: true, cell: ({ failed }) => count(failed) },
        { head: "95 % within", isFigure: true, cell: ({ latency_p95_ms }) => timeOf(latency_p95_ms) },
      ],
      worst.slice(0, 10),
    ),
    html`<a href="/destinations">All destinations</a>`,
  );
}
