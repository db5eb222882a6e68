import { expect, test } from "vitest";
import { type GapView, gapsPage } from "../../src/ui/gaps.ts";
import { html } from "../../src/ui/html.ts";

const view = { path: "/gaps", query: {}, origin: "https://edge.example", now: 0, said: null };
const gap: GapView = {
  id: "gap_1",
  source: "ours & theirs",
  subject: "action:1000.4636.158133",
  type: "action.pending",
  reason: "lost",
  detail: "It never came.",
  noticed_at: null,
  late_seconds: 60,
  event_id: "evt_1",
};

test.each([
  ["action:1000.4636.158133", 'href="/actions/1000.4636.158133?source=ours+%26+theirs"'],
  ["action:a:b/c", 'href="/actions/a%3Ab%2Fc?source=ours+%26+theirs"'],
  ["inquiry:15652378", 'href="/inquiries/15652378"'],
  ["job:7f055bf1", 'href="/jobs/7f055bf1"'],
])("a gap of %s leads to it", (subject, way) => {
  const { body } = gapsPage(view, { data: [{ ...gap, subject }], next: null }, []);
  expect(html`${body}`.text).toContain(way);
});

test("a gap of what has no page is named as it is", () => {
  const { body } = gapsPage(view, { data: [{ ...gap, subject: "<b>:1" }], next: null }, []);
  expect(html`${body}`.text).toContain('<code class="line">&lt;b&gt;:1</code>');
});

test("an empty list says whether there was no gap, or nothing was compared yet", () => {
  const none = { data: [], next: null };
  const shown = (way: Parameters<typeof gapsPage>[3]) => html`${gapsPage(view, none, [], way).body}`.text;
  expect(shown(null)).toContain("No gap");
  expect(shown(html`<a href="/sources">Give a source access</a>`)).toMatch(/Nothing was compared yet.*<a href="\/sources">/s);
});
