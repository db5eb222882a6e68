import type { Mistake } from "../domain/problem.ts";
import { type Content, type Html, html } from "./html.ts";

/** What was typed into a form, and what was wrong with it. */
export interface Typed {
  values: Record<string, string>;
  mistakes: Mistake[];
}

export const untyped: Typed = { values: {}, mistakes: [] };

interface Field {
  name: string;
  label: string;
  /** One line below the label: what is expected, and what happens without it. */
  hint?: Content;
  /** What stands in it, unless something else was typed. */
  value?: string | number | null | undefined;
  isRequired?: boolean;
}

/** A line of text. */
export function input(typed: Typed, field: Field & { type?: string; placeholder?: string; list?: string[] }): Html {
  const { name, type = "text", placeholder, list } = field;
  const options = list ? html`<datalist id="list-${name}">${list.map((one) => html`<option value="${one}"></option>`)}</datalist>` : null;
  return around(
    typed,
    field,
    html`<input id="field-${name}" name="${name}" type="${type}" value="${shownIn(typed, field)}"${attributes(typed, field)}${
      placeholder ? html` placeholder="${placeholder}"` : null
    }${list ? html` list="list-${name}"` : null} autocomplete="off" spellcheck="false">${options}`,
  );
}

/** Text of many lines. `extra` are further attributes, as markup. */
export function area(typed: Typed, field: Field & { rows?: number; extra?: Html }): Html {
  const { name, rows = 4, extra } = field;
  return around(
    typed,
    field,
    html`<textarea id="field-${name}" name="${name}" rows="${rows}"${attributes(typed, field)} spellcheck="false" ${extra}>
${shownIn(typed, field)}</textarea>`,
  );
}

/** A value, or a value with what is shown for it, and whether it cannot be chosen. */
type Option = string | [value: string, shown: string, isOff?: boolean];

/** One of a few. `extra` are further attributes, as markup. */
export function choice(typed: Typed, field: Field & { options: Option[]; extra?: Html }): Html {
  const { name, options, extra } = field;
  const chosen = shownIn(typed, field);
  const shown = options.map((one) => (typeof one === "string" ? ([one, one, false] as const) : one));
  return around(
    typed,
    field,
    html`<select id="field-${name}" name="${name}"${attributes(typed, { ...field, isRequired: false })} ${extra}>${shown.map(
      ([value, words, isOff]) =>
        html`<option value="${value}"${value === chosen ? html` selected` : null}${isOff ? html` disabled` : null}>${words}</option>`,
    )}</select>`,
  );
}

/** Yes or no. Its value is `on` when it is set. */
export function check(typed: Typed, { name, label, hint, value }: Field): Html {
  const isSet = Object.keys(typed.values).length > 0 ? typed.values[name] === "on" : value === "on";
  return html`<div class="field check"><label><input type="checkbox" id="field-${name}" name="${name}"${isSet ? html` checked` : null}> ${label}</label>${
    hint ? html`<p class="hint">${hint}</p>` : null
  }${mistakeOf(typed, name)}</div>`;
}

/** A form that writes. `method` is what it stands for, where browsers have POST only. */
export function form(action: string, body: Content, method: "POST" | "PATCH" | "PUT" | "DELETE" = "POST"): Html {
  return html`<form method="post" action="${action}">${method === "POST" ? null : html`<input type="hidden" name="_method" value="${method}">`}${body}</form>`;
}

/** A form that is one button. With `question`, it asks before it does; without scripts, by a box that must be ticked. */
export function button(
  label: string,
  action: string,
  {
    method,
    values = {},
    look = "",
    question,
  }: { method?: "POST" | "PATCH" | "PUT" | "DELETE"; values?: Record<string, string>; look?: string; question?: string } = {},
): Html {
  const hidden = Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  const press = html`<button class="${look}"${question ? html` data-confirm="${question}"` : null}>${label}</button>`;
  const sure = question ? html`<noscript><label class="sure"><input type="checkbox" required> ${question}</label></noscript>` : null;
  return form(action, html`${hidden}${sure}${press}`, method);
}

/** All that was wrong, above a form, for what has no field of its own too. */
export function mistakes({ mistakes: list }: Typed): Html | null {
  if (list.length === 0) return null;
  return html`<div class="notice bad" role="alert"><p>${list.length === 1 ? "One thing is not right yet:" : `${list.length} things are not right yet:`}</p><ul>${list.map(
    ({ field, reason, line, column }) =>
      html`<li>${field ? html`<a href="#field-${field}">${field}</a> ` : null}${reason}${line ? ` (line ${line}, column ${column})` : null}</li>`,
  )}</ul></div>`;
}

function around(typed: Typed, { name, label, hint, isRequired }: Field, control: Html): Html {
  return html`<div class="field"><label for="field-${name}">${label}${isRequired ? null : html` <span class="optional">optional</span>`}</label>${
    hint ? html`<p class="hint" id="hint-${name}">${hint}</p>` : null
  }${control}${mistakeOf(typed, name)}</div>`;
}

function attributes(typed: Typed, { name, hint, isRequired }: Field): Html {
  const isWrong = typed.mistakes.some(({ field }) => field === name);
  const described = [hint ? `hint-${name}` : "", isWrong ? `mistake-${name}` : ""].filter(Boolean).join(" ");
  return html`${isRequired ? html` required` : null}${isWrong ? html` aria-invalid="true"` : null}${described ? html` aria-describedby="${described}"` : null}`;
}

function mistakeOf({ mistakes: list }: Typed, name: string): Html | null {
  const own = list.filter(({ field }) => field === name);
  if (own.length === 0) return null;
  return html`<p class="mistake" id="mistake-${name}">${own.map(
    ({ reason, line, column }) => html`${line ? `Line ${line}, column ${column}: ` : null}${reason}. `,
  )}</p>`;
}

function shownIn({ values }: Typed, { name, value }: Field): string {
  return values[name] ?? (value === null || value === undefined ? "" : String(value));
}
