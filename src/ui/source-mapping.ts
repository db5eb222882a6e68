import { form } from "./form.ts";
import { type Html, html } from "./html.ts";
import { empty, table } from "./parts.ts";
import type { SourceView } from "./sources.ts";
import { code, count } from "./words.ts";

/** A key that names no macro, as it was really received. */
export interface UnknownKey {
  key: string;
  example: string;
  times: number;
}

/** How the sender's own keys are read: what is mapped, and what came and is not known, each beside a choice of impact.com's macros. */
export function mappingForm({ id, mapping }: SourceView, unknown: UnknownKey[], macros: string[]): Html {
  const mapped = Object.entries(mapping).map(([key, macro]) => ({ key, macro, example: "", times: 0 }));
  const open = unknown.filter(({ key }) => !(key in mapping)).map((one) => ({ ...one, macro: "" }));
  const rows = [...mapped, ...open].map((row, index) => ({ ...row, index }));
  if (rows.length === 0)
    return empty(
      "Every key is known",
      "Keys that match one of impact.com's macros need no mapping, whatever their case. A key that does not is offered here once it has come.",
    );
  const list = table(
    "Keys of this source",
    [
      { head: "Key", cell: ({ key, index }) => html`${code(key)}<input type="hidden" name="key.${index}" value="${key}">` },
      { head: "Example", cell: ({ example }) => (example ? code(example) : html`<span class="none">mapped</span>`) },
      { head: "Seen", isFigure: true, cell: ({ times }) => (times > 0 ? count(times) : "–") },
      {
        head: "Read as",
        cell: ({ key, macro, index }) => html`<select name="macro.${index}" aria-label="Read ${key} as">
<option value="">as it is: kept and forwarded</option>${macros.map((one) => html`<option value="${one}"${one === macro ? html` selected` : null}>${one}</option>`)}</select>`,
      },
    ],
    rows,
  );
  return form(
    `/sources/${id}`,
    [html`<input type="hidden" name="form" value="mapping">`, list, html`<button>Save the mapping</button>`],
    "PATCH",
  );
}
