import type { Mistake } from "../domain/problem.ts";
import { dateField } from "./actions.ts";
import { countSet, filters, pick, typedIn } from "./filters.ts";
import { choice, input, mistakes as mistakesOf, type Typed, untyped } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, table } from "./parts.ts";
import type { ReceiptView } from "./receipt.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

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

/** Why a call is refused, in few words. */
const reasons: Record<string, string> = {
  invalid: "A field is not valid",
  undecodable: "The body cannot be read",
  unknown_kind: "The URL names no kind",
  too_large: "Too large",
  header_refused: "The required header is missing or wrong",
  address_refused: "The address may not call",
};

/** Why a call was refused: in words for a code that we know, else the code. */
export function reasonOf(reason: string): string {
  return reasons[reason] ?? reason;
}

/** What could not become an event, newest first. Null where the filters are wrong. */
export function quarantinePage(view: View, quarantine: Listed<QuarantinedView> | null, sources: string[], typed: Typed = untyped): Page {
  const { source, code: reason, resolved } = view.query;
  const isWaiting = resolved !== "true";
  const some = countSet(view, (name) => name === "source" || name === "code") > 0;
  return {
    title: "Quarantine",
    lead: "Calls that knew their token and could not become an event. Nothing of them is lost: mend what is wrong, and re-ingest them.",
    actions:
      isWaiting && quarantine && quarantine.data.length > 0
        ? html`<a class="button" href="${address("/quarantine/reingest", { source, code: reason })}">Re-ingest ${some ? "these" : "all"}</a>`
        : null,
    body: [
      mistakesOf(typed),
      search(view, sources, typed),
      quarantine ? list(view, "quarantine", quarantine, (data) => rows(view, data), nothing(view, isWaiting)) : null,
    ],
  };
}

function nothing(view: View, isWaiting: boolean): Html {
  if (countSet(view, (name) => !["cursor", "limit", "resolved"].includes(name)) > 0)
    return empty("No call fits", "Take a filter away.", html`<a class="button" href="/quarantine">All that waits</a>`);
  return isWaiting
    ? empty(
        "The quarantine is empty",
        "A call that cannot be read, or whose fields are not valid, is kept here with its bytes and the reason, and can be re-ingested when the mapping or the template is mended.",
        html`<a class="button" href="/events">What could be read</a>`,
      )
    : empty(
        "Nothing was mended or set aside yet",
        "Calls that became an event after all, and those that were set aside, are listed here.",
        html`<a class="button" href="/quarantine">What waits</a>`,
      );
}

function rows(view: View, calls: QuarantinedView[]): Html {
  return table(
    "Calls in quarantine",
    [
      { head: "Why", cell: (one) => html`<div><a href="/quarantine/${one.id}">${reasonOf(one.code)}</a>${details(one)}</div>` },
      { head: "Source", cell: ({ source, source_id }) => html`<a class="long" href="/sources/${source_id}">${source}</a>` },
      { head: "Kind", cell: ({ kind }) => (kind ? html`<span class="kind">${kind}</span>` : html`<span class="none">none</span>`) },
      { head: "Arrived", cell: ({ received_at }) => when(received_at, view.now) },
      {
        head: "State",
        cell: ({ event, resolved_at }) =>
          event
            ? html`<div>${state("re-ingested")}<span class="under"><a href="/events/${event}">the event</a></span></div>`
            : state(resolved_at ? "set aside" : "waiting"),
      },
    ],
    calls,
  );
}

const mostShown = 3;

function details({ errors, detail }: QuarantinedView): Html {
  if (errors.length === 0) return html`<span class="under">${detail}</span>`;
  const rest = errors.length - mostShown;
  return html`${errors.slice(0, mostShown).map(({ field, reason }) => html`<span class="under">${code(field)} ${reason}</span>`)}${rest > 0 ? html`<span class="under">and ${rest} more</span>` : null}`;
}

function search(view: View, sources: string[], typed: Typed): Html {
  const shown = typedIn(view, typed);
  const states: [string, string][] = [
    ["", "waiting"],
    ["true", "done with"],
  ];
  return filters(
    view,
    "/quarantine",
    html`${choice(shown, { name: "resolved", label: "State", options: states })}
${pick(shown, { name: "source", label: "Source", of: sources })}
${pick(shown, { name: "code", label: "Why", of: Object.entries(reasons) })}
${input(shown, { name: "since", label: "Since (UTC)", ...dateField(shown, "since") })}
${input(shown, { name: "until", label: "and before (UTC)", ...dateField(shown, "until") })}`,
    typed,
  );
}
