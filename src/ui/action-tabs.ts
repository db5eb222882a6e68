import { type Html, html } from "./html.ts";
import type { View } from "./view.ts";

const tabs: [path: string, name: string][] = [
  ["/actions", "Actions"],
  ["/inquiries", "Inquiries"],
  ["/tracking-value-requests", "Tracking value requests"],
  ["/jobs", "Jobs"],
];

/** The lists of one room: actions, and what else has a life of its own. */
export function actionTabs({ path }: View): Html {
  return html`<nav class="tabs" aria-label="Lists"><ul>${tabs.map(
    ([to, name]) => html`<li><a href="${to}"${to === path ? html` aria-current="page"` : null}>${name}</a></li>`,
  )}</ul></nav>`;
}

/** What is shown while postbacks that came a moment ago are still being booked. */
export function booking(isUpToDate: boolean): Html | null {
  return isUpToDate
    ? null
    : html`<p class="notice busy" role="status">More has come and is being booked; this page fills up by itself.</p>`;
}
