import { describe, expect, test } from "vitest";
import type { Receiver } from "../../src/ui/attempts.ts";
import { eventPage, type WholeEvent } from "../../src/ui/event.ts";
import { html } from "../../src/ui/html.ts";
import { wordsOf } from "../http/look.ts";

const view = { path: "/events/evt_1", query: {}, origin: "https://edge.example", now: Date.parse("2026-05-13T12:00:00Z"), said: null };
const receipt = { method: "", query: "", headers: {}, ip: "", body: "", body_encoding: "utf-8", body_bytes: 0 };
const ledger: Receiver = { name: "ledger", state: "active", openUntil: null };

const event = (parts: Record<string, unknown>): WholeEvent => ({
  id: "evt_1",
  type: "action.pending",
  origin: "postback",
  kind: "action-lifecycle",
  received_at: "2026-05-13T11:00:00Z",
  warnings: [],
  receipt,
  deliveries: [],
  ...parts,
});

const pageOf = (parts: Record<string, unknown>, destinations: [string, Receiver][] = []) =>
  html`${eventPage(view, event(parts), () => true, new Map(destinations)).body}`.text;

describe("an event that went nowhere", () => {
  test("leads to the first destination where there is none", () => {
    const text = pageOf({});
    expect(text).toContain("There is no destination yet");
    expect(text).toMatch(/<a class="button[^"]*" href="\/destinations\/new">New destination/);
    expect(text).not.toContain("wanted it");
    expect(text).not.toContain("by hand");
  });

  test("can be sent by hand where there is one", () => {
    const text = pageOf({}, [["dst_1", ledger]]);
    expect(text).toContain("No destination wanted it");
    expect(text).toContain("by hand below");
    expect(text).toContain('<option value="dst_1">ledger</option>');
  });

  test("says which destination would make it wait", () => {
    expect(pageOf({}, [["dst_1", { ...ledger, state: "paused" }]])).toContain('<option value="dst_1">ledger (paused)</option>');
  });
});

test("each delivery is opened by a link that says which", () => {
  const parts = { event: "evt_1", state: "exhausted", attempt_count: 1, next_attempt_at: null, reason: null };
  const deliveries = [{ id: "evt_1:dst_1", destination: "dst_1", ...parts }];
  expect(pageOf({ deliveries }, [["dst_1", ledger]])).toContain('aria-label="Open the delivery to ledger, exhausted">Open</a>');
});

describe("news of our own", () => {
  const news = { kind: "operational", origin: undefined, received_at: "2026-05-13T11:00:00Z" };

  test("of a destination says why, and leads to it and to the delivery", () => {
    const type = "operational.delivery_exhausted";
    const reason = "A delivery was given up: answered 500. GET /deliveries?state=exhausted&destination=dst_1 lists all.";
    const told = { ...news, type, destination: "dst_1", destination_name: "ledger of old", delivery: "evt_0:dst_1", reason };
    const text = pageOf(told, [["dst_1", ledger]]);
    expect(wordsOf(text)).toContain("A delivery was given up: answered 500. List them.");
    expect(text).toContain('<a href="/destinations/dst_1">ledger</a>');
    expect(text).toContain('<a href="/deliveries/evt_0%3Adst_1">');
    expect(text).not.toContain("no flat fields");
    expect(text).not.toContain("<h2>Fields</h2>");
    expect(wordsOf(pageOf(told))).toContain("ledger of old deleted");
  });

  test("of a source leads to it, to the alert, and shows its figures", () => {
    const alert = { alert: "alr_1", alert_kind: "unknown_keys", rate: "0.25", since: "2026-05-13T10:00:00Z" };
    const text = pageOf({
      ...news,
      type: "operational.alert_opened",
      source: "src_1",
      source_name: "ours & theirs",
      reason: "Odd.",
      ...alert,
    });
    expect(text).toContain('<a href="/sources/src_1">ours &amp; theirs</a>');
    expect(text).toContain('<a href="/alerts?state=all&amp;source=ours+%26+theirs&amp;kind=unknown_keys">Unknown keys</a>');
    expect(wordsOf(text)).toContain("rate0.25");
    expect(wordsOf(text)).toContain("since2 h ago 2026-05-13 10:00:00 UTC");
  });

  test("of a reconciliation leads to it", () => {
    const text = pageOf({
      ...news,
      type: "operational.gap_repaired",
      source: "src_1",
      reconciliation: "rec_1",
      repaired: "3",
      reason: "Made good.",
    });
    expect(text).toContain('<a href="/reconciliations/rec_1">');
    expect(wordsOf(text)).toContain("repaired3");
  });
});
