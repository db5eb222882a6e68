import type { Event } from "../domain/event.ts";
import { firstEventId } from "../domain/id.ts";
import type { Instant } from "../domain/time.ts";
import { eventColumns, eventOf } from "./events.ts";
import { type Condition, listPage, when } from "./page.ts";

/** What to look for; times are instants, `cursor` the id to go on from. */
export interface EventSearch {
  kind?: string | undefined;
  type?: string | undefined;
  status?: string | undefined;
  source?: string | undefined;
  actionId?: string | undefined;
  clickId?: string | undefined;
  subId?: string | undefined;
  orderId?: string | undefined;
  /** A field that has just this value; `key` folded, without case and separators. */
  field?: { key: string; value: string } | undefined;
  q?: string | undefined;
  since?: Instant | undefined;
  until?: Instant | undefined;
  cursor?: string | undefined;
  limit: number;
}

const listing = { table: "events", columns: eventColumns, key: ["id"] };

/** Events, newest first. Ids sort by time of arrival, so that a span of time is a span of ids. */
export async function listEvents(db: D1Database, search: EventSearch): Promise<{ events: Event[]; next: string | null }> {
  const within = [...spanOf(search), ...when(search.actionId, ofAction)];
  const fitting = [
    ...when(search.kind, "kind = ?"),
    ...when(search.type, "type = ?"),
    ...when(search.status?.toUpperCase(), "status = ?"),
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
    ...when(search.clickId, "? in (fields ->> 'RefClickId', fields ->> 'ClickId')"),
    ...when(search.subId, "? in (fields ->> 'SubId1', fields ->> 'SubId2', fields ->> 'SubId3', fields ->> 'SharedId')"),
    ...when(search.orderId, "? in (fields ->> 'Oid', fields ->> 'OrderId')"),
    ...(search.field === undefined ? [] : [{ sql: hasField, values: [search.field.key, search.field.value] }]),
    ...(search.q === undefined ? [] : [holding(search.q)]),
  ];
  const { rows, next } = await listPage(db, listing, within, fitting, search.limit);
  return { events: rows.map(eventOf), next: next?.[0] ?? null };
}

/** Lifecycle and clearing have the action for their subject; an inquiry only names it. */
const ofAction = `id in (
  select id from events where source_id in (select id from sources) and subject = 'action:' || ?
  union all
  select id from events where kind = 'action-inquiry' and action_id = ?
)`;

const hasField = `exists (
  select 1 from json_each(fields) as field
  where lower(replace(replace(replace(field.key, '_', ''), '-', ''), ' ', '')) = ? and field.atom = ?
)`;

/** Text in the id, in a key or in a value. The raw JSON is looked through first, since it is the faster; its punctuation is no text. */
function holding(text: string): Condition {
  const part = "instr(lower(key), lower(?)) > 0 or instr(lower(atom), lower(?)) > 0";
  return {
    sql: `instr(id, ?) > 0 or (instr(lower(fields || nested), lower(?)) > 0 and (
      exists (select 1 from json_tree(fields) where ${part}) or exists (select 1 from json_tree(nested) where ${part})))`,
    values: [text, JSON.stringify(text).slice(1, -1), text, text, text, text],
  };
}

/** The range of ids that a search is bounded by. */
export function spanOf({ cursor, since, until }: Pick<EventSearch, "cursor" | "since" | "until">): Condition[] {
  return [
    ...when(cursor, "id < ?"),
    ...when(since === undefined ? undefined : firstEventId(since), "id >= ?"),
    ...when(until === undefined ? undefined : firstEventId(until), "id < ?"),
  ];
}
