import { stages } from "../domain/action.ts";
import { actionTabs, booking } from "./action-tabs.ts";
import { countSet, filters, more, pick, typedIn } from "./filters.ts";
import { input, mistakes, type Typed, untyped } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, money, state, when } from "./words.ts";

/** An action in a list, as our API tells it. */
export interface ActionView {
  action_id: string;
  source: string;
  state: string | null;
  stage: string;
  payout: string | null;
  amount: string | null;
  currency: string | null;
  campaign_id: string | null;
  campaign_name: string | null;
  action_tracker_id: string | null;
  action_tracker_name: string | null;
  is_test: boolean;
  event_date: string | null;
  gaps: number;
  last_heard_at: string | null;
}

interface Actions extends Listed<ActionView> {
  up_to_date: boolean;
}

/** Actions, the one that was heard of last first; null where the filters are wrong. */
export function actionsPage(view: View, actions: Actions | null, sources: string[], typed: Typed = untyped): Page {
  return {
    title: "Actions",
    lead: "Each action as its ledger leaves it: where it stands, and for how much. The one heard of last is first.",
    body: [actionTabs(view), mistakes(typed), search(view, sources, typed), actions ? found(view, actions, sources) : null],
  };
}

function found(view: View, actions: Actions, sources: string[]): Html {
  const told = booking(actions.up_to_date);
  const none = [told, countSet(view) > 0 ? nothingFits : nothingYet];
  return list(view, "actions", actions, (data) => [told, rows(view, data, sources)], none);
}

const nothingFits = empty(
  "No action fits",
  "No action fits what you look for. Take a filter away; values must be written as impact.com tells them.",
  html`<a class="button" href="/actions">All actions</a>`,
);

const nothingYet = empty(
  "No action yet",
  "An action appears here with its first postback, and keeps its whole history. Paste the URL of a source into impact.com to begin.",
  html`<a class="button primary" href="/sources">Sources and their URLs</a>`,
);

function rows(view: View, actions: ActionView[], sources: string[]): Html {
  return table(
    "Actions",
    [
      {
        head: "Action",
        cell: ({ action_id, source, is_test, gaps }) =>
          html`<a class="id" href="${addressOf(action_id, sources.length > 1 ? source : null)}">${code(action_id)}</a>${flags(is_test, gaps)}`,
      },
      {
        head: "State",
        cell: (one) =>
          html`${state(one.state)}${one.stage === one.state?.toLowerCase() ? null : html`<span class="under">${one.stage}</span>`}`,
      },
      {
        head: "Campaign",
        cell: (one) =>
          html`<span class="long">${one.campaign_name ?? one.campaign_id ?? "–"}</span>${under(one.action_tracker_name ?? one.action_tracker_id)}`,
      },
      { head: "Payout", isFigure: true, cell: ({ payout, currency }) => money(payout, currency) },
      { head: "Amount", isFigure: true, cell: ({ amount, currency }) => money(amount, currency) },
      { head: "Sold", cell: ({ event_date }) => when(event_date, view.now) },
      { head: "Last heard", cell: ({ last_heard_at }) => when(last_heard_at, view.now) },
    ],
    actions,
  );
}

function flags(isTest: boolean, gaps: number): Html | null {
  if (!isTest && gaps === 0) return null;
  const gap = html`<span class="state busy"><span aria-hidden="true">◌</span> ${gaps === 1 ? "1 gap" : `${gaps} gaps`}</span>`;
  return html`<span class="under">${isTest ? html`<span class="state">test</span> ` : null}${gaps > 0 ? gap : null}</span>`;
}

/** Where an action is told; with its source where others may know an action of that id, too. */
export function addressOf(actionId: string, source: string | null = null): string {
  return address(`/actions/${encodeURIComponent(actionId)}`, { source });
}

function under(text: string | null): Html | null {
  return text ? html`<span class="under long">${text}</span>` : null;
}

const seldom = ["currency", "action_tracker", "sub_id1", "sub_id2", "sub_id3", "shared_id", "promo_code", "since", "until"];

function search(view: View, sources: string[], typed: Typed): Html {
  const shown = typedIn(view, typed);
  return filters(
    view,
    "/actions",
    html`${pick(shown, { name: "state", label: "State", of: ["PENDING", "APPROVED", "REVERSED"] })}
${pick(shown, { name: "stage", label: "Last step", of: [...stages] })}
${input(shown, { name: "campaign", label: "Campaign", placeholder: "id or name" })}
${pick(shown, { name: "source", label: "Source", of: sources })}
${pick(shown, {
  name: "gaps",
  label: "Chain",
  of: [
    ["true", "with gaps"],
    ["false", "closed"],
  ],
})}
${more(
  view,
  seldom,
  html`${input(shown, { name: "action_tracker", label: "Action tracker", placeholder: "id or name" })}
${["sub_id1", "sub_id2", "sub_id3", "shared_id", "promo_code"].map((name) => input(shown, { name, label: labels[name] as string }))}
${input(shown, { name: "currency", label: "Currency", placeholder: "EUR" })}
${input(shown, { name: "since", label: "Heard of since (UTC)", ...dateField(shown, "since") })}
${input(shown, { name: "until", label: "and before (UTC)", ...dateField(shown, "until") })}`,
)}`,
    typed,
  );
}

/** What actions are told apart by, in words. */
export const labels: Record<string, string> = {
  campaign: "Campaign",
  action_tracker: "Action tracker",
  sub_id1: "Sub id 1",
  sub_id2: "Sub id 2",
  sub_id3: "Sub id 3",
  shared_id: "Shared id",
  promo_code: "Promo code",
};

/** A date is picked; a moment of the day, which only a URL can have, is text. */
export function dateField({ values }: Typed, name: string): { type: string } {
  return { type: /^(\d{4}-\d\d-\d\d)?$/.test(values[name] ?? "") ? "date" : "text" };
}
