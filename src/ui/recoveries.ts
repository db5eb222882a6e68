import { deliveryStates } from "../domain/delivery.ts";
import { area, button, check, choice, form, input, mistakes, type Typed } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, facts, figures, live, progress, section, table } from "./parts.ts";
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
      { head: "State", cell: (one) => state(stateOf(one, names)) },
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

/** How far a recovery has come. It goes on by itself, whether somebody looks or not. */
export function recoveryPage(view: View, one: RecoveryView, names: Map<string, string>): Page {
  const { destination } = one;
  return {
    title: "Recovery",
    lead: html`${code(one.id)}, to ${destination === null ? "all destinations" : (names.get(destination) ?? destination)}`,
    body: [
      live(view, "recovery", [standing(one, names), one.state === "running" ? cancel(one) : null]),
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

/** For people it goes on until all has arrived or was given up. */
function stateOf(one: RecoveryView, names: Map<string, string>): string {
  return one.state === "finished" && one.progress.pending > 0 && !isGone(one, names) ? "running" : one.state;
}

/** What is on its way to a destination ends when that is deleted, and is not counted. */
function isGone({ destination }: RecoveryView, names: Map<string, string>): boolean {
  return destination !== null && !names.has(destination);
}

function standing(one: RecoveryView, names: Map<string, string>): Html {
  const { destination, state: word } = one;
  const { total, reopened, delivered, failed, pending } = one.progress;
  const ended = delivered + failed;
  const isOpening = word === "running";
  const whole = isOpening ? (total ?? reopened) : reopened;
  const isCounted = !isOpening || total !== null;
  return html`<p>${state(stateOf(one, names))} ${isGone(one, names) ? "The destination was deleted: nothing is on its way any more." : wayOf(one)}</p>
${progress(ended, Math.max(whole, 1), `${count(ended)} of ${count(whole)}${isCounted ? "" : " so far"} delivered or given up`)}
${figures([
  { name: "Opened again", value: count(reopened) },
  { name: "Delivered", value: count(delivered) },
  {
    name: "Failed",
    value: count(failed),
    ...(failed > 0 ? { href: address("/deliveries", { state: "exhausted", destination }), note: "those that were given up" } : {}),
  },
  { name: "On their way", value: count(isGone(one, names) ? 0 : pending) },
])}`;
}

function wayOf({ state: word, progress: { reopened, pending } }: RecoveryView): string | null {
  const way = `${count(pending)} ${pending === 1 ? "is on its" : "are on their"} way`;
  if (word === "running") return null;
  if (word === "cancelled") return pending === 0 ? null : `${way}: what was opened before still arrives.`;
  if (reopened === 0) return "There was nothing to send.";
  return pending === 0 ? "Everything has arrived or was given up." : `All were opened again; ${way}.`;
}
