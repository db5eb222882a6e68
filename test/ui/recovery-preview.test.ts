import { expect, test } from "vitest";
import { html } from "../../src/ui/html.ts";
import { type Around, type Preview, recoveryPreviewPage } from "../../src/ui/recovery-preview.ts";
import { wordsOf } from "../http/look.ts";

const some: Preview = { count: 1, is_complete: true, first: ["evt_1:dst_1"] };
const none: Preview = { count: 0, is_complete: true, first: [] };
const typed = { destination: "dst_1", "state.exhausted": "on", payload: "original", rate: "5" };
const around: Around = { to: "ledger", first: [], latest: null, isAll: true };
const pageOf = (preview: Preview, more: Record<string, string> = {}, parts: Partial<Around> = {}) =>
  html`${recoveryPreviewPage(preview, { ...typed, ...more }, { ...around, ...parts }).body}`.text;

test("the oldest deliveries are named, and lead to their pages", () => {
  const text = pageOf(some, {}, { first: [{ id: "evt_1:dst_1", event: "action.pending <1>", destination: "ledger" }] });
  expect(text).toContain('<li><a href="/deliveries/evt_1%3Adst_1">action.pending &lt;1&gt;</a> to ledger</li>');
});

test("what was delivered already is warned of", () => {
  expect(pageOf(some, { "state.delivered": "on" })).toContain("They will arrive twice.");
  expect(pageOf(some)).not.toContain("arrive twice");
  expect(pageOf(none, { "state.delivered": "on" })).not.toContain("arrive twice");
});

test("where nothing fits, it says in which states deliveries are, and leads back with what was chosen", () => {
  const text = pageOf(none, {}, { latest: ["delivered", "pending", "delivered"] });
  expect(wordsOf(text)).toContain("Nothing would be sent: no delivery to ledger is exhausted.");
  expect(wordsOf(text)).toContain("All deliveries to ledgerpending1delivered2");
  expect(text).toContain('href="/deliveries?state=delivered&amp;destination=dst_1"');
  expect(text).toContain(
    '<a class="button primary" href="/recoveries/new?destination=dst_1&amp;state.exhausted=on&amp;payload=original&amp;rate=5">',
  );
  expect(text).not.toContain("Start the recovery");
});

test("it says what else was asked for, how many it looked at, and that there is none at all", () => {
  const asked = { since: "2026-05-13", "state.pending": "on" };
  const words = "no delivery to ledger is pending or exhausted, of these times and this filter. What is pending and due within";
  expect(wordsOf(pageOf(none, asked))).toContain(words);
  expect(wordsOf(pageOf(none, {}, { latest: [], isAll: false }))).toContain("Nothing went to ledger of late.");
  expect(wordsOf(pageOf(none, {}, { latest: ["delivered"], isAll: false }))).toContain("The latest 1 deliveries to ledger");
  expect(wordsOf(pageOf(none, {}, { latest: [] }))).toContain("There is no delivery to ledger yet.");
});

test("what was not looked through to its end can be begun", () => {
  expect(pageOf({ ...none, is_complete: false })).toContain("Start the recovery");
});
