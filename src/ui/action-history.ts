import { type Html, html } from "./html.ts";
import { notice, table } from "./parts.ts";
import type { View } from "./view.ts";
import { exact, money, state, when } from "./words.ts";

/** One step of an action, as our API tells it. */
export interface EntryView {
  step: string;
  effective_at: string | null;
  learned_at: string | null;
  origin: string;
  event_id: string;
  status: string | null;
  status_detail: string | null;
  delta_payout: string | null;
  delta_amount: string | null;
  payout_after: string | null;
  amount_after: string | null;
  currency: string | null;
}

/** A place where the chain does not close. `before` is the event behind it. */
export interface GapView {
  of: string;
  from: string | null;
  to: string | null;
  missing: string | null;
  before: string;
}

/** An arrival, and what we would have told of the action from then on. */
export interface KnownView {
  learned_at: string | null;
  origin: string;
  event_id: string;
  state: string | null;
  stage: string;
  payout: string | null;
  amount: string | null;
  currency: string | null;
  cleared: boolean;
  gaps: number;
}

interface Told {
  history: EntryView[];
  gaps: GapView[];
  currency: string | null;
}

/** The steps of an action in order of effect, with what is missing between them. */
export function timeline(view: View, { history, gaps, currency }: Told): Html {
  return html`<ol class="timeline ledger">${history.map((entry) => [
    gaps.filter(({ before }) => before === entry.event_id).map((gap) => missing(gap, currency)),
    step(view, entry, entry.currency ?? currency),
  ])}</ol>`;
}

function step({ now }: View, entry: EntryView, currency: string | null): Html {
  const { status, status_detail } = entry;
  const isRepeat = entry.step === "repeated";
  return html`<li class="${isRepeat ? "repeat" : ""}"><div class="what"><h3>${entry.step}</h3> ${
    status ? state(status) : null
  }${status_detail ? html` <span class="note">${status_detail}</span>` : null}</div>
<div class="worth">${
    isRepeat
      ? html`<span class="note">says again what is told; changes nothing</span>`
      : [
          change("Payout", entry.delta_payout, entry.payout_after, currency),
          change("Amount", entry.delta_amount, entry.amount_after, currency),
        ]
  }</div>
<p class="note known">${
    entry.effective_at ? html`Took effect ${when(entry.effective_at, now)} · l` : "L"
  }earned ${when(entry.learned_at, now)} ${origins[entry.origin] ?? entry.origin} · <a href="/events/${encodeURIComponent(entry.event_id)}">event</a></p></li>`;
}

/** Where an event can come from, in words. */
const origins: Record<string, string> = {
  postback: "by postback",
  reconciliation: "by reconciliation",
  import: "by import",
};

function change(name: string, delta: string | null, after: string | null, currency: string | null): Html | null {
  if (delta === null && after === null) return null;
  const isUp = delta !== null && !delta.startsWith("-") && !/^0+(\.0+)?$/.test(delta);
  return html`<div><span class="note">${name}</span> <span class="delta">${
    delta === null ? null : html`${isUp ? "+" : null}${money(delta, null)}`
  }</span> <span class="after">${money(after, currency)}</span></div>`;
}

function missing({ of, from, to, missing: delta }: GapView, currency: string | null): Html {
  return html`<li class="gap"><div class="what"><h3>missing</h3> <span class="state busy"><span aria-hidden="true">◌</span> gap</span></div>
<div class="worth"><div><span class="note">${of === "payout" ? "Payout" : "Amount"}</span> <span class="delta">${
    delta?.startsWith("-") ? null : "+"
  }${money(delta, null)}</span> <span class="after">${money(to, currency)}</span></div></div>
<p class="note known">Nobody told how the ${of} went from ${money(from, currency)} to ${money(to, currency)}.</p></li>`;
}

interface Now extends Pick<KnownView, "state" | "payout" | "amount" | "currency"> {
  known: KnownView[];
  history: EntryView[];
}

/** What we would have told of an action after each arrival, and what has changed since without one. */
export function knownTable({ now }: View, { known, history, ...action }: Now): Html {
  const last = known.at(-1);
  const isSame = last?.state === action.state && last.payout === action.payout && last.amount === action.amount;
  const since = html`<p class="note">impact.com's API has told since when each step took effect. By that the action is ${state(action.state)}, at ${money(action.payout, action.currency)} of ${money(action.amount, action.currency)}.</p>`;
  return html`${history.length > known.length ? notice(`The last ${known.length} of ${history.length} arrivals.`) : null}${table(
    "What we knew when",
    [
      { head: "Learned", cell: ({ learned_at }) => html`${when(learned_at, now)}<span class="under">${exact(learned_at ?? "")}</span>` },
      { head: "From", cell: ({ origin, event_id }) => html`<a href="/events/${encodeURIComponent(event_id)}">${origin}</a>` },
      {
        head: "State then",
        cell: (one) =>
          html`${state(one.state)}${one.cleared ? html` <span class="state good"><span aria-hidden="true">✓</span> cleared</span>` : null}`,
      },
      { head: "Payout then", isFigure: true, cell: ({ payout, currency }) => money(payout, currency) },
      { head: "Amount then", isFigure: true, cell: ({ amount, currency }) => money(amount, currency) },
      { head: "Gaps then", isFigure: true, cell: ({ gaps }) => (gaps === 0 ? html`<span class="none">none</span>` : gaps) },
    ],
    known,
  )}${isSame ? null : since}`;
}
