import { type AlertKind, alertKinds } from "../domain/alert.ts";
import { filters, pick, typedIn } from "./filters.ts";
import { choice } from "./form.ts";
import { address, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, facts, fold } from "./parts.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

/** An alert, as our API tells it. */
export interface AlertView {
  id: string;
  source: string;
  source_id: string;
  kind: AlertKind;
  state: string;
  reason: string;
  figures: Record<string, number | string>;
  opened_at: string | null;
  closed_at: string | null;
  closed_because: string | null;
  closing_figures: Record<string, number | string> | null;
}

/** Where to look into an alert, by its kind. */
const looks: Record<AlertKind, [name: string, path: (alert: AlertView) => string]> = {
  silence: ["The URL that impact.com should call", ({ source_id }) => `/sources/${source_id}/connect`],
  reversals: ["The actions that were reversed", ({ source }) => address("/actions", { source, state: "REVERSED" })],
  quarantine: ["What is in quarantine", ({ source }) => address("/quarantine", { source })],
  duplicates: ["The calls of the source", ({ source_id }) => `/sources/${source_id}`],
  unknown_keys: ["The keys that came", ({ source_id }) => `/sources/${source_id}/keys`],
};

/** What is out of the ordinary with sources, with the figures behind it. */
export function alertsPage(view: View, alerts: Listed<AlertView>, sources: string[]): Page {
  const typed = typedIn(view);
  const search = filters(view, "/alerts", [
    choice(typed, {
      name: "state",
      label: "State",
      options: [
        ["open", "open"],
        ["closed", "closed"],
        ["all", "all"],
      ],
    }),
    pick(typed, { name: "source", label: "Source", of: sources }),
    pick(typed, { name: "kind", label: "What", of: [...alertKinds] }),
  ]);
  const isOpen = (view.query["state"] || "open") === "open";
  const none = empty(
    isOpen ? "All is as usual" : "There was no such alert",
    "Every five minutes each source is compared with its own last weeks: is it silent for too long, or are reversals, repeats, quarantine or unknown keys far more than usual? A source is judged when it is two weeks old.",
    isOpen
      ? html`<a class="button" href="/alerts?state=all">Alerts of the past</a>`
      : html`<a class="button" href="/alerts">Open alerts</a>`,
  );
  return {
    title: "Alerts",
    lead: "What is out of the ordinary. Each is opened once, closed when it is over, and told as operational news.",
    body: [search, list(view, "alerts", alerts, (data) => data.map((alert) => alertPart(view, alert)), none)],
  };
}

function alertPart(view: View, alert: AlertView) {
  const { kind, source, source_id, reason, state: word, figures, opened_at, closed_at, closed_because, closing_figures } = alert;
  const [name, to] = looks[kind];
  const title = `${kind.charAt(0).toUpperCase()}${kind.slice(1).replaceAll("_", " ")}`;
  return html`<article class="alert"><header class="row"><h2>${title} of <a href="/sources/${source_id}">${source}</a></h2>${state(word)}<span class="note">opened ${when(opened_at, view.now)}${closed_at ? html`, closed ${when(closed_at, view.now)}` : null}</span></header>
<p>${reason}</p>${closed_because ? html`<p>${closed_because}</p>` : null}
<p><a href="${to(alert)}">${name}</a></p>
${fold("Figures", [factsOf(figures), closing_figures ? html`<h3>When it closed</h3>${factsOf(closing_figures)}` : null])}</article>`;
}

function factsOf(figures: Record<string, number | string>) {
  return facts(Object.entries(figures).map(([name, value]) => [name.replaceAll("_", " "), code(String(value))]));
}
