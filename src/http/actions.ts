import * as z from "zod";
import { book } from "../book.ts";
import { type Entry, ledgerOf, stages, type Told } from "../domain/action.ts";
import { type Worth, worthAfter } from "../domain/chain.ts";
import { type Known, knownOf, stageOf } from "../domain/hindsight.ts";
import { arrivalOf } from "../domain/id.ts";
import { formatMoney, type Micros } from "../domain/money.ts";
import { Problem } from "../domain/problem.ts";
import { type Action, type Dimension, dimensions } from "../domain/standing.ts";
import { second } from "../domain/time.ts";
import { actionStates } from "../impact/calls.ts";
import { listActions as search } from "../store/actions.ts";
import { listActionEvents } from "../store/ledgers.ts";
import { listInquiriesOf } from "../store/matters.ts";
import { actionPage } from "../ui/action.ts";
import { actionsPage } from "../ui/actions.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames, viewEvent } from "./events.ts";
import { instant, moment, pagingBy } from "./input.ts";

/** So long a list may wait for what has just arrived to be booked. */
export const bookingMs = 2 * second;

const ofDimension = Object.fromEntries(Object.keys(dimensions).map((name) => [name, z.string().optional()])) as Record<
  Dimension,
  z.ZodOptional<z.ZodString>
>;

const upper = (text: unknown) => (typeof text === "string" ? text.toUpperCase() : text);

export const listActions = endpoint({
  summary: "Actions as their ledgers leave them, the one that was heard of last first. `up_to_date` is false while more is being booked",
  query: z.strictObject({
    state: z.preprocess(upper, z.enum(actionStates).optional()).describe("In capitals or not."),
    stage: z.enum(stages).optional().describe("The last step."),
    source: z.string().optional().describe("A source's id or name."),
    currency: z.string().optional(),
    ...ofDimension,
    campaign: z.string().optional().describe("Its id or name."),
    action_tracker: z.string().optional().describe("Its id or name."),
    gaps: z.stringbool().optional().describe("Those whose chain does not close, or those whose chain does."),
    since: moment.describe("Heard of since then."),
    until: moment,
    ...pagingBy("evt"),
  }),
  run: async ({ app, query }) => {
    const isUpToDate = await book(app, bookingMs);
    const { actions, next } = await search(app.db, query);
    const names = await sourceNames(app);
    return { body: { data: actions.map((action) => viewAction(action, names)), next, up_to_date: isUpToDate } };
  },
  page: async ({ app, answer, view }) => actionsPage(view, answer, [...(await sourceNames(app)).values()]),
  again: async ({ app, view, typed }) => actionsPage(view, null, [...(await sourceNames(app)).values()], typed),
});

export const showAction = endpoint({
  summary:
    "One action: its current state, its history and its events in order of effect; in `known`, what we knew when, by arrival. When several sources know it, the one heard last unless `source` says which",
  query: z.strictObject({ source: z.string().optional().describe("A source's id or name.") }),
  run: async ({ app, params, query }) => {
    const actionId = params["action_id"] ?? "";
    const names = await sourceNames(app);
    const [all, inquiries] = await Promise.all([listActionEvents(app.db, actionId), listInquiriesOf(app.db, actionId)]);
    const wanted = all.filter(({ sourceId }) => query.source === undefined || [sourceId, names.get(sourceId)].includes(query.source));
    const sourceId = wanted.at(-1)?.sourceId;
    if (sourceId === undefined) throw new Problem("not_found", "No event about this action was received.");

    const arrived = wanted.filter((event) => event.sourceId === sourceId);
    const { entries, events, current, gaps } = ledgerOf(arrived);
    return {
      body: {
        action_id: actionId,
        source: names.get(sourceId) ?? sourceId,
        state: current.state,
        stage: stageOf(entries),
        payout: decimal(current.payout),
        amount: decimal(current.amount),
        currency: current.currency,
        cleared: current.isCleared,
        cleared_date: instant(current.clearedDate),
        gaps: gaps.map(({ of, from, to, before }) => ({ of, from: decimal(from), to: decimal(to), missing: decimal(to - from), before })),
        history: viewHistory(entries),
        known: knownOf(arrived).map(viewKnown),
        inquiries,
        events: events.map((event) => viewEvent(event, names)),
        other_sources: [...new Set(all.map((event) => event.sourceId))].filter((id) => id !== sourceId).map((id) => names.get(id) ?? id),
      },
    };
  },
  page: ({ answer, view }) => actionPage(view, answer),
});

/** The timeline: each step with what the action was worth after it. What repeats another event changes nothing. */
function viewHistory(entries: Entry[]) {
  let worth: Worth = { payout: null, amount: null };
  return entries.map((entry) => {
    const { reading, ...event }: Told = entry.event;
    if (!reading?.isRepeat) worth = worthAfter(worth, [reading ?? event, event]);
    return { ...viewEntry(entry), payout_after: decimal(worth.payout), amount_after: decimal(worth.amount) };
  });
}

/** One line of the timeline: what, when it took effect, when and from where we learned of it. */
function viewEntry({ step, effectiveAt, event }: Entry) {
  return {
    step,
    effective_at: instant(effectiveAt),
    learned_at: instant(event.receivedAt),
    origin: event.origin,
    event_id: event.id,
    status: event.status,
    status_detail: event.fields["StatusDetail"] ?? null,
    payout: decimal(event.payout),
    delta_payout: decimal(event.deltaPayout),
    amount: decimal(event.amount),
    delta_amount: decimal(event.deltaAmount),
    currency: event.currency,
  };
}

/** An arrival, and what we would have told of the action from then on. */
function viewKnown({ event, state, stage, payout, amount, currency, isCleared, gaps }: Known) {
  const learned = { learned_at: instant(event.receivedAt), origin: event.origin, event_id: event.id };
  return { ...learned, state, stage, payout: decimal(payout), amount: decimal(amount), currency, cleared: isCleared, gaps };
}

function viewAction(action: Action, names: Map<string, string>) {
  return {
    action_id: action.actionId,
    source: names.get(action.sourceId) ?? action.sourceId,
    state: action.state,
    stage: action.stage,
    payout: decimal(action.payout),
    amount: decimal(action.amount),
    currency: action.currency,
    cleared: action.clearedDate !== null,
    campaign_id: action.campaign,
    campaign_name: action.campaignName,
    action_tracker_id: action.action_tracker,
    action_tracker_name: action.actionTrackerName,
    sub_id1: action.sub_id1,
    sub_id2: action.sub_id2,
    sub_id3: action.sub_id3,
    shared_id: action.shared_id,
    promo_code: action.promo_code,
    is_test: action.isTest,
    event_date: instant(action.eventDate),
    locking_date: instant(action.lockingDate),
    cleared_date: instant(action.clearedDate),
    gaps: action.gaps,
    events: action.events,
    first_heard_at: instant(arrivalOf(action.firstEvent)),
    last_heard_at: instant(arrivalOf(action.lastEvent)),
  };
}

function decimal(micros: Micros | null): string | null {
  return micros === null ? null : formatMoney(micros);
}
