import { actionTabs, booking } from "./action-tabs.ts";
import { addressOf } from "./actions.ts";
import { countSet, filters, pick, typedIn } from "./filters.ts";
import { mistakes, type Typed, untyped } from "./form.ts";
import { type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { type Column, empty, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

/** An inquiry, a request or a job, as our API tells it. */
export interface MatterView {
  id: string;
  source: string;
  status: string | null;
  action_id?: string | null;
  first_heard_at: string | null;
  last_heard_at: string | null;
}

/** What a list is of. */
export interface MatterWords {
  path: string;
  title: string;
  noun: string;
  lead: string;
  /** What it can be. */
  statuses: string[];
  /** How the first one comes here. */
  how: string;
}

interface Matters extends Listed<MatterView> {
  up_to_date: boolean;
}

/** Inquiries, requests or jobs, the one that was heard of last first; null where the filters are wrong. */
export function mattersPage(view: View, words: MatterWords, matters: Matters | null, sources: string[], typed: Typed = untyped): Page {
  return {
    title: words.title,
    lead: words.lead,
    body: [actionTabs(view), mistakes(typed), search(view, words, sources, typed), matters ? found(view, words, matters) : null],
  };
}

function found(view: View, words: MatterWords, matters: Matters): Html {
  const told = booking(matters.up_to_date);
  return list(view, "matters", matters, (data) => [told, rows(view, words, data)], [told, none(view, words)]);
}

function none(view: View, { path, title, noun, how }: MatterWords): Html {
  if (countSet(view) > 0)
    return empty(
      `No ${noun} fits`,
      "Take a filter away to see more.",
      html`<a class="button" href="${path}">All ${title.toLowerCase()}</a>`,
    );
  return empty(`No ${noun} yet`, how, html`<a class="button primary" href="/sources">Sources and their URLs</a>`);
}

function rows({ now }: View, { path, title, noun }: MatterWords, data: MatterView[]): Html {
  const ofAction: Column<MatterView> = { head: "Action", cell: ({ action_id }) => linkTo(action_id) };
  return table(
    title,
    [
      {
        head: `${noun[0]?.toUpperCase()}${noun.slice(1)}`,
        cell: ({ id }) => html`<a href="${path}/${encodeURIComponent(id)}">${code(id)}</a>`,
      },
      { head: "Status", cell: ({ status }) => state(status) },
      ...(data.some(({ action_id }) => action_id !== undefined) ? [ofAction] : []),
      { head: "Source", cell: ({ source }) => source },
      { head: "First heard", cell: ({ first_heard_at }) => when(first_heard_at, now) },
      { head: "Last heard", cell: ({ last_heard_at }) => when(last_heard_at, now) },
    ],
    data,
  );
}

/** An action by its id. */
export function linkTo(actionId: string | null | undefined): Content {
  return actionId ? html`<a href="${addressOf(actionId)}">${code(actionId)}</a>` : html`<span class="none">–</span>`;
}

function search(view: View, { path, statuses }: MatterWords, sources: string[], typed: Typed): Html {
  const shown = typedIn(view, typed);
  return filters(
    view,
    path,
    html`${pick(shown, { name: "status", label: "Status", of: statuses })}
${pick(shown, { name: "source", label: "Source", of: sources })}`,
    typed,
  );
}
