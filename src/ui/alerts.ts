import { alertKinds } from "../domain/alert.ts";
import { filters, pick, typedIn } from "./filters.ts";
import { choice } from "./form.ts";
import { html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, fold, live, pager } from "./parts.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

/** An alert, as our API tells it. */
export interface AlertView {
  id: string;
  source: string;
  source_id: string;
  kind: string;
  state: string;
  reason: string;
  figures: Record<string, number | string>;
  opened_at: string | null;
  closed_at: string | null;
  closed_because: string | null;
  closing_figures: Record<string, number | string> | null;
}

/** What is out of the ordinary with sources, with the figures behind it. */
export function alertsPage(view: View, { data, next }: { data: AlertView[]; next: string | null }, sources: string[]): Page {
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
    body: [search, live(view, "alerts", data.length === 0 ? none : data.map((alert) => alertPart(view, alert))), pager(view, next)],
  };
}

function alertPart(view: View, alert: AlertView) {
  const { kind, source, source_id, reason, state: word, figures, opened_at, closed_at, closed_because, closing_figures } = alert;
  return html`<article class="alert"><header class="row"><h2>${kind.replace("_", " ")} of <a href="/sources/${source_id}">${source}</a></h2>${state(word)}<span class="note">opened ${when(opened_at, view.now)}${closed_at ? html`, closed ${when(closed_at, view.now)}` : null}</span></header>
<p>${reason}</p>${closed_because ? html`<p>${closed_because}</p>` : null}
${fold("Figures", [factsOf(figures), closing_figures ? html`<h3>When it closed</h3>${factsOf(closing_figures)}` : null])}</article>`;
}

function factsOf(figures: Record<string, number | string>) {
  return facts(Object.entries(figures).map(([name, value]) => [name.replaceAll("_", " "), code(String(value))]));
}
