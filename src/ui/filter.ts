import type { Mistake } from "../domain/problem.ts";
import type { Typed } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { notice } from "./parts.ts";
import { count } from "./words.ts";

/** What became of a filter that was checked. */
export interface FilterCheck {
  filter: string;
  ok: boolean;
  mistake: Mistake | null;
  /** Among so many of the latest events it was counted what it selects. */
  of: number;
  selected: number;
  /** The latest of those. */
  first: string[];
}

/** A check that was asked for alone. The form takes its part of this page. */
export function filterPage(answer: FilterCheck): Page {
  return {
    title: "Filter",
    lead: "Whether it is right, and what it selects. Nothing was saved.",
    actions: html`<a class="button" href="/destinations/new">New destination</a>`,
    body: [html`<pre>${answer.filter || "(empty: every event, but not our own news)"}</pre>`, filterCheck(answer)],
  };
}

/** Whether it is right, where it is not, and what it would have selected. */
export function filterCheck(check: FilterCheck): Html {
  return html`<div id="filter-check" class="stack" aria-live="polite">${check.mistake ? wrong(check.filter, check.mistake) : right(check)}</div>`;
}

/** The place of a mistake that was found when a form was sent; the form itself says what it is. */
export function filterMistake({ values, mistakes }: Typed): Html {
  const mistake = mistakes.find(({ field, line }) => field === "filter" && line !== undefined);
  return html`<div id="filter-check" class="stack" aria-live="polite">${mistake ? pointed(values["filter"] ?? "", mistake) : null}</div>`;
}

function wrong(filter: string, mistake: Mistake): Html {
  const place = mistake.line ? html`<strong>Line ${mistake.line}, column ${mistake.column}:</strong> ` : null;
  return html`${notice(html`${place}${mistake.reason}`, "bad")}${pointed(filter, mistake)}`;
}

/** The line that a mistake is in, with a sign below its place. Long lines are cut around it, so that both stay below each other. */
function pointed(filter: string, { line, column = 1 }: Mistake): Html | null {
  if (line === undefined) return null;
  const text = filter.split("\n")[line - 1] ?? "";
  const from = Math.max(0, column - 41);
  const shown = `${from > 0 ? "…" : ""}${text.slice(from, from + 80).replaceAll("\t", " ")}`;
  const at = column - 1 - from + (from > 0 ? 1 : 0);
  return html`<pre class="pointed" role="img" aria-label="The mistake is at line ${line}, column ${column}.">${shown}
${" ".repeat(at)}<span class="caret">^</span></pre>`;
}

function right({ filter, of, selected, first }: FilterCheck): Html {
  const start = filter.trim() === "" ? "Without a filter:" : "The filter is right.";
  if (of === 0) return notice(`${start} No event has come yet that it could be tried on.`, "good");
  const events = first.map((id, index) => html`${index > 0 ? ", " : null}<a href="/events/${id}">${id}</a>`);
  const what = html`${start} It selects <strong>${count(selected)} of the latest ${count(of)}</strong> ${of === 1 ? "event" : "events"}`;
  if (selected === 0) return notice(html`${what}. Perhaps nothing of the kind has come yet; perhaps it asks too much.`);
  return notice(html`${what}. <span class="first">The latest: ${events}</span>`, "good");
}
