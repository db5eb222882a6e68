import { hour, type Instant } from "../domain/time.ts";
import { choice, form, input, mistakes, type Typed } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, table } from "./parts.ts";
import type { View } from "./view.ts";
import { count, state, when } from "./words.ts";

/** A source, as our API tells it. */
export interface SourceView {
  id: string;
  name: string;
  account: string;
  mapping: Record<string, string>;
  dedupe_window: number;
  success_status: number;
  success_body: string;
  invalid_status: number;
  required_header: string | null;
  allowed_ips: string[];
  ip_policy: string;
  previous_token_until: string | null;
  created_at: string | null;
}

/** What came from a source since yesterday. */
export interface Calls {
  sourceId: string;
  received: number;
  duplicates: number;
  quarantined: number;
  /** The beginning of the hour of the last call. */
  lastHour: Instant;
}

const create = html`<a class="button primary" href="/sources/new">New source</a>`;

/** Sources, whether they call, and how their access to impact.com's API stands: a failure, or null while it is well. */
export function sourcesPage(view: View, sources: Listed<SourceView>, calls: Calls[], access: Map<string, string | null>): Page {
  const none = empty(
    "No source yet",
    "A source is one impact.com account, with URLs of its own that hold a secret token. Make one, paste its URLs into impact.com, and watch the first call arrive.",
    create,
  );
  return {
    title: "Sources",
    lead: "impact.com accounts that call this Worker.",
    actions: sources.data.length > 0 ? create : null,
    body: list(view, "sources", sources, (data) => rows(view, data, calls, access), none),
  };
}

function rows(view: View, sources: SourceView[], calls: Calls[], access: Map<string, string | null>): Html {
  const of = (id: string) => calls.find(({ sourceId }) => sourceId === id);
  return table(
    "Sources",
    [
      { head: "Name", cell: ({ id, name }) => html`<a href="/sources/${id}">${name}</a>` },
      { head: "Account", cell: ({ account }) => account },
      { head: "Last call", cell: ({ id }) => lastCall(view, of(id)) },
      { head: "Postbacks, 24 h", isFigure: true, cell: ({ id }) => count(of(id)?.received ?? 0) },
      { head: "Repeats", isFigure: true, cell: ({ id }) => count(of(id)?.duplicates ?? 0) },
      { head: "Quarantine", isFigure: true, cell: ({ id }) => count(of(id)?.quarantined ?? 0) },
      { head: "API access", cell: ({ id }) => accessOf(id, access) },
    ],
    sources,
  );
}

function accessOf(id: string, access: Map<string, string | null>): Html {
  const failure = access.get(id);
  if (failure === undefined) return html`<a href="/sources/${id}/access">give access</a>`;
  return failure === null ? state("ok") : html`${state("failing")}<span class="under">${failure}</span>`;
}

/** Calls are counted by the hour. */
function lastCall(view: View, calls: Calls | undefined): Html {
  if (!calls) return html`<span class="none">none for a day</span>`;
  return view.now - calls.lastHour < hour ? html`this hour` : when(new Date(calls.lastHour).toISOString(), view.now);
}

/** The form of a new source. */
export function newSourcePage(typed: Typed): Page {
  return {
    title: "New source",
    lead: "One impact.com account. What to paste into impact.com, and where, comes next.",
    body: form("/sources", [
      mistakes(typed),
      html`<fieldset><legend>The account</legend>
${input(typed, { name: "name", label: "Name", isRequired: true, placeholder: "our partner account", hint: "Seen in lists, filters and webhooks." })}
${choice(typed, {
  name: "account",
  label: "Kind of account",
  isRequired: true,
  options: [
    ["partner", "partner: we promote brands"],
    ["brand", "brand: partners promote us"],
  ],
})}
</fieldset>`,
      html`<div><button class="primary">Create source</button></div>`,
    ]),
  };
}
