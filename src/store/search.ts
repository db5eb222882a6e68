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
  q?: string | undefined;
  since?: Instant | undefined;
  until?: Instant | undefined;
  cursor?: string | undefined;
  limit: number;
}

const listing = { table: "events", columns: eventColumns, key: ["id"] };

/** Events, newest first. Ids sort by time of arrival, so that a span of time is a span of ids. */
export async function listEvents(db: D1Database, search: EventSearch): Promise<{ events: Event[]; next: string | null }> {
  const within = [...spanOf(search), ...when(search.actionId, "source_id in (select id from sources) and subject = 'action:' || ?")];
  const fitting = [
    ...when(search.kind, "kind = ?"),
    ...when(search.type, "type = ?"),
    ...when(search.status?.toUpperCase(), "status = ?"),
    ...when(search.source, "source_id = ? or source_id = (select id from sources where name = ?)"),
    ...when(search.q && JSON.stringify(search.q).slice(1, -1), "instr(lower(fields || nested || id), lower(?)) > 0"),
  ];
  const { rows, next } = await listPage(db, listing, within, fitting, search.limit);
  return { events: rows.map(eventOf), next: next?.[0] ?? null };
}

/** The range of ids that a search is bounded by. */
export function spanOf({ cursor, since, until }: Pick<EventSearch, "cursor" | "since" | "until">): Condition[] {
  return [
    ...when(cursor, "id < ?"),
    ...when(since === undefined ? undefined : firstEventId(since), "id >= ?"),
    ...when(until === undefined ? undefined : firstEventId(until), "id < ?"),
  ];
}
