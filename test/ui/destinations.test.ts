import { describe, expect, test } from "vitest";
import { durationOf, secretsOf } from "../../src/ui/destination-view.ts";
import { destinationsPage } from "../../src/ui/destinations.ts";
import { filterCheck } from "../../src/ui/filter.ts";
import { html } from "../../src/ui/html.ts";

const view = { path: "/destinations", query: {}, origin: "https://edge.example", now: 0, said: null };

test("where there is no destination, the page says what one is and leads to the first", () => {
  const { body } = destinationsPage(view, { data: [], next: null }, []);
  const { text } = html`${body}`;
  expect(text).toContain("A destination is a system of yours");
  expect(text).toContain('href="/destinations/new"');
});

describe("the place of a mistake in a filter", () => {
  const pointedAt = (filter: string, line: number, column: number) => {
    const mistake = { field: "filter", reason: "is wrong", line, column };
    const { text } = filterCheck({ filter, ok: false, mistake, of: 0, selected: 0, first: [] });
    const [, above = "", below = ""] = /<pre class="pointed"[^>]*>(.*)\n( *)<span class="caret">/.exec(text) ?? [];
    return above[below.length];
  };

  test.each([
    ["at the beginning", "x == 1", 1, 1, "x"],
    ["in a later line", "a ==\n\tb == c", 2, 2, "b"],
    ["far to the right, where the line is cut", `${"a".repeat(300)}X${"b".repeat(300)}`, 1, 301, "X"],
  ])("is marked %s", (_, filter, line, column, letter) => {
    expect(pointedAt(filter, line, column)).toBe(letter);
  });
});

test.each([
  [5, "5 s"],
  [90, "90 s"],
  [1800, "30 min"],
  [72_000, "20 h"],
  [86_400, "1 d"],
])("%i seconds are %s", (seconds, words) => {
  expect(durationOf(seconds)).toBe(words);
});

test("the secrets of a preset are those that its templates name", () => {
  const preset = { name: "p", title: "P", description: "", documentation: null, verified: true, method: "POST", exampleUrl: "" };
  const templates = { query: "a={{ secrets.key_1 }}", body: "{{ secrets.key_2 }}{{ secrets.key_1 }}", headers: { x: "{{secrets.key_3}}" } };
  expect(secretsOf({ ...preset, ...templates })).toEqual(["key_1", "key_2", "key_3"]);
});
