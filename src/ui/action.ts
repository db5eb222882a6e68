import { type EntryView, type GapView, type KnownView, knownTable, timeline } from "./action-history.ts";
import { addressOf, labels } from "./actions.ts";
import { type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, figures, section } from "./parts.ts";
import type { View } from "./view.ts";
import { code, exact, money, state, when } from "./words.ts";

/** One action, as our API tells it. */
export interface OneAction {
  action_id: string;
  source: string;
  state: string | null;
  stage: string;
  payout: string | null;
  amount: string | null;
  currency: string | null;
  cleared: boolean;
  cleared_date: string | null;
  gaps: GapView[];
  history: EntryView[];
  known: KnownView[];
  inquiries: string[];
  events: { [name: string]: unknown }[];
  other_sources: string[];
}

/** One action: where it stands, how it came there, and what we knew when. */
export function actionPage(view: View, action: OneAction): Page {
  const { action_id, source, other_sources, currency, events, known } = action;
  return {
    title: `Action ${action_id}`,
    lead: html`As <a href="/events?${new URLSearchParams({ source }).toString()}">${source}</a> told it${
      other_sources.length > 0
        ? html`, and known to ${other_sources.map((name, index) => html`${index > 0 ? ", " : null}<a href="${addressOf(action_id, name)}">${name}</a>`)}`
        : null
    }.`,
    actions: html`<a class="button" href="/events?${new URLSearchParams({ action_id }).toString()}">Its events</a>`,
    body: [
      figures([
        { name: "State", value: state(action.state), note: action.stage },
        { name: "Payout", value: money(action.payout, currency) },
        { name: "Amount", value: money(action.amount, currency) },
        {
          name: "Cleared",
          value: action.cleared ? "yes" : "not yet",
          note: action.cleared_date ? when(action.cleared_date, view.now) : null,
        },
        { name: "First heard", value: when(textOf(known[0]?.learned_at), view.now), note: heard(events.length) },
      ]),
      gapNotice(action),
      section("What happened", timeline(view, action), html`<span class="note">In order of effect</span>`),
      section("What we knew when", knownTable(view, action), html`<span class="note">In order of arrival</span>`),
      section("About it", about(events, action.inquiries)),
    ],
  };
}

function heard(count: number): string {
  return count === 1 ? "one event" : `${count} events`;
}

function gapNotice({ gaps }: OneAction): Html | null {
  if (gaps.length === 0) return null;
  return html`<p class="notice busy" role="status">${
    gaps.length === 1
      ? "The chain of changes does not close: a step is missing."
      : `The chain of changes does not close in ${gaps.length} places.`
  } A postback was lost, or is still to come. <a href="/reconciliations">Reconciliation</a> reads what is missing from impact.com's API.</p>`;
}

/** The latest that was told of what an action is known by. */
function about(events: OneAction["events"], inquiries: string[]): Html {
  const latest = (name: string) => textOf(events.findLast((event) => event[name] !== null && event[name] !== undefined)?.[name]);
  const named = (name: string): Content => {
    const [id, words] = [latest(`${name}_id`), latest(`${name}_name`)];
    if (!id) return words;
    return words ? html`${words} ${code(id)}` : code(id);
  };
  const date = (name: string): Content => {
    const at = latest(name);
    return at ? html`<time datetime="${at}">${exact(at)}</time>` : null;
  };
  return facts([
    ["Campaign", named("campaign")],
    ["Action tracker", named("action_tracker")],
    ...["sub_id1", "sub_id2", "sub_id3", "shared_id", "promo_code"].map((name): [string, Content] => [
      labels[name] as string,
      latest(name),
    ]),
    ["Sold", date("event_date")],
    ["Locks", date("locking_date")],
    ["Clears", date("cleared_date")],
    [
      "Inquiries",
      inquiries.length > 0
        ? inquiries.map((id, index) => html`${index > 0 ? ", " : null}<a href="/inquiries/${encodeURIComponent(id)}">${code(id)}</a>`)
        : "none",
    ],
  ]);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}
