import { day, hour } from "../domain/time.ts";
import { chart, everyStep } from "./chart.ts";
import { type Html, html } from "./html.ts";
import { figures } from "./parts.ts";
import type { View } from "./view.ts";
import { count, money } from "./words.ts";

interface Step {
  at: string | null;
}

/** What happened in a span of time, step by step. */
export interface Measured {
  step: "hour" | "day";
  since: string | null;
  calls: (Step & { received: number; duplicates: number; quarantined: number })[];
  deliveries: (Step & { delivered: number; failed: number })[];
  payouts: (Step & { currency: string; actions: number; payout: string })[];
  payout: { currency: string; payout: string }[];
  capture: { captured: number; repaired: number };
}

/** The sums of a span of time, which `range` says in words. */
export function glance({ calls, deliveries, payout, capture }: Measured, pending: number, range: string): Html {
  const sum = <Row>(rows: Row[], of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const all = capture.captured + capture.repaired;
  const percent = all === 0 ? "–" : `${(Math.floor((capture.captured * 10_000) / all) / 100).toFixed(2)} %`;
  const paid = payout.map((one) => html`<span>${money(one.payout, one.currency)}</span>`);
  return figures([
    { name: "Postbacks", value: count(sum(calls, ({ received }) => received)), href: "/events" },
    { name: "Repeats", value: count(sum(calls, ({ duplicates }) => duplicates)), note: "answered, not forwarded" },
    { name: "Into quarantine", value: count(sum(calls, ({ quarantined }) => quarantined)), href: "/quarantine" },
    {
      name: "Delivered",
      value: count(sum(deliveries, ({ delivered }) => delivered)),
      note: `${count(sum(deliveries, ({ failed }) => failed))} attempts failed, ${count(pending)} pending`,
      href: "/deliveries",
    },
    ...(paid.length > 0
      ? [{ name: "Payout", value: html`<span class="amounts">${paid}</span>`, note: `of actions of the last ${range}`, href: "/reports" }]
      : []),
    {
      name: "Capture rate, 24 hours",
      value: percent,
      note: all === 0 ? "needs access to impact.com's API" : `${count(capture.repaired)} repaired`,
      href: "/reconciliations",
    },
  ]);
}

/** Postbacks, deliveries and payout over time. */
export function charts(view: View, { step, since, calls, deliveries, payouts, payout }: Measured): Html {
  const ms = step === "day" ? day : hour;
  const steps = everyStep(Date.parse(since ?? ""), view.now, step);
  const at = <Row extends Step>(rows: Row[]) => new Map(rows.map((row) => [Date.parse(row.at ?? ""), row]));
  const [called, sent] = [at(calls), at(deliveries)];
  const name = ms === day ? "by day" : "by hour";
  return html`<div class="columns">
${chart(`Postbacks ${name}`, { kind: "line", step, colours: ["accent", "soft", "busy"], series: [{ name: "Postbacks" }, { name: "Repeats" }, { name: "Quarantine" }], points: steps.map((moment) => ({ at: moment, values: [called.get(moment)?.received ?? 0, called.get(moment)?.duplicates ?? 0, called.get(moment)?.quarantined ?? 0] })) })}
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
