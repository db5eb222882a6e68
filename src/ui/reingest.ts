import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, figures, notice, progress } from "./parts.ts";
import { reasonOf } from "./quarantine.ts";
import { count } from "./words.ts";

/** How far re-ingesting many has come: what became of them, how many are left, and where to go on; null at the end. */
export interface Reingesting {
  taken: number;
  still: number;
  left: number;
  next: string | null;
}

type Scope = { source?: string | undefined; code?: string | undefined; cursor?: string | undefined };

/**
 * Re-ingesting many calls: what is meant, how far it has come, and the button that goes on. Once it was pressed on a page with scripts
 * (`isPressed`), it goes on by itself as long as that is open; a page that is merely come to does nothing. The address holds where it
 * stands, so that it can be left and come back to.
 */
export function reingestPage(standing: Reingesting, scope: Scope, isPressed: boolean): Page {
  const { source, code } = scope;
  const back = address("/quarantine", { source, code });
  return {
    title: "Re-ingest",
    lead: html`${code ? html`What was refused as “${reasonOf(code)}”` : "All that waits in quarantine"}${source ? html`, of ${source}` : null}, the oldest first. Each call keeps its id and its time of arrival; what is still wrong stays, with its reason.`,
    actions: html`<a class="button" href="${back}">Back to the quarantine</a>`,
    body: html`<div id="reingest" class="stack">${scope.cursor === undefined ? before(standing, scope) : along(standing, scope, isPressed)}</div>`,
  };
}

function before({ left }: Reingesting, scope: Scope): Html {
  if (left === 0)
    return empty("Nothing waits", "No call in quarantine fits this.", html`<a class="button" href="/quarantine">The quarantine</a>`);
  return html`<p>${left === 1 ? "1 call waits" : `${count(left)} calls wait`}. Mend the mapping of the source, or the template in impact.com, before you begin. What becomes an event is sent to the destinations that want it.</p>
${goOn(scope, left === 1 ? "Re-ingest it" : `Re-ingest ${count(left)} calls`, false)}`;
}

function along({ taken, still, left, next }: Reingesting, scope: Scope, isPressed: boolean): Html {
  const done = taken + still;
  return html`${progress(done, done + left, `${count(done)} of ${count(done + left)}`)}
${figures([
  { name: "Became events", value: count(taken) },
  {
    name: "Stay, still wrong",
    value: count(still),
    href: still > 0 ? address("/quarantine", { source: scope.source, code: scope.code }) : "",
  },
  { name: "Left", value: count(left) },
])}
${next === null ? notice(outcome(taken, still), still > 0 ? "busy" : "good") : goOn({ ...scope, cursor: next }, "Go on", isPressed)}
${next === null ? null : html`<p class="hint">While this page is open it goes on by itself, or, without scripts, at each press of the button. You can leave it: nothing is undone, and what is left is taken when you come back.</p>`}`;
}

function outcome(taken: number, still: number): string {
  const became = taken === 1 ? "1 call became an event" : `${count(taken)} calls became events`;
  if (still === 0) return `That was all. ${became}.`;
  return `That was all. ${became}; ${still === 1 ? "1 stays" : `${count(still)} stay`} in quarantine. Open one to see what is wrong with it.`;
}

/** The button for the next slice; with `isPressed` it presses itself from now on. */
function goOn(scope: Scope, label: string, isPressed: boolean): Html {
  const action = "/quarantine/reingest";
  const hidden = Object.entries(scope).map(([name, value]) => (value ? html`<input type="hidden" name="${name}" value="${value}">` : null));
  const trigger = isPressed ? "load delay:400ms, submit" : "submit";
  return html`<form method="post" action="${action}" hx-post="${action}" hx-trigger="${trigger}" hx-target="#reingest" hx-select="#reingest" hx-swap="outerHTML">${hidden}<button class="primary">${label}</button></form>`;
}
