import { expect, test } from "vitest";
import { html } from "../../src/ui/html.ts";
import { type OverviewView, overviewPage } from "../../src/ui/overview.ts";

const now = Date.parse("2026-05-13T12:00:00Z");
const view = { path: "/overview", query: {}, origin: "https://edge.example", now, said: null };

function withDestinations(destinations: OverviewView["destinations"]): OverviewView {
  const open = { alerts: [], deliveries_pending: 0, deliveries_exhausted: 0, quarantine_waiting: 0, counted_up_to: 1000 };
  return {
    range: "24h",
    step: "hour",
    since: "2026-05-12T12:00:00Z",
    calls: [],
    deliveries: [],
    payouts: [],
    payout: [],
    capture: { captured: 0, repaired: 0 },
    open,
    destinations,
    first_steps: { source: true, postback: true, destination: true, delivery: true },
  };
}

test("of the destinations those come first that fail now, then those that failed most, then the slow", () => {
  const calm = { state: "active", failures_in_a_row: 0, delivered: 90, failed: 0, latency_p95_ms: 50 };
  const page = overviewPage(
    view,
    withDestinations([
      { ...calm, id: "dst_1", name: "calm" },
      { ...calm, id: "dst_2", name: "slow", latency_p95_ms: 5000 },
      { ...calm, id: "dst_3", name: "flaky", failed: 70 },
      { ...calm, id: "dst_4", name: "busy", delivered: 9000, failed: 80 },
      { ...calm, id: "dst_5", name: "broken", failures_in_a_row: 3 },
    ]),
  );
  const names = [...html`${page.body}`.text.matchAll(/href="\/destinations\/dst_\d">(\w+)</g)].map(([, name]) => name);
  expect(names).toEqual(["broken", "flaky", "busy", "slow", "calm"]);
});
