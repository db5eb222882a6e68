import { describe, expect, test } from "vitest";
import { html } from "../../src/ui/html.ts";
import { type Around, type OverviewView, overviewPage } from "../../src/ui/overview.ts";
import { wordsOf } from "../http/look.ts";

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

const nothing: Around = { failingSince: new Map(), source: null, destination: null };
const calm = { state: "active", failures_in_a_row: 0, delivered: 90, failed: 0, latency_p95_ms: 50 };

function textOf(all: OverviewView, around: Partial<Around> = {}): string {
  return html`${overviewPage(view, all, { ...nothing, ...around }).body}`.text;
}

test("of the destinations those come first that fail now, then those that failed most, then the slow", () => {
  const text = textOf(
    withDestinations([
      { ...calm, id: "dst_1", name: "calm" },
      { ...calm, id: "dst_2", name: "slow", latency_p95_ms: 5000 },
      { ...calm, id: "dst_3", name: "flaky", failed: 70 },
      { ...calm, id: "dst_4", name: "busy", delivered: 9000, failed: 80 },
      { ...calm, id: "dst_5", name: "broken", failures_in_a_row: 3 },
    ]),
  );
  const names = [...text.slice(text.indexOf("<table")).matchAll(/href="\/destinations\/dst_\d">(\w+)</g)].map(([, name]) => name);
  expect(names).toEqual(["broken", "flaky", "busy", "slow", "calm"]);
});

describe("a destination that fails", () => {
  const failing = (n: number, failures = n) => ({ ...calm, id: `dst_${n}`, name: `broken-${n}`, failures_in_a_row: failures });
  const noticesOf = (text: string) => [...text.matchAll(/<p class="notice bad".*?<\/p>/g)].map(([one]) => wordsOf(one));

  test("is told first, with how often and since when, and a way to it", () => {
    const text = textOf(withDestinations([failing(4)]), { failingSince: new Map([["dst_4", "2026-05-13T11:59:50Z"]]) });
    expect(noticesOf(text)).toEqual(["broken-4 is failing: 4 attempts in a row, the first 10 s ago."]);
    expect(text.indexOf('<a href="/destinations/dst_4">broken-4</a> is failing')).toBeLessThan(text.indexOf('class="figures"'));
  });

  test("is one of three that are named; the others are counted", () => {
    const notices = noticesOf(textOf(withDestinations([1, 2, 3, 4, 5].map((n) => failing(n)))));
    expect(notices.map((one) => one.split(" ")[0])).toEqual(["broken-5", "broken-4", "broken-3", "And"]);
    expect(notices[3]).toContain("And 2 more.");
  });

  test("does not fail while it is paused: nothing is sent to it", () => {
    const text = textOf(withDestinations([{ ...failing(4), state: "paused" }]));
    expect(noticesOf(text)).toEqual([]);
    expect(text).not.toContain("failing</span>");
  });
});

test("destinations stand above the charts", () => {
  const text = textOf(withDestinations([{ ...calm, id: "dst_1", name: "calm" }]));
  expect(text.indexOf("Destinations, 24 hours")).toBeLessThan(text.indexOf("data-chart"));
});

test("the payout in several currencies is one figure with a line for each", () => {
  const payout = [
    { currency: "EUR", payout: "12.50" },
    { currency: "USD", payout: "1.00" },
  ];
  const text = textOf({ ...withDestinations([]), payout });
  expect(text.match(/<span class="name"><a href="\/reports">Payout<\/a>/g)).toHaveLength(1);
  expect(wordsOf(text.match(/<span class="amounts">.*?<\/strong>/)?.[0] ?? "")).toBe("12.50 EUR1.00 USD");
  expect(text).toContain("of actions of the last 24 hours");
});

describe("the first steps", () => {
  const steps = { source: true, postback: false, destination: false, delivery: false };
  const begun = (done: Partial<OverviewView["first_steps"]>, around: Partial<Around> = {}) => ({
    text: textOf({ ...withDestinations([]), first_steps: { ...steps, ...done } }, around),
    primary: (text: string) => [...text.matchAll(/<(?:a|button) class="(?:button )?primary"[^>]*>(.*?)</g)].map(([, words]) => words),
  });

  test.each([
    ["make a source", { source: false }, {}, "Make one"],
    ["connect it", {}, { source: "src_1" }, "Connect it"],
    ["make a destination", { postback: true }, { source: "src_1" }, "Make one"],
    ["send it a test", { postback: true, destination: true }, { source: "src_1", destination: "dst_1" }, "Send a test"],
  ])("show one button that stands out, that of the next step: %s", (_, done, around, words) => {
    const { text, primary } = begun(done, around);
    expect(primary(text)).toEqual([words]);
  });

  test("lead to the page that connects the source, and to the destination's test once there is one", () => {
    const { text } = begun({}, { source: "src_1", destination: "dst_1" });
    expect(text).toContain('href="/sources/src_1/connect"');
    expect(text).toContain('action="/destinations/dst_1/test"');
    const before = begun({}, { source: "src_1" }).text;
    expect(before).toContain("Make a destination first.");
    expect(before).not.toContain("/test");
  });

  test("have no range beside them until there are figures", () => {
    const actions = (postback: boolean) => {
      const page = overviewPage(view, { ...withDestinations([]), first_steps: { ...steps, postback } }, nothing);
      return html`${page.actions}`.text;
    };
    expect(actions(false)).toBe("");
    expect(actions(true)).toContain("7 days");
  });
});
