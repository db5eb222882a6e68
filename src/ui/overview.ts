import { day, hour } from "../domain/time.ts";
import { chart, everyStep } from "./chart.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, figures, live, notice, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { count, money, state } from "./words.ts";

interface Step {
  at: string | null;
}

/** All at a glance. */
export interface OverviewView {
  range: string;
  step: "hour" | "day";
  since: string | null;
  calls: (Step & { received: number; duplicates: number; quarantined: number })[];
  deliveries: (Step & { delivered: number; failed: number })[];
  payouts: (Step & { currency: string; actions: number; payout: string })[];
  payout: { currency: string; payout: string }[];
  capture: { captured: number; repaired: number };
  open: {
    alerts: { id: string; source: string; kind: string; reason: string }[];
    deliveries_pending: number;
    deliveries_exhausted: number;
    quarantine_waiting: number;
    counted_up_to: number;
  };
  destinations: DestinationLine[];
  first_steps: { source: boolean; postback: boolean; destination: boolean; delivery: boolean };
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

const ranges: [value: string, shown: string][] = [
  ["24h", "24 hours"],
  ["7d", "7 days"],
  ["30d", "30 days"],
];

/** Is all well, and how is business? At first: what to do next. */
export function overviewPage(view: View, all: OverviewView): Page {
  const isBegun = Object.values(all.first_steps).every(Boolean);
  return {
    title: "Overview",
    lead: isBegun
      ? "What came, where it went, and what needs somebody."
      : "Four steps to the first event in your own system. Each is ticked when it was seen.",
    actions: html`<nav class="row" aria-label="Range">${ranges.map(
      ([value, shown]) =>
        html`<a class="button small" href="${address("/overview", { range: value })}"${value === all.range ? html` aria-current="true"` : null}>${shown}</a>`,
    )}</nav>`,
    body: live(view, "overview", [isBegun ? null : firstSteps(all), all.first_steps.postback ? figuresOf(view, all) : null]),
  };
}

/** Before the first postback there is nothing to see in them. */
function figuresOf(view: View, all: OverviewView): Html[] {
  return [needs(all), glance(all), charts(view, all), destinations(all)];
}

function firstSteps({ first_steps: { source, postback, destination, delivery } }: OverviewView): Html {
  const steps: [done: boolean, name: string, words: Html][] = [
    [
      source,
      "A source",
      html`One impact.com account with a secret URL. <a href="${source ? "/sources" : "/sources/new"}">${source ? "See it" : "Make one"}</a>.`,
    ],
    [
      postback,
      "The first postback",
      html`Paste the URL of <a href="/sources">your source</a> into impact.com, or call it with the command on its page.`,
    ],
    [
      destination,
      "A destination",
      html`A system of yours, a URL, and a filter. <a href="${destination ? "/destinations" : "/destinations/new"}">${destination ? "See it" : "Make one"}</a>.`,
    ],
    [
      delivery,
      "The first delivery",
      html`The next postback that the filter selects goes there. <a href="/destinations">Send it a test</a> first.`,
    ],
  ];
  return html`<ol class="steps">${steps.map(
    ([done, name, words]) => html`<li class="${done ? "done" : ""}"><h2>${name} ${state(done ? "done" : "to do")}</h2><p>${words}</p></li>`,
  )}</ol>`;
}

function needs({ open }: OverviewView): Html {
  const most = (size: number) => (size >= open.counted_up_to ? `${count(open.counted_up_to)} or more` : count(size));
  return html`${open.alerts.map(({ source, reason }) => notice(html`<a href="/alerts">${source}</a>: ${reason}`, "bad"))}
${open.quarantine_waiting > 0 ? notice(html`<a href="/quarantine">${most(open.quarantine_waiting)} in quarantine</a> could not be read, and wait to be taken once more.`) : null}
${open.deliveries_exhausted > 0 ? notice(html`<a href="/deliveries?state=exhausted">${most(open.deliveries_exhausted)} deliveries</a> were given up. <a href="/recoveries/new">Recover them</a>.`, "bad") : null}`;
}

function glance({ calls, deliveries, payout, capture, open, range }: OverviewView): Html {
  const sum = <Row>(rows: Row[], of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const all = capture.captured + capture.repaired;
  const percent = all === 0 ? "–" : `${(Math.floor((capture.captured * 10_000) / all) / 100).toFixed(2)} %`;
  return figures([
    { name: "Postbacks", value: count(sum(calls, ({ received }) => received)), href: "/events" },
    { name: "Repeats", value: count(sum(calls, ({ duplicates }) => duplicates)), note: "answered, not forwarded" },
    { name: "Into quarantine", value: count(sum(calls, ({ quarantined }) => quarantined)), href: "/quarantine" },
    {
      name: "Delivered",
      value: count(sum(deliveries, ({ delivered }) => delivered)),
      note: `${count(sum(deliveries, ({ failed }) => failed))} attempts failed, ${count(open.deliveries_pending)} pending`,
      href: "/deliveries",
    },
    ...payout.map((one) => ({
      name: "Payout",
      value: money(one.payout, one.currency),
      note: `of actions of the last ${range}`,
      href: "/reports",
    })),
    {
      name: "Capture rate, 24 hours",
      value: percent,
      note: all === 0 ? "needs access to impact.com's API" : `${count(capture.repaired)} repaired`,
      href: "/reconciliations",
    },
  ]);
}

function charts(view: View, { step, since, calls, deliveries, payouts, payout }: OverviewView): Html {
  const ms = step === "day" ? day : hour;
  const steps = everyStep(Date.parse(since ?? ""), view.now, step);
  const at = <Row extends Step>(rows: Row[]) => new Map(rows.map((row) => [Date.parse(row.at ?? ""), row]));
  const [called, sent] = [at(calls), at(deliveries)];
  const name = ms === day ? "by day" : "by hour";
  return html`<div class="columns">
${chart(`Postbacks ${name}`, { kind: "line", step, colours: ["accent", "soft", "busy"], series: [{ name: "Events" }, { name: "Repeats" }, { name: "Quarantine" }], points: steps.map((moment) => ({ at: moment, values: [called.get(moment)?.received ?? 0, called.get(moment)?.duplicates ?? 0, called.get(moment)?.quarantined ?? 0] })) })}
${chart(`Deliveries ${name}`, { kind: "line", step, colours: ["good", "bad"], series: [{ name: "Delivered" }, { name: "Failed attempts" }], points: steps.map((moment) => ({ at: moment, values: [sent.get(moment)?.delivered ?? 0, sent.get(moment)?.failed ?? 0] })) })}
${payout.map(({ currency }) => {
  const paid = at(payouts.filter((one) => one.currency === currency));
  return chart(`Payout in ${currency || "no currency"} ${name}`, {
    kind: "bars",
    step,
    series: [{ name: currency || "Payout", show: (value) => money(String(value), currency) }],
    points: steps.map((moment) => ({ at: moment, values: [paid.get(moment)?.payout ?? "0.00"] })),
  });
})}
</div>`;
}

function destinations({ destinations: list }: OverviewView): Html {
  const share = ({ delivered, failed }: DestinationLine) => failed / Math.max(1, delivered + failed);
  const worst = [...list].sort(
    (one, other) =>
      other.failures_in_a_row - one.failures_in_a_row ||
      share(other) - share(one) ||
      (other.latency_p95_ms ?? 0) - (one.latency_p95_ms ?? 0),
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
            one.state !== "active"
              ? state(one.state)
              : one.failures_in_a_row > 0
                ? html`${state("failing")} <small>${one.failures_in_a_row} in a row</small>`
                : state("ok"),
        },
        { head: "Delivered", isFigure: true, cell: ({ delivered }) => count(delivered) },
        { head: "Failed attempts", isFigure: true, cell: ({ failed }) => count(failed) },
        { head: "p95", isFigure: true, cell: ({ latency_p95_ms: ms }) => (ms === null ? "–" : `≤ ${count(ms)} ms`) },
      ],
      worst.slice(0, 10),
    ),
    html`<a href="/destinations">All destinations</a>`,
  );
}
