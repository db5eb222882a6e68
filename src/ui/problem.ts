import type { Mistake, Problem, ProblemCode } from "../domain/problem.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { prose } from "./prose.ts";

/** What to do about a mistake, where its own words do not say. */
const ways: Partial<Record<ProblemCode, string>> = {
  not_found:
    "The address may be of something that was deleted, or that retention has moved to the archive. The pages at the side list what there is.",
  conflict: "Look at how it stands now, then decide again.",
  cross_origin: "This protects you from other sites that would press buttons in your name.",
  internal: "Try again in a moment. If it stays, `wrangler tail` shows the reason in the log.",
  unavailable: "Try again in a moment.",
  invalid_input: "Go back, mend what is named, and send it again.",
};

/** What was asked for in vain. */
export interface Asked {
  method: string;
  path: string;
  /** The parameters in the URL. */
  query: Record<string, string>;
  /** The page of ours that the reader came from, null when it was another, or nobody said. */
  before: string | null;
}

/** A mistake as a page: what, where, and the way out. */
export function problemPage(problem: Problem, asked: Asked): Page {
  const { title, errors = [] } = problem.toJSON();
  const isAddress = problem.code === "invalid_input" && asked.method === "GET" && Object.keys(asked.query).length > 0;
  const way = isAddress ? undefined : ways[problem.code];
  return {
    title: isAddress ? "This address is not right" : title,
    body: html`<div class="empty">${errors.length > 0 ? list(errors) : html`<p>${prose(problem.message)}</p>`}${way ? html`<p>${way}</p>` : null}<p class="next">${
      isAddress ? without(asked, errors) : null
    }<a class="button" href="${asked.before ?? "/overview"}">Go back</a></p></div>`,
  };
}

function list(mistakes: Mistake[]): Html {
  const [first, ...others] = mistakes.map(
    ({ field, reason, line, column }) => html`${named(field)} ${prose(reason)}${line ? ` (line ${line}, column ${column})` : null}`,
  );
  return others.length === 0 ? html`<p>${first}.</p>` : html`<ul>${[first, ...others].map((one) => html`<li>${one}</li>`)}</ul>`;
}

/** A parameter by its name, as the labels of forms have it; names with a path in them stay as they are. */
function named(field: string): Html {
  if (!/^[a-z][a-z_]*$/.test(field)) return html`<code>${field}</code>`;
  return html`<strong>${field.charAt(0).toUpperCase()}${field.slice(1).replaceAll("_", " ")}</strong>`;
}

/** The same page without what is wrong. */
function without({ path, query: { cursor, ...rest } }: Asked, mistakes: Mistake[]): Html {
  const isOfPlace = mistakes.every(({ field }) => field === "cursor");
  const isOldestFirst = /^\/(reports|archive)/.test(path);
  const words = isOfPlace ? `Back to the ${isOldestFirst ? "beginning" : "newest"}` : "Back to the list without filters";
  return html`<a class="button primary" href="${isOfPlace ? address(path, rest) : path}">${isOfPlace || isList(path) ? words : "Open it without that"}</a> `;
}

function isList(path: string): boolean {
  return /^\/[a-z-]+$/.test(path) && path !== "/overview";
}
