import type { Instant } from "../domain/time.ts";
import { type EventView, textOf } from "./events.ts";
import { type Html, html } from "./html.ts";
import { facts, fold, notice, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, count, exact, money, state, when } from "./words.ts";

/** A call of a source: what it became, or why it could not become an event. */
export interface CallView {
  id: string;
  kind: string;
  at: string | null;
  event: EventView | null;
  refusal: { detail: string } | null;
}

/** What a source sent: its latest calls, the last one first, and how often it said the same again since yesterday. */
export interface Heard {
  calls: CallView[];
  repeats: number;
  /** The hour of the last call, where it is older than those that are looked at. */
  lastHour: Instant | null;
}

/** Waits for the first call, then says what was seen in the last one. `isMacro` tells whether a name is one of impact.com's. */
export function seen(view: View, sourceId: string, { calls, repeats, lastHour }: Heard, isMacro: (name: string) => boolean): Html {
  const [last] = calls;
  if (!last) return waiting(view, lastHour);
  const again =
    repeats > 0
      ? html`<p class="hint">${count(repeats)} ${repeats === 1 ? "repeat" : "repeats"} since yesterday: the same once more. Each was answered like the first, and is no event.</p>`
      : null;
  return html`${last.refusal ? refused(view, last, last.refusal) : null}${last.event ? accepted(view, sourceId, last, last.event, isMacro) : null}${again}`;
}

function waiting({ path }: View, lastHour: Instant | null): Html {
  const before =
    lastHour === null ? null : html` An earlier one came in the hour of ${exact(new Date(lastHour).toISOString().slice(0, 16))}.`;
  return html`<p class="notice busy waiting" role="status">Waiting for the first call. It appears here by itself, within seconds.${before}<noscript> <a href="${path}">Look again</a></noscript></p>`;
}

function refused(view: View, { id, kind, at }: CallView, { detail }: NonNullable<CallView["refusal"]>): Html {
  return html`${notice(html`A call of ${code(kind)} came ${when(at, view.now)}, and could not become an event: ${detail}`, "bad")}
<div class="row"><a class="button primary" href="/quarantine/${id}">Look at it and mend it</a> <span class="hint">Nothing is lost: its raw bytes are kept.</span></div>`;
}

function accepted(view: View, sourceId: string, { id, kind, at }: CallView, event: EventView, isMacro: (name: string) => boolean): Html {
  const fields = Object.entries((event["fields"] ?? {}) as Record<string, string>);
  const warnings = (event["warnings"] ?? []) as { detail: string; field?: string }[];
  const own = fields.filter(([name]) => !isMacro(name));
  const isAction = kind === "action-lifecycle" || kind === "action-clearing";
  return html`${notice(html`A call of ${code(kind)} came ${when(at, view.now)}, and became <a href="/events/${id}">${event.type}</a>.`, "good")}
${facts([
  ["Action", event["action_id"] ? code(textOf(event["action_id"])) : isAction ? "none: the template has no action id" : null],
  ["Status", event["status"] ? state(textOf(event["status"])) : null],
  ["Payout", event["payout"] ? money(textOf(event["payout"]), textOf(event["currency"])) : null],
  ["Test", event["is_test"] ? "yes: a macro came as it stands in the template, or it looks like impact.com's own test" : null],
  [
    "Not known",
    own.length > 0
      ? html`${own.slice(0, 12).map(([name], index) => html`${index > 0 ? ", " : null}${code(name)}`)}${own.length > 12 ? ` and ${own.length - 12} more` : null}. Kept and forwarded; <a href="/sources/${sourceId}/keys">say what they are</a>`
      : "nothing: every key is one of impact.com's",
  ],
  [
    "Odd",
    warnings.length > 0
      ? html`<ul class="plain">${warnings.map(({ field, detail }) => html`<li>${field ? html`${code(field)}: ` : null}${detail}</li>`)}</ul>`
      : "nothing",
  ],
])}
${fold(
  fields.length === 1 ? "The one field it said" : `The ${fields.length} fields it said`,
  table(
    "Fields",
    [
      { head: "Field", cell: ([name]) => code(name) },
      { head: "Value", cell: ([, value]) => html`<span class="mono">${value}</span>` },
    ],
    fields,
  ),
)}`;
}

/** The latest calls as rows. */
export function callTable(view: View, calls: CallView[]): Html {
  return table(
    "Latest calls",
    [
      {
        head: "Became",
        cell: ({ id, event }) =>
          event ? html`<a href="/events/${id}">${event.type}</a>` : html`<a href="/quarantine/${id}">in quarantine</a>`,
      },
      { head: "Kind", cell: ({ kind }) => code(kind) },
      {
        head: "What it said",
        cell: ({ event, refusal }) =>
          event
            ? html`${event["action_id"] ? html`${code(textOf(event["action_id"]))} ` : null}${event["status"] ? state(textOf(event["status"])) : null}`
            : html`<span class="long">${refusal?.detail}</span>`,
      },
      { head: "Payout", isFigure: true, cell: ({ event }) => money(textOf(event?.["payout"]), textOf(event?.["currency"])) },
      { head: "Arrived", cell: ({ at }) => when(at, view.now) },
    ],
    calls,
  );
}
