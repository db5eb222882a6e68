import type { Kind } from "../domain/kind.ts";
import { type Html, html } from "./html.ts";
import { fold } from "./parts.ts";
import type { SourceView } from "./sources.ts";
import { code, copyable } from "./words.ts";

/** What to paste for each kind. */
export interface Pasteable {
  urls: Record<string, string>;
  templates: Record<string, { get: string; post: string; unverified: string[] }>;
}

/** What impact.com's help says of each kind; `only` is where it is offered. */
const told: Record<Kind, { name: string; fires: string; only?: string }> = {
  "action-lifecycle": {
    name: "Action Lifecycle",
    fires: "An action is tracked, modified or reversed. impact.com does not call when it locks, nor when it is paid.",
  },
  "action-clearing": {
    name: "Action Clearing",
    fires: "An action is cleared: its commission leaves the hold and is paid into the balance.",
  },
  "action-inquiry": {
    name: "Action Inquiry",
    fires: "An inquiry is created, or resolved.",
    only: "Partners have it in certain editions only. Where impact.com lets you tick fields in the place of a template, tick them all: both are read.",
  },
  "tracking-value-request": {
    name: "Tracking Value Request",
    fires: "A promo code, a unique URL or a phone number is asked for.",
    only: "It is for brands first of all.",
  },
  "job-completion": { name: "Job Completion", fires: "A ReportExport or ClickExport job has completed." },
  "product-data-change": { name: "Product Data Change", fires: "A brand's catalogue changes.", only: "Only partners have it." },
};

/** What to paste into impact.com for each kind, with the token where it may still be shown; the first is open at first. */
export function pasting(source: SourceView & Pasteable, token: string | null, isOpen: boolean): Html {
  const shown = (text: string) => (token === null ? text : text.replaceAll("{token}", token));
  return html`<div class="folds">${Object.entries(told).map(([kind, { name, fires, only }], index) => {
    const template = source.templates[kind];
    if (!template) return null;
    return fold(
      html`${name} <span class="now">${kind}</span>`,
      html`<p>${fires}${only ? html` ${only}` : null}</p>
<h3>GET, which impact.com recommends: paste this URL</h3>${copyable(shown(template.get), `URL for GET, ${kind}`)}
${unsure(template.unverified)}
${fold(
  "Or POST: paste a URL and a body",
  html`<h3>The URL</h3>${copyable(shown(source.urls[kind] ?? ""), `URL for POST, ${kind}`)}<h3>The body, in the format JSON</h3>${copyable(template.post, `Body for POST, ${kind}`)}`,
)}`,
      isOpen && index === 0,
    );
  })}</div>`;
}

function unsure(names: string[]): Html | null {
  if (names.length === 0) return html`<p class="hint">Every macro here was seen in impact.com's documents, or in calls of impact.com.</p>`;
  return html`<div class="notice busy"><p>Not verified: impact.com publishes no list of this kind's macros. These are the names of its API's fields. Leave out what its form does not offer, and take its own names where they differ; <strong>Keys</strong> shows what came.</p><p>${names.map((name, index) => html`${index > 0 ? ", " : null}${code(`{${name}}`)}`)}</p></div>`;
}
