import type { Instant } from "../domain/time.ts";
import { choice, form, input, mistakes, type Typed } from "./form.ts";
import { html } from "./html.ts";
import type { Page } from "./layout.ts";
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

/** All sources, and whether they call. */
export function sourcesPage(view: View, sources: SourceView[], calls: Calls[]): Page {
  const of = (id: string) => calls.find(({ sourceId }) => sourceId === id);
  const none = empty(
    "No source yet",
    "A source is one impact.com account, with a secret token in its URLs. Make one, and paste what it tells you into impact.com.",
    create,
  );
  return {
    title: "Sources",
    lead: "impact.com accounts that call this Worker.",
    actions: sources.length > 0 ? create : null,
    body:
      sources.length === 0
        ? none
        : table(
            "Sources",
            [
              { head: "Name", cell: ({ id, name }) => html`<a href="/sources/${id}">${name}</a>` },
              { head: "Account", cell: ({ account }) => account },
              { head: "Last call", cell: ({ id }) => lastCall(view, of(id)) },
              { head: "Events, 24 h", isFigure: true, cell: ({ id }) => count(of(id)?.received ?? 0) },
              { head: "Repeats", isFigure: true, cell: ({ id }) => count(of(id)?.duplicates ?? 0) },
              { head: "Quarantine", isFigure: true, cell: ({ id }) => count(of(id)?.quarantined ?? 0) },
            ],
            sources,
          ),
  };
}

function lastCall(view: View, calls: Calls | undefined) {
  if (!calls) return state("silent for a day");
  const isNow = view.now - calls.lastHour < 3_600_000;
  return isNow ? "within this hour" : when(new Date(calls.lastHour).toISOString(), view.now);
}

/** The form of a new source. */
export function newSourcePage(typed: Typed): Page {
  return {
    title: "New source",
    lead: "One impact.com account. What to paste into impact.com comes next.",
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
      html`<button class="primary">Create source</button>`,
    ]),
  };
}
