import type { Mistake } from "../domain/problem.ts";
import { type EventView, textOf } from "./events.ts";
import { button, choice, type Typed } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, fold, notice, section, table } from "./parts.ts";
import { type QuarantinedView, reasonOf } from "./quarantine.ts";
import { receiptPart } from "./receipt.ts";
import type { View } from "./view.ts";
import { code, copyable, money, state, when } from "./words.ts";

/** What a call would become with a mapping, and where it would go; or why it could not. */
export interface Would {
  ok: boolean;
  mapping: Record<string, string>;
  kind: string | null;
  event: EventView | null;
  destinations: string[];
  code: string | null;
  detail: string | null;
  errors: Mistake[];
}

/** A key that came, and the macro that it is read as by its own name. */
export interface KeyView {
  key: string;
  value: string;
  known: string | null;
}

interface Whole {
  one: QuarantinedView;
  /** Null where what came cannot be taken apart at all. */
  keys: KeyView[] | null;
  mapping: Record<string, string>;
  /** Whether `would` is of a mapping that was tried, not of the source's own. */
  isTried: boolean;
  would: Would | null;
  macros: string[];
  kinds: string[];
  typed: Typed;
}

const setAside = "Set it aside? It no longer waits. Its bytes stay, and it can still be re-ingested here.";

/** One call in quarantine: why, what another mapping would make of it, what came. */
export function quarantinedPage(view: View, whole: Whole): Page {
  const { one } = whole;
  return {
    title: reasonOf(one.code),
    lead: html`${code(one.id)}, ${when(one.received_at, view.now)}, from <a href="/sources/${one.source_id}">${one.source}</a>`,
    actions: one.resolved_at ? null : button("Set aside", `/quarantine/${one.id}/dismiss`, { question: setAside }),
    body: [
      one.event === null && one.resolved_at
        ? notice(
            html`It was set aside ${when(one.resolved_at, view.now)} and no longer waits. Its bytes stay; it can still be re-ingested.`,
          )
        : null,
      one.event
        ? notice(html`It was re-ingested ${when(one.resolved_at, view.now)}, as <a href="/events/${one.event}">this event</a>.`, "good")
        : null,
      section(one.event ? "Why it was refused" : "Why it is refused", why(one)),
      one.event ? null : section("What a mapping makes of it", mending(whole)),
      section("What came", receiptPart(view.origin, one.receipt, one.kind)),
    ],
  };
}

function why({ detail, errors, truncated }: QuarantinedView): Html {
  const list = table(
    "What is wrong",
    [
      { head: "Field", cell: ({ field }) => code(field) },
      { head: "What is wrong with it", cell: ({ reason }) => html`<span>${reason}</span>` },
    ],
    errors,
  );
  return html`${errors.length > 0 ? list : html`<p>${detail}</p>`}${truncated ? notice("It was larger than 100 KB: only its beginning was kept, so it cannot become an event. Send it again, smaller.", "bad") : null}`;
}

