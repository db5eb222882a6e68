import { expect, test } from "vitest";
import { html } from "../../src/ui/html.ts";
import { list } from "../../src/ui/list.ts";

const view = { path: "/events", query: { click_id: "c&1" }, origin: "https://edge.example", now: 0, said: null };
const shown = (data: string[], next: string | null, query: Record<string, string> = view.query) =>
  list({ ...view, query }, "events", { data, next }, (rows) => rows.join(), html`none at all`).text;

test("the first page keeps itself up to date, a later one does not", () => {
  expect(shown(["a", "b"], null)).toMatch(/hx-get="\/events\?click_id=c%261"[^>]*>a,b</);
  expect(shown(["a"], null, { cursor: "x" })).not.toContain("hx-get");
});

test("rows have a way to older ones, while there are any", () => {
  expect(shown(["a"], "evt_1")).toContain('rel="next" href="/events?click_id=c%261&amp;cursor=evt_1"');
  expect(shown(["a"], null)).not.toContain('rel="next"');
});

test("an empty page that is not the last says that more is to be looked at, and where it goes on", () => {
  const text = shown([], "evt_019af0c5-0000-7000-8000-000000000000", { click_id: "c", cursor: "evt_2" });
  expect(text).toContain('hx-get="/events?click_id=c&amp;cursor=evt_019af0c5-0000-7000-8000-000000000000" hx-trigger="load"');
  expect(text).toContain("All that came since 2025-12-05 23:07:13 UTC was looked at.");
  expect(text).not.toContain("none at all");
  expect(shown([], "other:key")).not.toContain("was looked at");
});

test("only an empty page that is the last says that there is none", () => {
  expect(shown([], null)).toContain("none at all");
  expect(shown([], null, { cursor: "x" })).toContain("none at all");
});
