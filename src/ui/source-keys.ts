import { form, mistakes, type Typed } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, notice, section, table } from "./parts.ts";
import { sourceTabs } from "./source-tabs.ts";
import type { SourceView } from "./sources.ts";
import { code, count } from "./words.ts";

/** A key that names no macro, as it was really received. */
export interface UnknownKey {
  key: string;
  /** Its latest value; empty for what looks like a secret. */
  example: string;
  times: number;
  is_quarantined: boolean;
}

/** Names that a key may be read as, in groups. */
export type Macros = [group: string, names: string[]][];

interface Row {
  key: string;
  macro: string;
  seen: UnknownKey | undefined;
}

/** How the sender's own keys are read: what is mapped, and what came and is not known, each beside a choice of impact.com's macros. */
export function keysPage(typed: Typed, source: SourceView, unknown: UnknownKey[], macros: Macros): Page {
  const list = rowsOf(typed, source, unknown);
  const isWaiting = unknown.some(({ is_quarantined }) => is_quarantined);
  return {
    title: `Keys of ${source.name}`,
    lead: "A key that is one of impact.com's macros is known, whatever its case. Any other is kept and forwarded as it is, or read as the macro you choose.",
    body: [
      sourceTabs(source.id, "/keys"),
      isWaiting
        ? notice(
            html`Some keys stand in calls that are in quarantine. Once the mapping is right, <a href="${address("/quarantine", { source: source.id })}">take them once more</a>.`,
          )
        : null,
      form(
        `/sources/${source.id}`,
        [
          mistakes(typed),
          html`<input type="hidden" name="form" value="mapping">`,
          list.length > 0
            ? keyTable(list, macros)
            : empty("Every key that came is known", "Nothing needs to be mapped. A key that is not known appears here once it has come."),
          section("A key that has not come yet", another(list.length, macros)),
          html`<div class="row"><button class="primary">Save the mapping</button> <span class="hint">It counts for what comes from then on; events that are stored stay as they are.</span></div>`,
        ],
        "PATCH",
      ),
    ],
  };
}

/** After a mistake what was typed stands there again. */
function rowsOf({ values }: Typed, { mapping }: SourceView, unknown: UnknownKey[]): Row[] {
  const rows = new Map<string, Row>();
  for (const [key, macro] of Object.entries(mapping)) rows.set(key, { key, macro, seen: undefined });
  for (const seen of unknown) rows.set(seen.key, { key: seen.key, macro: rows.get(seen.key)?.macro ?? "", seen });
  for (const [name, key] of Object.entries(values)) {
    const typed = name.startsWith("key.") && key !== "" ? values[name.replace("key.", "macro.")] : undefined;
    if (typed !== undefined) rows.set(key, { key, macro: typed, seen: rows.get(key)?.seen });
  }
  return [...rows.values()];
}

function keyTable(list: Row[], macros: Macros): Html {
  return table(
    "Keys of this source",
    [
      {
        head: "Key",
        cell: ({ key, nth }) => html`<span class="long">${code(key)}</span><input type="hidden" name="key.${nth}" value="${key}">`,
      },
      {
        head: "Latest value",
        cell: ({ seen }) =>
          seen?.example ? html`<span class="long mono">${seen.example}</span>` : html`<span class="none">${seen ? "hidden" : "–"}</span>`,
      },
      {
        head: "Seen",
        isFigure: true,
        cell: ({ seen }) =>
          seen
            ? html`${count(seen.times)}${seen.is_quarantined ? html`<span class="under">in quarantine</span>` : null}`
            : html`<span class="none">not lately</span>`,
      },
      { head: "Read as", cell: ({ key, macro, nth }) => choose(`macro.${nth}`, `Read ${key} as`, macro, macros) },
    ],
    list.map((row, nth) => ({ ...row, nth })),
  );
}

function another(nth: number, macros: Macros): Html {
  return html`<div class="pairs">
<div class="field"><label for="field-key.${nth}">Key</label><input id="field-key.${nth}" name="key.${nth}" type="text" maxlength="100" placeholder="cid" autocomplete="off" spellcheck="false"></div>
<div class="field"><label for="field-macro.${nth}">Read as</label>${choose(`macro.${nth}`, null, "", macros)}</div>
</div>`;
}

function choose(name: string, label: string | null, chosen: string, macros: Macros): Html {
  const isListed = macros.some(([, names]) => names.includes(chosen));
  const option = (one: string) => html`<option value="${one}"${one === chosen ? html` selected` : null}>${one}</option>`;
  return html`<select id="field-${name}" name="${name}"${label ? html` aria-label="${label}"` : null}>
<option value="">as it is</option>${chosen && !isListed ? option(chosen) : null}${macros.map(([group, names]) => html`<optgroup label="${group}">${names.map(option)}</optgroup>`)}</select>`;
}
