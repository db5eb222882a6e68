import type { Ledger, Step, Told } from "./action.ts";
import type { Worth } from "./chain.ts";
import { type Instant, parseDate } from "./time.ts";

/** What actions are told apart and summed up by, and the field of impact.com that says it. */
export const dimensions = {
  campaign: "CampaignId",
  action_tracker: "ActionTrackerId",
  sub_id1: "SubId1",
  sub_id2: "SubId2",
  sub_id3: "SubId3",
  shared_id: "SharedId",
  promo_code: "PromoCode",
} as const satisfies Record<string, string>;

export type Dimension = keyof typeof dimensions;

/** The dimensions whose values are ids, and the field that has their name. */
export const nameFields = { campaign: "CampaignName", action_tracker: "ActionTrackerName" } as const;

/** An action as its ledger leaves it: one row of the books. */
export interface Action extends Worth, Record<Dimension, string | null> {
  sourceId: string;
  actionId: string;
  state: string | null;
  stage: Step;
  currency: string | null;
  campaignName: string | null;
  actionTrackerName: string | null;
  /** True when nothing but test calls told of it. */
  isTest: boolean;
  /** When the sale was made, or else when we first heard of it. */
  eventDate: Instant;
  lockingDate: Instant | null;
  clearedDate: Instant | null;
  gaps: number;
  events: number;
  /** Ids of events, by arrival. */
  firstEvent: string;
  lastEvent: string;
}

/** Sums an action up. `told` are its events in order of arrival (at least one), of which `ledger` was made. */
export function actionOf(ledger: Ledger, told: Told[]): Action {
  const { current, entries, gaps } = ledger;
  const [first, last] = [told[0], told.at(-1)] as [Told, Told];
  const field = (name: string): string | null => {
    const latest = ledger.events.findLast((event: Told) => event.fields[name] ?? event.reading?.fields[name]) as Told | undefined;
    return (latest?.fields[name] ?? latest?.reading?.fields[name])?.trim() || null;
  };
  const date = (name: string): Instant | null => parseDate(field(name) ?? "")?.at ?? null;
  const values = Object.fromEntries(Object.entries(dimensions).map(([dimension, name]) => [dimension, field(name)]));
  return {
    ...(values as Record<Dimension, string | null>),
    sourceId: first.sourceId,
    actionId: first.actionId ?? "",
    state: current.state,
    stage: entries.findLast(({ step }) => step !== "repeated")?.step ?? "tracked",
    payout: current.payout,
    amount: current.amount,
    currency: current.currency,
    campaignName: field(nameFields.campaign),
    actionTrackerName: field(nameFields.action_tracker),
    isTest: told.every(({ isTest }) => isTest),
    eventDate: date("EventDate") ?? first.receivedAt,
    lockingDate: date("LockingDate"),
    clearedDate: current.clearedDate ?? told.find(({ kind }) => kind === "action-clearing")?.receivedAt ?? null,
    gaps: gaps.length,
    events: told.length,
    firstEvent: first.id,
    lastEvent: last.id,
  };
}
