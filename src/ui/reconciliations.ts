import { reconciliationStates, tasks } from "../domain/reconciliation.ts";
import { filters, pick, typedIn } from "./filters.ts";
import { button, check, choice, form, input, mistakes, type Typed } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, facts, live, notice, progress, section, table } from "./parts.ts";
import { prose } from "./prose.ts";
import type { View } from "./view.ts";
import { code, count, exact, state, when } from "./words.ts";

/** A reconciliation, as our API tells it. */
export interface ReconciliationView {
  id: string;
  source: string;
  task: string;
  origin: string;
  state: string;
  since: string | null;
  until: string | null;
  progress: number;
  reading: { of: string; since: string | null; until: string | null } | null;
  calls: number;
  records: number;
  repaired: number;
  failures: number;
  reason: string | null;
  next_at: string | null;
  created_at: string | null;
  updated_at: string | null;
  finished_at: string | null;
}

/** Which sources have access to impact.com's API; `next` leads to where another one gets it. */
export interface Accesses {
  sources: { name: string; hasAccess: boolean }[];
  next: string;
}

const said: Record<string, string> = {
  updates: "the updates of the last hours",
  states: "approvals, payments and what is unresolved",
  backfill: "a span that was asked for",
};

/** The tabs of this room. */
export function reconciliationTabs({ path }: View): Html {
  const tabs = [
    ["/reconciliations", "Runs"],
    ["/gaps", "Gaps"],
    ["/capture", "Capture rate"],
  ] as const;
  return html`<nav class="row" aria-label="Reconciliation">${tabs.map(([to, name]) => html`<a class="button small" href="${to}"${path === to ? html` aria-current="page"` : null}>${name}</a>`)}</nav>`;
}

/** What to do where nothing was compared yet. */
export function toBegin({ sources, next: way }: Accesses): Html {
  return sources.some(({ hasAccess }) => hasAccess)
    ? html`<a class="button primary" href="/reconciliations/new">Reconcile now</a>`
    : html`<a class="button primary" href="${way}">Give a source access</a>`;
}

/** Reconciliations with impact.com's API, newest first. */
export function reconciliationsPage(view: View, reconciliations: Listed<ReconciliationView>, accesses: Accesses): Page {
  const { sources } = accesses;
  const { source, task, state: wanted } = view.query;
  const hasAccess = sources.some((one) => one.hasAccess);
  const typed = typedIn(view);
  const search = filters(view, "/reconciliations", [
    pick(typed, { name: "source", label: "Source", of: sources.map(({ name }) => name) }),
    pick(typed, { name: "task", label: "What", of: [...tasks] }),
    pick(typed, { name: "state", label: "State", of: [...reconciliationStates] }),
  ]);
  const none =
    source || task || wanted
      ? empty("Nothing fits", "No reconciliation fits these filters.", html`<a class="button" href="/reconciliations">All of them</a>`)
      : empty(
          "Nothing was compared yet",
          "impact.com sends no postback when an action locks or is paid, and none again for a call that it gave up. With access to its API, what is missing is found each hour and delivered.",
          toBegin(accesses),
        );
  return {
    title: "Reconciliation",
    lead: "What was compared with impact.com's API.",
    actions: html`${reconciliationTabs(view)}${hasAccess ? html`<a class="button primary" href="${address("/reconciliations/new", { source })}">Reconcile now</a>` : null}`,
    body: [search, list(view, "runs", reconciliations, (data) => rows(view, data), none)],
  };
}

function rows(view: View, runs: ReconciliationView[]): Html {
  return table(
    "Reconciliations",
    [
      { head: "Begun", cell: ({ id, created_at }) => html`<a href="/reconciliations/${id}">${when(created_at, view.now)}</a>` },
      {
        head: "State",
        cell: ({ state: word, progress: done, reason }) =>
          html`${state(word)}${word === "running" ? html` <small>${Math.floor(done * 100)} %</small>` : null}${reason ? html`<p class="note">${prose(reason)}</p>` : null}`,
      },
      { head: "What", cell: ({ task }) => said[task] ?? task },
      { head: "Source", cell: ({ source }) => source },
      { head: "Records", isFigure: true, cell: ({ records }) => count(records) },
      { head: "Repaired", isFigure: true, cell: ({ repaired }) => count(repaired) },
      { head: "Calls", isFigure: true, cell: ({ calls }) => count(calls) },
    ],
    runs,
  );
}

