import { deliveryStates } from "../domain/delivery.ts";
import { area, button, check, choice, form, input, mistakes, type Typed } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, facts, figures, live, notice, progress, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, count, state, when } from "./words.ts";

/** A recovery, as our API tells it. */
export interface RecoveryView {
  id: string;
  state: string;
  destination: string | null;
  states: string[];
  since: string | null;
  until: string | null;
  filter: string;
  payload: string;
  rate: number;
  progress: { total: number | null; reopened: number; delivered: number; failed: number; pending: number };
  created_at: string | null;
}

const create = html`<a class="button primary" href="/recoveries/new">Recover many</a>`;

/** Recoveries, the latest first. */
export function recoveriesPage(view: View, recoveries: Listed<RecoveryView>, names: Map<string, string>): Page {
  const none = empty(
    "Nothing was recovered yet",
    "A recovery sends many deliveries again, oldest first: after a system of yours was away for longer than the attempts last, or when a template was wrong.",
    create,
  );
  return {
    title: "Recoveries",
    lead: "Many deliveries, sent again.",
    actions: recoveries.data.length > 0 ? create : null,
    body: list(view, "recoveries", recoveries, (data) => rows(view, data, names), none),
  };
}

function rows(view: View, recoveries: RecoveryView[], names: Map<string, string>): Html {
  return table(
    "Recoveries",
    [
      { head: "Begun", cell: ({ id, created_at }) => html`<a href="/recoveries/${id}">${when(created_at, view.now)}</a>` },
      { head: "State", cell: ({ state: word }) => state(word) },
      { head: "Destination", cell: ({ destination }) => (destination === null ? "all" : (names.get(destination) ?? destination)) },
      { head: "Opened again", isFigure: true, cell: ({ progress: { reopened } }) => count(reopened) },
      { head: "Delivered", isFigure: true, cell: ({ progress: { delivered } }) => count(delivered) },
      { head: "Failed", isFigure: true, cell: ({ progress: { failed } }) => count(failed) },
    ],
    recoveries,
  );
}

/** The form of a new recovery. Its first step is a preview. */
export function newRecoveryPage(typed: Typed, names: Map<string, string>): Page {
  const isFirst = Object.keys(typed.values).every((name) => name === "destination");
  return {
    title: "Recover many",
    lead: "Sends deliveries again, oldest first, as fast as you say. First you see how many.",
    body: form("/recoveries?preview=1", [
      mistakes(typed),
      html`<fieldset><legend>Which</legend>
${choice(typed, { name: "destination", label: "Destination", isRequired: true, options: [["", "all"], ...names] })}
<div class="field" role="group" aria-label="In the states"><span class="label">In the states</span><div class="row">${deliveryStates.map((one) => check(isFirst ? { ...typed, values: {} } : typed, { name: `state.${one}`, label: one, value: one === "exhausted" ? "on" : "" }))}</div></div>
<div class="pairs wide">${input(typed, { name: "since", label: "Of events received since (UTC)", placeholder: "2026-05-13T08:00:00Z" })}${input(typed, { name: "until", label: "and before (UTC)", placeholder: "now" })}</div>
${area(typed, { name: "filter", label: "Filter", rows: 2, hint: html`A CEL expression over the event, like <code>payout &gt;= 10.0</code>.` })}
</fieldset>
<fieldset><legend>How</legend>
${choice(typed, {
  name: "payload",
  label: "Body",
  isRequired: true,
  options: [
    ["original", "as it was first sent"],
    ["rebuilt", "built anew with today's template, where today's filter selects it"],
  ],
})}
${input(typed, { name: "rate", label: "So many a second at the most", type: "number", value: 100, isRequired: true })}
</fieldset>
<button class="primary">Preview</button>`,
    ]),
  };
}

/** What a recovery would open again, and the button that begins it. */
export function recoveryPreviewPage(
  preview: { count: number; is_complete: boolean; first: string[] },
  typed: Record<string, string>,
): Page {
  const { count: size, is_complete, first } = preview;
  const hidden = Object.entries(typed).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  const rate = Math.max(1, Number(typed["rate"]) || 1);
  const begin = form("/recoveries", [hidden, html`<button class="primary">Start the recovery</button>`]);
  return {
    title: "Preview",
    lead: "Nothing was sent yet.",
    body: [
      figures([
        { name: "Would be sent again", value: is_complete ? count(size) : `${count(size)} or more` },
        { name: "At the least it takes", value: duration(size / rate) },
      ]),
      size === 0 ? notice("No delivery is in these states. Nothing would be sent.") : null,
      first.length > 0
        ? section(
            "The oldest",
            html`<ul>${first.map((id) => html`<li><a href="/deliveries/${encodeURIComponent(id)}">${code(id)}</a></li>`)}</ul>`,
          )
        : null,
      html`<div class="row">${size === 0 ? null : begin}<a class="button" href="${address("/recoveries/new", typed)}">Change it</a></div>`,
    ],
  };
}

/** How far a recovery has come. It goes on by itself, whether somebody looks or not. */
export function recoveryPage(view: View, one: RecoveryView, name: string): Page {
  return {
    title: "Recovery",
    lead: html`${code(one.id)}, to ${name}`,
    body: [
      live(view, "recovery", [standing(one), one.state === "running" ? cancel(one) : null]),
      section(
        "What was asked for",
        facts([
          ["States", one.states.join(", ")],
          ["Events since", Date.parse(one.since ?? "") > 0 ? when(one.since, view.now) : "the first"],
          ["and before", when(one.until, view.now)],
          ["Filter", one.filter ? code(one.filter) : "none"],
          ["Body", one.payload === "original" ? "as it was first sent" : "built anew"],
          ["Rate", `${count(one.rate)} a second at the most`],
          ["Begun", when(one.created_at, view.now)],
        ]),
      ),
    ],
  };
}

function cancel({ id }: RecoveryView): Html {
  const question = "Cancel? What was opened already still arrives.";
  return html`<div class="row">${button("Cancel", `/recoveries/${id}/cancel`, { look: "danger", question })}<span class="note">You can leave this page and come back: the recovery goes on.</span></div>`;
}

function standing({ destination, state: word, progress: { total, reopened, delivered, failed, pending } }: RecoveryView): Html {
  const whole = total ?? reopened;
  const ended = delivered + failed;
  const isDone = word === "finished" && pending === 0;
  return html`<p>${state(word)} ${isDone ? "Everything has arrived or was given up." : word === "finished" ? "All were opened again; some are still on their way." : null}</p>
${progress(ended, Math.max(whole, 1), `${count(ended)} of ${total === null ? `${count(reopened)} so far` : count(whole)}`)}
${figures([
  { name: "Opened again", value: count(reopened) },
  { name: "Delivered", value: count(delivered) },
  {
    name: "Failed",
    value: count(failed),
    ...(failed > 0 ? { href: address("/deliveries", { state: "exhausted", destination }), note: "those that were given up" } : {}),
  },
  { name: "On their way", value: count(pending) },
])}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
