import type { Mistake } from "../domain/problem.ts";
import type { ReceiptView } from "./event.ts";
import { choice, form, input, untyped } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, figures, notice, pager, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, count, state, when } from "./words.ts";

/** A call in quarantine, as our API tells it. */
export interface QuarantinedView {
  id: string;
  source: string;
  source_id: string;
  kind: string;
  received_at: string | null;
  code: string;
  detail: string;
  errors: Mistake[];
  receipt: ReceiptView;
  truncated: boolean;
  resolved_at: string | null;
  event: string | null;
}

/** What could not be read, newest first. */
export function quarantinePage(view: View, { data, next }: { data: QuarantinedView[]; next: string | null }, sources: string[]): Page {
  const isResolved = view.query["resolved"] === "true";
  const { source, code: reason } = view.query;
  const isSearch = Boolean(source || reason || view.query["since"]);
  const none = empty(
    isSearch ? "Nothing fits" : isResolved ? "Nothing was re-ingested yet" : "The quarantine is empty",
    "What was authenticated and cannot be read is kept here with its bytes and the reason, and can be taken again once the mapping or the template is mended.",
    isSearch ? html`<a class="button" href="/quarantine">All of it</a>` : html`<a class="button" href="/events">What could be read</a>`,
  );
  const values = { source: source ?? "", code: reason ?? "" };
  return {
    title: "Quarantine",
    lead: "Calls that were authenticated and could not become an event.",
    actions:
      data.length > 0 && !isResolved
        ? form("/quarantine/reingest", [
            Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`),
            html`<button data-confirm="Take ${isSearch ? "these" : "all"} once more?">Take ${isSearch ? "these" : "all"} once more</button>`,
          ])
        : null,
    body: [search(view, sources), data.length === 0 ? none : list(view, data), pager(view, next)],
  };
}

function search({ query }: View, sources: string[]): Html {
  const typed = { ...untyped, values: query };
  return html`<form class="filters" method="get" action="/quarantine">
${choice(typed, {
  name: "resolved",
  label: "State",
  options: [
    ["", "waiting"],
    ["true", "re-ingested"],
  ],
})}
${choice(typed, { name: "source", label: "Source", options: [["", "any"], ...sources.map((one): [string, string] => [one, one])] })}
${input(typed, { name: "code", label: "Reason", list: ["invalid", "undecodable", "unknown_kind", "too_large", "header_refused", "address_refused"] })}
${input(typed, { name: "since", label: "Since (UTC)", type: "date" })}
<div class="row"><button>Search</button> <a href="/quarantine">Clear</a></div>
</form>`;
}

function list(view: View, calls: QuarantinedView[]): Html {
  return table(
    "Calls in quarantine",
    [
      {
        head: "Why",
        cell: ({ id, code: reason, errors, detail }) =>
          html`<a href="/quarantine/${id}">${reason}</a> ${errors.length > 0 ? errors.slice(0, 3).map(({ field, reason: why }) => html`<p>${code(field)} ${why}</p>`) : html`<p>${detail}</p>`}`,
      },
      { head: "Kind", cell: ({ kind }) => kind },
      { head: "Source", cell: ({ source, source_id }) => html`<a href="/sources/${source_id}">${source}</a>` },
      { head: "Arrived", cell: ({ received_at }) => when(received_at, view.now) },
      { head: "State", cell: ({ event }) => (event ? html`${state("resolved")} <a href="/events/${event}">event</a>` : state("waiting")) },
    ],
    calls,
  );
}

/** How taking many went, and the button to go on. */
export function reingestedPage(
  { taken, still, next }: { taken: number; still: number; next: string | null },
  scope: { source?: string; code?: string },
): Page {
  return {
    title: "Taken once more",
    body: [
      figures([
        { name: "Became events", value: count(taken) },
        { name: "Are still not valid", value: count(still) },
      ]),
      next === null
        ? notice("That was all of it.", "good")
        : form("/quarantine/reingest", [
            Object.entries({ ...scope, cursor: next }).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`),
            html`<button class="primary">Go on</button>`,
          ]),
      html`<p><a href="/quarantine">Back to the quarantine</a>. Each call was taken for itself: you can leave here, and come back at any time.</p>`,
    ],
  };
}
