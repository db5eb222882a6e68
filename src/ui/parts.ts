import { address, type Content, type Html, html } from "./html.ts";
import type { View } from "./view.ts";

/** A column of a table: its head, what a row shows there, and whether it is a figure, which stands to the right. */
export interface Column<Row> {
  head: string;
  cell(row: Row): Content;
  isFigure?: boolean;
}

/** A table that turns into cards on a narrow screen. The first column names the row. Rows in `foot` sum the others up. */
export function table<Row>(caption: string, columns: Column<Row>[], rows: Row[], foot: Row[] = []): Html {
  const side = ({ isFigure }: Column<Row>) => (isFigure ? "figure" : "");
  const cells = (row: Row) =>
    html`<tr>${columns.map((column, nth) => {
      const body = html`<div>${column.cell(row)}</div>`;
      return nth === 0
        ? html`<th scope="row" class="${side(column)}" data-head="${column.head}">${body}</th>`
        : html`<td class="${side(column)}" data-head="${column.head}">${body}</td>`;
    })}</tr>`;
  return html`<div class="table" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col" class="${side(column)}">${column.head}</th>`)}</tr></thead>
<tbody>${rows.map(cells)}</tbody>${foot.length > 0 ? html`<tfoot>${foot.map(cells)}</tfoot>` : null}
</table></div>`;
}

/** What stands where a list is empty: what will come here, and the next step. */
export function empty(title: string, text: Content, next: Content = null): Html {
  return html`<div class="empty"><h2>${title}</h2><p>${text}</p>${next ? html`<p class="next">${next}</p>` : null}</div>`;
}

/** The way on through a list, and back to its beginning. */
export function pager({ path, query }: View, next: string | null): Html {
  const { cursor, ...rest } = query;
  return html`<nav class="pager" aria-label="Pages of this list">
${cursor ? html`<a class="button" href="${address(path, rest)}">Newest</a>` : null}
${next ? html`<a class="button" rel="next" href="${address(path, { ...rest, cursor: next })}">Older</a>` : null}
</nav>`;
}

/** Facts as a list of names and values; what is null is left out. */
export function facts(pairs: [name: string, value: Content][]): Html {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  return html`<dl class="facts">${given.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Figures to see at a glance. */
export function figures(list: { name: string; value: Content; note?: Content; href?: string }[]): Html {
  return html`<ul class="figures">${list.map(
    ({ name, value, note, href }) =>
      html`<li><span class="name">${href ? html`<a href="${href}">${name}</a>` : name}</span><strong>${value}</strong>${note ? html`<span class="note">${note}</span>` : null}</li>`,
  )}</ul>`;
}

/** A part of a page, under a heading of its own. */
export function section(title: string, body: Content, aside: Content = null): Html {
  return html`<section class="part"><header><h2>${title}</h2>${aside ? html`<div class="aside">${aside}</div>` : null}</header>${body}</section>`;
}

/** A part that is opened at wish. */
export function fold(title: Content, body: Content, isOpen = false): Html {
  return html`<details class="fold"${isOpen ? html` open` : null}><summary>${title}</summary><div>${body}</div></details>`;
}

/**
 * A part that keeps itself up to date: while the page is in view it is read anew every few seconds, and this part of it is taken.
 * `id` must be the page's only one.
 */
export function live(view: View, id: string, body: Content): Html {
  return html`<div id="${id}" class="live" hx-get="${address(view.path, view.query)}" hx-trigger="tick from:body" hx-select="#${id}" hx-swap="outerMorph">${body}</div>`;
}

/** How far something has come, of a whole; `words` says it as text. */
export function progress(done: number, whole: number, words: Content): Html {
  return html`<div class="progress"><progress value="${done}" max="${Math.max(1, whole)}" aria-label="Progress"></progress><span>${words}</span></div>`;
}

/** Something to know before going on. */
export function notice(text: Content, mood: "good" | "bad" | "busy" = "busy"): Html {
  return html`<p class="notice ${mood}" role="status">${text}</p>`;
}
