import type { Step } from "../domain/action.ts";
import { firstEventId } from "../domain/id.ts";
import { type Action, type Dimension, dimensions } from "../domain/standing.ts";
import type { Instant } from "../domain/time.ts";
import { type Condition, listPage, when } from "./page.ts";
import { microsIn, microsOut, numberOf, type Row, textOf } from "./rows.ts";

const plainColumns = `source_id action_id state stage currency campaign_id campaign_name action_tracker_id action_tracker_name
  sub_id1 sub_id2 sub_id3 shared_id promo_code is_test event_date locking_date cleared_date gaps events first_event last_event`.split(
  /\s+/,
);
const moneyColumns = ["payout", "amount"];
const columns = [...plainColumns, ...moneyColumns];
const outColumns = [...plainColumns, ...moneyColumns.map((name) => `cast(${name} as text) as ${name}`)].join(", ");

/** Writes actions as they stand now: ?1 holds rows, by the names of the columns; `guard` is a condition for writing at all. */
export const upsertActions = (guard: string) => `
  insert into actions (${columns.join(", ")})
  select ${[...plainColumns.map((name) => `value ->> '${name}'`), ...moneyColumns.map((name) => `cast(value ->> '${name}' as integer)`)].join(", ")}
  from json_each(?1) where ${guard}
  on conflict (source_id, action_id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}`;

const selectMany = `
  select ${outColumns} from json_each(?1) cross join actions on source_id = value ->> 0 and action_id = value ->> 1`;

/** Those of these actions that are in the books. */
export async function listActionsById(db: D1Database, keys: [sourceId: string, actionId: string][]): Promise<Action[]> {
  const { results } = await db.prepare(selectMany).bind(JSON.stringify(keys)).all<Row>();
  return results.map(actionOf);
}

const spanToSettle = `
  select min(locking_date) as since, max(locking_date) as until from actions indexed by actions_to_settle
  where source_id = ?1 and cleared_date is null and state in ('PENDING', 'APPROVED') and locking_date is not null`;

/** From the first to the last day that actions lock on which are not cleared yet; null when there are none. */
export async function readSpanToSettle(db: D1Database, sourceId: string): Promise<{ since: Instant; until: Instant } | null> {
  const row = await db.prepare(spanToSettle).bind(sourceId).first<Row>();
  return row?.["since"] == null ? null : { since: numberOf(row, "since"), until: numberOf(row, "until") };
}

/** What to look for among actions; `since` and `until` are about the last time that we heard of them. */
export interface ActionSearch extends Partial<Record<Dimension, string | undefined>> {
  state?: string | undefined;
  stage?: string | undefined;
  source?: string | undefined;
  currency?: string | undefined;
  gaps?: boolean | undefined;
  since?: Instant | undefined;
  until?: Instant | undefined;
  cursor?: string | undefined;
  limit: number;
}

const listing = { table: "actions", columns: outColumns, key: ["last_event"] };

/** Actions, the one that was heard of last first. */
export async function listActions(db: D1Database, search: ActionSearch): Promise<{ actions: Action[]; next: string | null }> {
  const within = [
    ...when(search.cursor, "last_event < ?"),
    ...when(search.since === undefined ? undefined : firstEventId(search.since), "last_event >= ?"),
    ...when(search.until === undefined ? undefined : firstEventId(search.until), "last_event < ?"),
  ];
  const fitting: Condition[] = [
    ...when(search.state?.toUpperCase(), "state = ?"),
    ...when(search.stage, "stage = ?"),
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
    ...when(search.currency?.toUpperCase(), "currency = ?"),
    ...(search.gaps === undefined ? [] : [{ sql: search.gaps ? "gaps > 0" : "gaps = 0", values: [] }]),
    ...(Object.keys(dimensions) as Dimension[]).flatMap((dimension) => when(search[dimension], fits[dimension] ?? `${dimension} = ?`)),
  ];
  const { rows, next } = await listPage(db, listing, within, fitting, search.limit);
  return { actions: rows.map(actionOf), next: next?.[0] ?? null };
}

/** Those with a name are found by it as well. */
const fits: Partial<Record<Dimension, string>> = {
  campaign: "campaign_id = ? or campaign_name = ?",
  action_tracker: "action_tracker_id = ? or action_tracker_name = ?",
};

/** An action as a row of JSON, for `upsertActions`. */
export function rowOf(action: Action): Record<string, string | number | null> {
  return {
    source_id: action.sourceId,
    action_id: action.actionId,
    state: action.state,
    stage: action.stage,
    payout: microsIn(action.payout),
    amount: microsIn(action.amount),
    currency: action.currency,
    campaign_id: action.campaign,
    campaign_name: action.campaignName,
    action_tracker_id: action.action_tracker,
    action_tracker_name: action.actionTrackerName,
    sub_id1: action.sub_id1,
    sub_id2: action.sub_id2,
    sub_id3: action.sub_id3,
    shared_id: action.shared_id,
    promo_code: action.promo_code,
    is_test: action.isTest ? 1 : 0,
    event_date: action.eventDate,
    locking_date: action.lockingDate,
    cleared_date: action.clearedDate,
    gaps: action.gaps,
    events: action.events,
    first_event: action.firstEvent,
    last_event: action.lastEvent,
  };
}

export function actionOf(row: Row): Action {
  const text = (column: string) => row[column] as string | null;
  return {
    sourceId: textOf(row, "source_id"),
    actionId: textOf(row, "action_id"),
    state: text("state"),
    stage: textOf(row, "stage") as Step,
    payout: microsOut(row["payout"]),
    amount: microsOut(row["amount"]),
    currency: text("currency"),
    campaign: text("campaign_id"),
    campaignName: text("campaign_name"),
    action_tracker: text("action_tracker_id"),
    actionTrackerName: text("action_tracker_name"),
    sub_id1: text("sub_id1"),
    sub_id2: text("sub_id2"),
    sub_id3: text("sub_id3"),
    shared_id: text("shared_id"),
    promo_code: text("promo_code"),
    isTest: row["is_test"] === 1,
    eventDate: numberOf(row, "event_date"),
    lockingDate: row["locking_date"] as Instant | null,
    clearedDate: row["cleared_date"] as Instant | null,
    gaps: numberOf(row, "gaps"),
    events: numberOf(row, "events"),
    firstEvent: textOf(row, "first_event"),
    lastEvent: textOf(row, "last_event"),
  };
}
