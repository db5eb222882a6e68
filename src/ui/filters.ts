import { choice, type Typed, untyped } from "./form.ts";
import { type Content, type Html, html } from "./html.ts";
import type { View } from "./view.ts";

/** What a form of filters shows: what the URL says, unless something in it is wrong. */
export function typedIn({ query }: View, typed: Typed = untyped): Typed {
  return { values: query, mistakes: typed.mistakes };
}

/** How many of these parameters the URL says something of. */
export function countSet({ query }: View, isFilter: (name: string) => boolean = isSearch): number {
  return Object.entries(query).filter(([name, value]) => value !== "" && isFilter(name)).length;
}

function isSearch(name: string): boolean {
  return name !== "cursor" && name !== "limit";
}

/** A form that puts filters into the URL of a list. On a narrow screen it is folded, and says how many there are. */
export function filters(
  view: View,
  path: string,
  fields: Content,
  { mistakes }: Typed = untyped,
  [name, press] = ["Filters", "Filter"],
): Html {
  const set = countSet(view);
  return html`<details class="filtering"${mistakes.length > 0 ? html` open` : null}><summary>${name}${set > 0 ? ` (${set} set)` : null}</summary>
<form class="filters" method="get" action="${path}" role="search">${fields}
<div class="row"><button>${press}</button>${set > 0 ? html`<a href="${path}">Clear</a>` : null}</div></form></details>`;
}

/** Filters that are looked for seldom; open where one of them is set. `names` are their parameters. */
export function more(view: View, names: string[], fields: Content, title = "More filters"): Html {
  const set = countSet(view, (name) => names.includes(name));
  return html`<details class="fold more"${set > 0 ? html` open` : null}><summary>${title}</summary><div class="filters">${fields}</div></details>`;
}

/** One of a few, or any. What the URL says is shown, although it is none of them. */
export function pick(
  typed: Typed,
  { name, label, of }: { name: string; label: string; of: (string | [value: string, shown: string])[] },
): Html {
  const known = of.map((one): [string, string] => (typeof one === "string" ? [one, one] : one));
  const asked = typed.values[name] ?? "";
  const other: [string, string][] = asked === "" || known.some(([value]) => value === asked) ? [] : [[asked, asked]];
  return choice(typed, { name, label, options: [["", "any"], ...known, ...other] });
}
