import { type Html, html } from "./html.ts";

const tabs: [end: string, name: string][] = [
  ["", "Calls"],
  ["/connect", "Connect"],
  ["/keys", "Keys"],
  ["/edit", "Settings"],
  ["/access", "API access"],
];

/** The pages of one source; `here` is how the address of this one ends. */
export function sourceTabs(id: string, here: string): Html {
  return html`<nav class="tabs" aria-label="Pages of this source"><ul>${tabs.map(
    ([end, name]) => html`<li><a href="/sources/${id}${end}"${end === here ? html` aria-current="page"` : null}>${name}</a></li>`,
  )}</ul></nav>`;
}
