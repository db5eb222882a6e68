import type { Receiver } from "./attempts.ts";
import { type EventView, textOf } from "./events.ts";
import { address, type Html, html } from "./html.ts";
import { facts, section } from "./parts.ts";
import { prose } from "./prose.ts";
import type { View } from "./view.ts";
import { code, exact, when } from "./words.ts";

/** What has a line of its own, or is said in one. */
const known = new Set([
  ...["id", "type", "subject", "kind", "received_at", "warnings", "receipt", "deliveries", "reason"],
  ...["destination", "destination_name", "delivery", "source", "source_name", "alert", "alert_kind", "reconciliation"],
]);

/** News of our own: why it was told, what it is about, and whatever else it says. */
export function newsPart(view: View, event: EventView, destinations: Map<string, Receiver>): (Html | null)[] {
  const others = Object.entries(event).flatMap(([name, value]): [string, Html][] => {
    const text = textOf(value);
    return text === null || known.has(name) ? [] : [[name, shown(view, text)]];
  });
  return [
    section("What it says", facts([["Why", prose(textOf(event["reason"]) ?? "")], ...about(event, destinations), told(view, event)])),
    others.length > 0 ? section("Fields", html`<div class="fields">${facts(others)}</div>`) : null,
  ];
}

function about(event: EventView, destinations: Map<string, Receiver>): [string, Html | null][] {
  const { destination, delivery, source, alert, reconciliation } = event;
  const sourceName = textOf(event["source_name"]);
  const kind = textOf(event["alert_kind"]);
  return [
    ["Destination", destination ? destinationOf(String(destination), textOf(event["destination_name"]), destinations) : null],
    ["Delivery", delivery ? html`<a href="/deliveries/${encodeURIComponent(String(delivery))}">The delivery that was given up</a>` : null],
    ["Source", source ? html`<a href="/sources/${String(source)}">${sourceName ?? String(source)}</a>` : null],
    ["Alert", alert ? html`<a href="${address("/alerts", { state: "all", source: sourceName, kind })}">${alertOf(kind)}</a>` : null],
    ["Reconciliation", reconciliation ? html`<a href="/reconciliations/${String(reconciliation)}">${String(reconciliation)}</a>` : null],
  ];
}

/** By today's name; one that was deleted has no page any more. */
function destinationOf(id: string, name: string | null, destinations: Map<string, Receiver>): Html {
  const there = destinations.get(id);
  return there ? html`<a href="/destinations/${id}">${there.name}</a>` : html`${name ?? id} <small>deleted</small>`;
}

function alertOf(kind: string | null): string {
  const words = (kind ?? "alert").replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function told(view: View, event: EventView): [string, Html] {
  const at = textOf(event["received_at"]);
  return ["Told", html`${when(at, view.now)}${at ? html` <small>${exact(at)}</small>` : null}`];
}

function shown(view: View, text: string): Html {
  return /^\d{4}-\d\d-\d\dT/.test(text) ? html`${when(text, view.now)} <small>${exact(text)}</small>` : code(text);
}