/** One reconciliation, and how far it has come. It goes on by itself, whether somebody looks or not. */
export function reconciliationPage(view: View, one: ReconciliationView): Page {
  const { state: word } = one;
  return {
    title: `Reconciliation of ${one.source}`,
    lead: html`Of ${said[one.task] ?? one.task}${one.origin === "import" ? ", as history" : null}.`,
    body: [
      live(view, "run", [
        progress(Math.floor(one.progress * 100), 100, `${Math.floor(one.progress * 100)} %`),
        controls(one),
        facts([
          ["State", html`${state(word)} ${one.reason ? prose(one.reason) : null}`],
          ["Span", html`${exact(one.since ?? "")} to ${exact(one.until ?? "")}`],
          ["Reading", one.reading ? html`${one.reading.of}, ${exact(one.reading.since ?? "")} to ${exact(one.reading.until ?? "")}` : null],
          ["Goes on", one.next_at ? when(one.next_at, view.now) : null],
          ["Records read", count(one.records)],
          [
            "Repaired",
            html`${count(one.repaired)}${one.repaired > 0 ? html`, <a href="${address("/gaps", { reconciliation: one.id })}">see which</a>` : null}`,
          ],
          ["Calls of the API", count(one.calls)],
          ["Failed calls", one.failures > 0 ? count(one.failures) : null],
          ["Begun", when(one.created_at, view.now)],
          ["Ended", one.finished_at ? when(one.finished_at, view.now) : null],
          ["Id", code(one.id)],
        ]),
      ]),
    ],
  };
}

/** What can be done to it as it is now. */
function controls({ id, state: word }: ReconciliationView): Html | null {
  const path = `/reconciliations/${id}`;
  const isOpen = ["running", "paused", "failed"].includes(word);
  if (!isOpen) return null;
  return html`<div class="row">${word === "running" ? button("Pause", `${path}/pause`) : button("Resume", `${path}/resume`, { look: "primary" })}${button("Cancel", `${path}/cancel`, { look: "danger", question: "Cancel? What it found stays." })}${word === "running" ? html`<span class="note">You can leave this page and come back: it goes on.</span>` : null}</div>`;
}

/** The form of a backfill. */
export function newReconciliationPage(typed: Typed, { sources, next: way }: Accesses): Page {
  const canBegin = sources.some(({ hasAccess }) => hasAccess);
  return {
    title: "Reconcile now",
    lead: "Over any span of the last three years. It goes on in the background, within the hourly budget of calls.",
    body: [
      canBegin ? null : notice(html`No source has access to impact.com's API yet. <a href="${way}">Give a source access</a> first.`),
      form("/reconciliations", [
        mistakes(typed),
        html`<fieldset><legend>What</legend>
${sourceField(typed, sources)}
<div class="pairs wide">${input(typed, { name: "since", label: "Since (UTC)", placeholder: "two days ago", hint: "Like 2026-05-13 or 2026-05-13T08:00:00Z." })}${input(typed, { name: "until", label: "Until (UTC)", placeholder: "now", hint: "As history: when the source was made." })}</div>
${check(typed, { name: "import", label: "As history from before the source was made: it is kept, and delivered to nobody" })}
</fieldset><button class="primary"${canBegin ? null : html` disabled`}>Begin</button>`,
      ]),
      section(
        "What happens",
        html`<p>Each record of impact.com's API is matched with the ledger. What no postback told becomes an event, goes to the same destinations once, and is a row in <a href="/gaps">the gap ledger</a>.</p>`,
      ),
    ],
  };
}

/** One of the sources that have access to the API: what was asked for, else the first of them. */
function sourceField(typed: Typed, sources: Accesses["sources"]): Html {
  const able = sources.filter(({ hasAccess }) => hasAccess);
  const chosen = able.find(({ name }) => name === typed.values["source"]) ?? able[0];
  return choice(
    { ...typed, values: { ...typed.values, source: chosen?.name ?? "" } },
    {
      name: "source",
      label: "Source",
      isRequired: true,
      options: [
        ...(chosen ? [] : [["", "none that could be compared"] as [string, string]]),
        ...sources.map(({ name, hasAccess }): [string, string, boolean] => [
          name,
          hasAccess ? name : `${name} (no access to the API yet)`,
          !hasAccess,
        ]),
      ],
    },
  );
}