function mending({ one, keys, mapping, isTried, would, macros, kinds, typed }: Whole): Html {
  const path = `/quarantine/${one.id}`;
  if (keys === null)
    return html`<p>What came cannot be taken apart, so there are no keys to map. Mend the template in impact.com; the page of the <a href="/sources/${one.source_id}">source</a> has it, ready to paste.</p>`;
  const absent = Object.keys(mapping).filter((key) => !keys.some((one) => one.key === key));
  const rows = [...keys, ...absent.map((key) => ({ key, value: null, known: null }))].map((row, index) => ({ ...row, index }));
  return html`<p>Is the template wrong? Mend it in impact.com. Does it use keys of your own? Say here what each of them means, and look what becomes of this call.</p>
<form method="post" action="${path}/preview" hx-post="${path}/preview" hx-trigger="input delay:500ms, submit" hx-target="#would" hx-select="#would" hx-swap="outerHTML">
${table(
  "Keys that came, and what they are read as",
  [
    { head: "Key", cell: ({ key, index }) => html`<span>${code(key)}<input type="hidden" name="key.${index}" value="${key}"></span>` },
    {
      head: "What came",
      cell: ({ value }) =>
        value === null
          ? html`<span class="none">not in this call</span>`
          : html`<span class="long">${value === "" ? "(empty)" : code(value)}</span>`,
    },
    {
      head: "Read as",
      cell: ({ key, known, index }) => {
        const wrong = typed.mistakes.find(({ field }) => field === `mapping.${key}`);
        return html`<div><input name="macro.${index}" list="macros" aria-label="Read ${key} as" value="${typed.values[`macro.${index}`] ?? mapping[key] ?? ""}" placeholder="${known ?? "kept as it is"}"${wrong ? html` aria-invalid="true"` : null} autocomplete="off" spellcheck="false">${wrong ? html`<p class="mistake">${wrong.reason}.</p>` : null}</div>`;
      },
    },
  ],
  rows,
)}
<datalist id="macros">${macros.map((name) => html`<option value="${name}"></option>`)}</datalist>
${kinds.includes(one.kind) ? null : choice(typed, { name: "kind", label: "Kind", hint: "The URL named none that we know.", value: would?.kind ?? "", options: [["", one.kind ? `as it came: ${one.kind}` : "none, as it came"], ...kinds.map((kind): [string, string] => [kind, kind])] })}
<div class="row"><button>See what it becomes</button></div>
</form>
<div id="would" class="stack" aria-live="polite">${wrongMapping(typed)}${would && outcome(one, would, isTried)}</div>`;
}

function wrongMapping({ mistakes: list }: Typed): Html | null {
  if (list.length === 0) return null;
  const items = list.map(({ field, reason }) => html`<li>${code(field.replace(/^mapping\./, ""))} ${reason}</li>`);
  return html`<div class="notice bad" role="alert"><p>This mapping cannot be:</p><ul>${items}</ul></div>`;
}

/** What becomes of it; nothing where that is what was said above. */
function outcome(one: QuarantinedView, would: Would, isTried: boolean): Html | null {
  if (!isTried && !would.ok && would.code === one.code && would.detail === one.detail) return null;
  const { ok, event, destinations, detail, errors, kind } = would;
  const how = isTried ? "With this mapping" : "With the mapping of its source as it is now";
  if (!ok || !event)
    return html`<div class="notice bad" role="status"><p>${how} it is still refused${errors.length > 0 ? ":" : html`: ${detail}`}</p>${errors.length > 0 ? html`<ul>${errors.map(({ field, reason }) => html`<li>${code(field)} ${reason}</li>`)}</ul>` : null}</div>${isTried ? save(one, would) : null}`;
  return html`${notice(html`${how} it becomes ${event.type}.`, "good")}
${facts([
  ["Action", event["action_id"] ? code(textOf(event["action_id"])) : null],
  ["Status", event["status"] ? state(textOf(event["status"])) : null],
  ["Payout", event["payout"] ? money(textOf(event["payout"]), textOf(event["currency"])) : null],
  ["Amount", event["amount"] ? money(textOf(event["amount"]), textOf(event["currency"])) : null],
  ["Goes to", destinations.length > 0 ? destinations.join(", ") : "no destination"],
])}
${fold("All fields", copyable(JSON.stringify(event["fields"], null, 2), "All fields"))}
${isTried ? save(one, would) : button("Re-ingest this call", `/quarantine/${one.id}/reingest`, { look: "primary", values: kind ? { kind } : {} })}
${isTried && kind ? button(`Re-ingest this call as ${kind}`, `/quarantine/${one.id}/reingest`, { values: { kind } }) : null}`;
}

/** The button that makes the tried mapping the source's own. */
function save({ source, source_id }: QuarantinedView, { mapping, ok }: Would): Html {
  const pairs = Object.entries(mapping).flatMap(([key, macro], index) => [
    [`key.${index}`, key],
    [`macro.${index}`, macro],
  ]);
  return html`<div class="row">${button(`Save this mapping to ${source}`, `/sources/${source_id}`, { method: "PATCH", look: ok ? "primary" : "", values: { form: "mapping", ...Object.fromEntries(pairs) } })}<span class="hint">Then this call, and those like it, can be re-ingested.</span></div>`;
}
