import type { Event } from "../domain/event.ts";
import { eventColumns, eventOf } from "./events.ts";
import { type Quarantined, quarantinedOf } from "./quarantine.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

/** The latest calls that are looked at, of all sources together: it bounds what a look costs. */
const lookedAt = 1000;

const columns = { events: "id, source_id, origin", quarantine: "id, source_id, resolved_at" };
/** Only then are rows read whole: a call may be 100 KB. */
const latestOf = (table: "events" | "quarantine", wanted: string, limit: number) => `
  select id from (select ${columns[table]} from ${table} order by id desc limit ${lookedAt}) where source_id = ?1 and ${wanted} limit ${limit}`;
const latestEvents = (limit: number) => latestOf("events", "origin = 'postback'", limit);

const most = 10;
const selectEvents = `select ${eventColumns} from events where id in (${latestEvents(most)}) order by id desc`;
const selectRefused = `select * from quarantine where id in (${latestOf("quarantine", "resolved_at is null", most)}) order by id desc`;

/** What a source sent last, the latest first: what became an event, and what is in quarantine; ten each, of the latest of all sources. */
export async function listLatestCalls(db: D1Database, sourceId: string): Promise<{ events: Event[]; refused: Quarantined[] }> {
  const [events, refused] = await db.batch<Row>([db.prepare(selectEvents).bind(sourceId), db.prepare(selectRefused).bind(sourceId)]);
  return { events: (events?.results ?? []).map(eventOf), refused: (refused?.results ?? []).map(quarantinedOf) };
}

/** Among so many of a source's latest events its keys are looked for. */
const readForKeys = 200;
const longestExample = 80;

/** The value beside max() is that of the same row: the latest. */
const selectKeys = `
  select fields.key as key, count(*) as times, substr(fields.atom, 1, ${longestExample}) as example, max(latest.id) as last
  from events as latest, json_each(latest.fields) as fields where latest.id in (${latestEvents(readForKeys)})
  group by fields.key order by times desc, fields.key limit 500`;

/** A key of a source's events, with its latest value and in how many of them it stands. */
export interface HeardKey {
  key: string;
  example: string;
  times: number;
}

/** The keys of a source's latest events, those that came most often first. */
export async function listKeys(db: D1Database, sourceId: string): Promise<HeardKey[]> {
  const { results } = await db.prepare(selectKeys).bind(sourceId).all<Row>();
  return results.map((row) => ({ key: textOf(row, "key"), example: textOf(row, "example"), times: numberOf(row, "times") }));
}

const selectAddresses = `
  select ip, count(*) as times from events where id in (${latestEvents(500)}) and ip <> '' group by ip order by times desc limit 20`;

/** From where a source's latest calls came, and how many of each: twenty addresses at the most. */
export async function listAddresses(db: D1Database, sourceId: string): Promise<{ ip: string; times: number }[]> {
  const { results } = await db.prepare(selectAddresses).bind(sourceId).all<Row>();
  return results.map((row) => ({ ip: textOf(row, "ip"), times: numberOf(row, "times") }));
}
