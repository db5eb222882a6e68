import type { Problem, ProblemCode } from "../domain/problem.ts";
import { html } from "./html.ts";
import type { Page } from "./layout.ts";

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

/** A mistake as a page: what, where, and the way out. `referer` is where the reader came from, shown when it is ours. */
export function problemPage(problem: Problem, referer: string | null, origin: string): Page {
  const { title, errors = [] } = problem.toJSON();
  const path = referer?.startsWith(`${origin}/`) ? referer.slice(origin.length) : "/overview";
  const back = path.startsWith("//") ? "/overview" : path; // a browser would take that for another host
  return {
    title,
    body: html`<div class="empty"><p>${problem.message}</p>${
      errors.length > 0
        ? html`<ul>${errors.map(({ field, reason, line, column }) => html`<li><code>${field}</code> ${reason}${line ? ` (line ${line}, column ${column})` : null}</li>`)}</ul>`
        : null
    }${ways[problem.code] ? html`<p>${ways[problem.code]}</p>` : null}<p class="next"><a class="button" href="${back}">Go back</a></p></div>`,
  };
}
