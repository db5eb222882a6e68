import type { Told } from "../domain/action.ts";
import type { Matter } from "../domain/matter.ts";
import type { Action, nameFields } from "../domain/standing.ts";
import type { Instant } from "../domain/time.ts";
import type { Total } from "../domain/total.ts";
import { rowOf, upsertActions } from "./actions.ts";
import { eventColumns, eventOf } from "./events.ts";
import { numberOf, type Row } from "./rows.ts";
import { addTotals, cellsOf } from "./totals.ts";

/** What the books do not have yet: events in the order in which they were stored, and the state of the books before them. */
export interface News {
  events: Told[];
  /** That of the last of them. */
  position: number;
  version: number;
}

/** What was counted of a source in an hour. */
export interface Pulse {
  sourceId: string;
  hour: Instant;
  received: number;
  reversed: number;
  unknown: number;
}

const selectBooks = `select position, version from books`;
const selectNews = `select seq, ${eventColumns} from events where seq > (select position from books) order by seq limit ?1`;

/** The next `limit` events that are not in the books. */
export async function readNews(db: D1Database, limit: number): Promise<News> {
  const [books, news] = await db.batch<Row>([db.prepare(selectBooks), db.prepare(selectNews).bind(limit)]);
  const row = books?.results[0] ?? {};
  const rows = news?.results ?? [];
  const last = rows.at(-1);
  return {
    events: rows.map(eventOf),
    position: last ? numberOf(last, "seq") : numberOf(row, "position"),
    version: numberOf(row, "version"),
  };
}

/** What is to be written into the books, all or nothing. */
export interface Entries {
  actions: Action[];
  totals: Total[];
  matters: Matter[];
  pulses: Pulse[];
}

/** Nobody else has written since `version` (?2) was read. */
const unchanged = "exists (select 1 from books where version = ?2)";

const upsertMatters = `
  insert into matters (source_id, subject, kind, status, action_id, events, first_event, last_event)
  select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
  from json_each(?1) where ${unchanged}
  on conflict (source_id, subject) do update set status = excluded.status, action_id = excluded.action_id, events = excluded.events,
    first_event = min(first_event, excluded.first_event), last_event = excluded.last_event`;

const addPulses = `
  insert into pulses (source_id, hour, received, reversed, unknown)
  select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(?1) where ${unchanged}
  on conflict (source_id, hour) do update set
    received = received + excluded.received, reversed = reversed + excluded.reversed, unknown = unknown + excluded.unknown`;

const upsertNames = `
  insert into names (dimension, value, name) select value ->> 0, value ->> 1, value ->> 2 from json_each(?1) where ${unchanged}
  on conflict (dimension, value) do update set name = excluded.name where name <> excluded.name`;

const moveOn = `update books set position = max(position, ?1), version = version + 1 where version = ?2`;

/** Writes into the books unless somebody else did since they were read; says whether it was written. */
export async function writeBooks(db: D1Database, { position, version }: Omit<News, "events">, entries: Entries): Promise<boolean> {
  const writing = (sql: string, rows: unknown[]) => (rows.length > 0 ? [db.prepare(sql).bind(JSON.stringify(rows), version)] : []);
  const results = await db.batch([
    ...writing(upsertActions(unchanged), entries.actions.map(rowOf)),
    ...writing(addTotals(unchanged), entries.totals.map(cellsOf)),
    ...writing(upsertNames, namesOf(entries.actions)),
    ...writing(
      upsertMatters,
      entries.matters.map((one) => [
        one.sourceId,
        one.subject,
        one.kind,
        one.status,
        one.actionId,
        one.events,
        one.firstEvent,
        one.lastEvent,
      ]),
    ),
    ...writing(
      addPulses,
      entries.pulses.map((one) => [one.sourceId, one.hour, one.received, one.reversed, one.unknown]),
    ),
    db.prepare(moveOn).bind(position, version),
  ]);
  return (results.at(-1)?.meta.changes ?? 0) > 0;
}

function namesOf(actions: Action[]): string[][] {
  const named = actions.flatMap(({ campaign, campaignName, action_tracker, actionTrackerName }) => [
    ["campaign" satisfies keyof typeof nameFields, campaign, campaignName],
    ["action_tracker" satisfies keyof typeof nameFields, action_tracker, actionTrackerName],
  ]);
  return named.filter((one): one is string[] => one.every((part) => part !== null));
}
