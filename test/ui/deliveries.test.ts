import { describe, expect, test } from "vitest";
import { formatInstant, minute, second } from "../../src/domain/time.ts";
import { type AttemptView, attemptsOf, type Receiver } from "../../src/ui/attempts.ts";
import { type DeliveryView, deliveriesPage, deliveryPage } from "../../src/ui/deliveries.ts";
import { html } from "../../src/ui/html.ts";
import { wordsOf } from "../http/look.ts";

const now = Date.parse("2026-05-13T12:00:00Z");
const view = { path: "/deliveries", query: {}, origin: "https://edge.example", now, said: null };
const active: Receiver = { name: "ledger", state: "active", openUntil: null };

const pending = (parts: Partial<DeliveryView> = {}): DeliveryView => ({
  id: "evt_1:dst_1",
  event: "evt_1",
  destination: "dst_1",
  state: "pending",
  attempt_count: 1,
  next_attempt_at: formatInstant(now - 4 * second),
  reason: "answered 503",
  created_at: formatInstant(now - minute),
  updated_at: formatInstant(now - minute),
  attempts: [],
  ...parts,
});

test("a delivery in a list is opened by what it is of, and a screen reader hears more", () => {
  const one = pending({ state: "delivered", next_attempt_at: null });
  const events = new Map([["evt_1", "action.pending <1000>"]]);
  const { body } = deliveriesPage(view, { data: [one], next: null }, new Map([["dst_1", active]]), events);
  expect(html`${body}`.text).toMatch(
    /<th scope="row"[^>]*><div><a class="long" href="\/deliveries\/evt_1%3Adst_1" aria-label="Delivery of action.pending &lt;1000&gt; to ledger, delivered">action.pending &lt;1000&gt;<\/a>/,
  );
});

describe("when a delivery is tried next", () => {
  const later = formatInstant(now + 90 * second);
  const broken = { ...active, openUntil: now + 54 * second };
  test.each<[string, Partial<DeliveryView>, Receiver | undefined, string]>([
    ["a time in the future is told", { next_attempt_at: later }, active, "in 1 min"],
    ["what is past is due", {}, active, "due"],
    ["so it is when nothing is known of the destination", {}, undefined, "due"],
    ["a paused destination makes it wait", { next_attempt_at: later }, { ...active, state: "paused" }, "waits: the destination is paused"],
    ["and one that is disabled", {}, { ...broken, state: "disabled" }, "waits: the destination is disabled"],
    ["an open breaker makes it wait", {}, broken, "waits: breaker open, next try in 54 s"],
    ["but not what is due when the breaker is closed", { next_attempt_at: later }, broken, "in 1 min"],
    ["a breaker that was open is over", {}, { ...active, openUntil: now - second }, "due"],
  ])("%s", (_, parts, receiver, words) => {
    const delivery = pending(parts);
    const { body } = deliveryPage(view, delivery, receiver, "action.pending 1");
    expect(html`${body}`.text).toContain(`<dt>Next attempt</dt><dd>`);
    expect(wordsOf(html`${body}`.text)).toContain(`Next attempt${words}`);
    const listed = deliveriesPage(view, { data: [delivery], next: null }, new Map(receiver ? [["dst_1", receiver]] : []), new Map());
    expect(wordsOf(html`${listed.body}`.text)).toContain(words);
    const ofEvent = wordsOf(attemptsOf(view, delivery, receiver).text);
    expect(ofEvent).toContain(words.startsWith("waits") ? words : `next attempt ${words}`);
    expect(ofEvent).not.toContain("ago");
  });

  test("a delivery that has ended is not tried again", () => {
    const { body } = deliveryPage(view, pending({ state: "delivered", next_attempt_at: null }), active, "action.pending 1");
    expect(html`${body}`.text).not.toContain("Next attempt");
  });
});

describe("what is sent again", () => {
  const attempt: AttemptView = {
    number: 1,
    at: null,
    delivered: true,
    status: 200,
    reason: "answered 200",
    latency_ms: 1,
    request: { headers: {} },
    response: { headers: {}, body: "" },
    next_attempt_at: null,
  };
  const pageOf = (delivery: DeliveryView) => html`${Object.values(deliveryPage(view, delivery, active, "action.pending 1"))}`.text;

  test.each(["delivered", "exhausted", "pending"])("asks first only where it was delivered already: %s", (state) => {
    const texts = [pageOf(pending({ state })), attemptsOf(view, pending({ state }), active).text];
    for (const text of texts) expect(text.includes(`data-confirm="This was delivered already`)).toBe(state === "delivered");
  });

  test("says that an operator did it, until there is another answer", () => {
    const before = { reason: "answered 200", attempts: [attempt] };
    const sentAgain = "sent again by an operator; before: answered 200";
    expect(wordsOf(pageOf(pending(before)))).toContain(`Why${sentAgain}`);
    expect(attemptsOf(view, pending(before), active).text).toContain(sentAgain);
    const { attempts, ...listed } = pending(before);
    expect(html`${deliveriesPage(view, { data: [listed], next: null }, new Map(), new Map()).body}`.text).toContain(sentAgain);
    expect(pageOf(pending({ ...before, reason: "lost" }))).not.toContain("sent again by");
    expect(pageOf(pending({ ...before, state: "delivered" }))).not.toContain("sent again by");
  });

  test("says so of what was given up too", () => {
    const failed = { ...attempt, delivered: false, reason: "answered 503" };
    expect(pageOf(pending({ attempts: [failed] }))).toContain("sent again by an operator; before: answered 503");
    const waits = { ...failed, next_attempt_at: formatInstant(now + minute) };
    expect(pageOf(pending({ attempts: [waits] }))).not.toContain("sent again");
  });
});
