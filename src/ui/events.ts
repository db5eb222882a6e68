import { eventKinds, eventTypes } from "../domain/kind.ts";
import { addressOf, dateField } from "./actions.ts";
import { countSet, filters, more, pick, typedIn } from "./filters.ts";
import { input, mistakes, type Typed, untyped } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, money, state, when } from "./words.ts";

/** An event, as our API tells it. */
export interface EventView {
  id: string;
  type: string;
  [name: string]: unknown;
}

/** Events, newest first; the list keeps itself up to date. Null where the filters are wrong. */
export function eventsPage(view: View, events: Listed<EventView> | null, sources: string[], typed: Typed = untyped): Page {
  return {
    title: "Events",
    lead: "What impact.com told, as it came, the latest first. A repeat is no event.",
    body: [
      mistakes(typed),
      search(view, sources, typed),
      events ? list(view, "events", events, (data) => eventTable(view, data), countSet(view) === 0 ? nothingYet : nothingFits) : null,
    ],
  };
}

const nothingYet = empty(
  "No postback has come yet",
  "Paste the URL of a source into impact.com, or call it yourself; the first call appears here by itself.",
  html`<a class="button primary" href="/sources">Sources and their URLs</a>`,
);

const nothingFits = empty(
  "No event fits",
  "Take a filter away. Text is looked for in every key and value; an id must be whole. What could not be read is in the quarantine.",
  html`<a class="button" href="/events">All events</a> <a class="button" href="/quarantine">Quarantine</a>`,
);

/** Events as rows. */
function eventTable(view: View, events: EventView[]): Html {
  return table(
    "Events",
    [
      {
        head: "What",
        cell: (event) =>
          html`<div><a class="told" href="/events/${event.id}" aria-label="Event ${eventName(event)}">${state(event.type)}</a>${statusOf(event)}</div>`,
      },
      {
        head: "Action",
        cell: ({ action_id }) =>
          action_id ? html`<a class="id" href="${addressOf(String(action_id))}">${code(String(action_id))}</a>` : "–",
      },
      {
        head: "Campaign",
        cell: (one) => html`<span class="long">${textOf(one["campaign_name"]) ?? textOf(one["campaign_id"]) ?? "–"}</span>`,
      },
      { head: "Payout", isFigure: true, cell: ({ payout, currency }) => money(textOf(payout), textOf(currency)) },
      { head: "Source", cell: (event) => html`<span class="long">${sourceOf(event)}${flags(event)}</span>` },
      { head: "Arrived", cell: ({ received_at }) => when(textOf(received_at), view.now) },
    ],
    events,
  );
}

/** The status, where the type does not say it already. */
function statusOf({ type, status }: EventView): Html | null {
  const word = textOf(status);
  if (!word || type.endsWith(`.${word.toLowerCase()}`)) return null;
  return html`<span class="under long">${word}</span>`;
}

/** News of our own tells the source's name beside its id. */
function sourceOf({ kind, source, source_name }: EventView): string {
  return (kind === "operational" ? textOf(source_name) : textOf(source)) ?? "–";
}

function flags(event: EventView): Html | null {
  const words = [event["is_test"] ? "test" : null, event["origin"] === "postback" ? null : originOf(event)].filter((word) => word !== null);
  return words.length > 0 ? html`<span class="under">${words.map((word) => html`<span class="state">${word}</span> `)}</span>` : null;
}

const origins: Record<string, string> = {
  postback: "a postback",
  reconciliation: "reconciliation",
  import: "import of history",
};

/** Who told it. */
export function originOf({ kind, origin }: EventView): string {
  return kind === "operational" ? "this Worker" : (origins[String(origin)] ?? String(origin));
}

const seldom = ["click_id", "order_id", "sub_id", "field", "kind", "status", "since", "until"];

function search(view: View, sources: string[], typed: Typed): Html {
  const shown = typedIn(view, typed);
  return filters(
    view,
    "/events",
    html`${input(shown, { name: "q", label: "Any text", placeholder: "part of a key or value" })}
${input(shown, { name: "action_id", label: "Action id" })}
${pick(shown, { name: "type", label: "What", of: [...eventTypes] })}
${pick(shown, { name: "source", label: "Source", of: sources })}
${more(
  view,
  seldom,
  html`${input(shown, { name: "click_id", label: "Click id" })}
${input(shown, { name: "order_id", label: "Order id" })}
${input(shown, { name: "sub_id", label: "Sub id or shared id" })}
${input(shown, { name: "field", label: "Any field", placeholder: "PromoCode=SUMMER" })}
${pick(shown, { name: "kind", label: "Kind", of: [...eventKinds] })}
${input(shown, { name: "status", label: "Status", placeholder: "APPROVED" })}
${input(shown, { name: "since", label: "Since (UTC)", ...dateField(shown, "since") })}
${input(shown, { name: "until", label: "and before (UTC)", ...dateField(shown, "until") })}`,
)}`,
    typed,
    ["Search", "Search"],
  );
}

/** What an event is called where it stands among others: its type and its action, else what it is about. */
export function eventName(event: { type: string; [name: string]: unknown }): string {
  const { type, action_id, subject, source_name, destination_name } = event;
  const ofOurs = textOf(source_name) ?? textOf(destination_name);
  const about = textOf(action_id) ?? ofOurs ?? textOf(subject)?.replace(/^[^:]*:/, "");
  return about ? `${type} ${about}` : type;
}

/** Text, or nothing where it is none. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}
