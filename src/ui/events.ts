import { eventKinds, eventTypes } from "../domain/kind.ts";
import { choice, input, untyped } from "./form.ts";
import { address, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, live, pager, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, money, state, when } from "./words.ts";

/** An event, as our API tells it. */
export interface EventView {
  id: string;
  type: string;
  [name: string]: unknown;
}

/** Events, newest first; the list keeps itself up to date. */
export function eventsPage(view: View, { data, next }: { data: EventView[]; next: string | null }, sources: string[]): Page {
  const isSearch = Object.keys(view.query).some((name) => name !== "cursor" && name !== "limit");
  const none = isSearch
    ? empty(
        "Nothing fits",
        "No event fits what you look for. Take a filter away, or look in the quarantine: what could not be read is there.",
        html`<a class="button" href="/events">All events</a>`,
      )
    : empty(
        "No postback has come yet",
        "Paste the URL of a source into impact.com, or call it yourself; the first call appears here by itself.",
        html`<a class="button primary" href="/sources">Sources and their URLs</a>`,
      );
  const body = data.length === 0 ? none : eventTable(view, data);
  return {
    title: "Events",
    lead: "What impact.com told, as it came, the latest first. A repeat is no event.",
    body: [search(view, sources), view.query["cursor"] ? body : live(view, "events", body), pager(view, next)],
  };
}

/** Events as rows. */
export function eventTable(view: View, events: EventView[]) {
  return table(
    "Events",
    [
      { head: "What", cell: ({ id, type }) => html`<a href="/events/${id}">${type}</a>` },
      { head: "Status", cell: ({ status }) => state(textOf(status)) },
      {
        head: "Action",
        cell: ({ action_id }) =>
          action_id ? html`<a href="/actions/${encodeURIComponent(String(action_id))}">${code(String(action_id))}</a>` : "–",
      },
      { head: "Campaign", cell: ({ campaign_name, campaign_id }) => textOf(campaign_name) ?? textOf(campaign_id) ?? "–" },
      { head: "Payout", isFigure: true, cell: ({ payout, currency }) => money(textOf(payout), textOf(currency)) },
      {
        head: "Source",
        cell: ({ source, is_test, origin }) =>
          html`${textOf(source)}${is_test ? html` <span class="state">test</span>` : null}${origin && origin !== "postback" ? html` <span class="state">${textOf(origin)}</span>` : null}`,
      },
      { head: "Arrived", cell: ({ received_at }) => when(textOf(received_at), view.now) },
    ],
    events,
  );
}

function search({ query }: View, sources: string[]) {
  return html`<form class="filters" method="get" action="/events" role="search">
${input({ ...untyped, values: query }, { name: "q", label: "Any text", placeholder: "click id, order id, sub id …", isRequired: false })}
${input({ ...untyped, values: query }, { name: "action_id", label: "Action id" })}
${choice({ ...untyped, values: query }, { name: "type", label: "What", options: [["", "any"], ...eventTypes.map((one): [string, string] => [one, one])] })}
${choice({ ...untyped, values: query }, { name: "kind", label: "Kind", options: [["", "any"], ...eventKinds.map((one): [string, string] => [one, one])] })}
${choice({ ...untyped, values: query }, { name: "source", label: "Source", options: [["", "any"], ...sources.map((one): [string, string] => [one, one])] })}
${input({ ...untyped, values: query }, { name: "since", label: "Since (UTC)", type: "date" })}
<div class="row"><button>Search</button> <a href="${address("/events")}">Clear</a></div>
</form>`;
}

/** Text, or nothing where it is none. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}
