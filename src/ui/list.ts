import { arrivalOf } from "../domain/id.ts";
import { formatInstant, second } from "../domain/time.ts";
import { address, type Content, type Html, html } from "./html.ts";
import { empty, live, pager } from "./parts.ts";
import type { View } from "./view.ts";
import { exact } from "./words.ts";

/** A page of a list, as our API tells it. */
export interface Listed<Row> {
  data: Row[];
  next: string | null;
}

/**
 * A list: its rows, of which the first page keeps itself up to date, or what stands there while there are `none`, and the way on. A list is
 * looked through some thousand rows at a time, so a page can be empty and not the last: then the next one is asked for, by scripts at once.
 */
export function list<Row>(view: View, id: string, { data, next }: Listed<Row>, rows: (data: Row[]) => Content, none: Content): Html {
  if (data.length === 0 && next) return html`<div id="list">${seeking(view, next)}</div>`;
  const body = data.length > 0 ? rows(data) : none;
  return html`<div id="list" class="stack">${view.query["cursor"] ? body : live(view, id, body)}${pager(view, next)}</div>`;
}

function seeking({ path, query }: View, next: string): Html {
  const farther = address(path, { ...query, cursor: next });
  const at = next.startsWith("evt_") ? arrivalOf(next) : null;
  const far = at === null ? "" : ` All that came since ${exact(formatInstant(at - (at % second)))} was looked at.`;
  return html`<div hx-get="${farther}" hx-trigger="load" hx-select="#list" hx-target="#list" hx-swap="outerHTML">${empty(
    "Nothing so far",
    html`<span role="status">The list is looked through some thousand rows at a time, the latest first.${far}</span>`,
    html`<a class="button primary" rel="next" href="${farther}">Look further back</a>`,
  )}</div>`;
}
