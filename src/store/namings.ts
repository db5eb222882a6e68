import { firstEventId } from "../domain/id.ts";
import type { Naming } from "../domain/naming.ts";
import { hourOf } from "../domain/pulse.ts";
import { day, hour, type Instant, minute } from "../domain/time.ts";
import { jsonOf, numberOf, type Row } from "./rows.ts";

/** So many events of an hour are looked at, of all sources together: it bounds what a look costs. */
const mostOfHour = 2000;

/** The hours in ?2, with the ids that begin them and the next ones. An event that does not say what it is about has its fingerprint for a subject. */
const namingsOf = `
  select value ->> 0 as hour, (
    select json_group_array(json_array(kind, named, nameless)) from (
      select kind, sum(subject <> fingerprint) as named,
        json_group_array(distinct received_at / ${minute}) filter (where subject = fingerprint) as nameless
      from (select * from events where id >= value ->> 1 and id < value ->> 2 limit ${mostOfHour})
      where source_id = ?1 and origin = 'postback' and is_test = 0 group by kind
    )
  ) as kinds
  from json_each(?2) as asked`;

/** Whether a source's postbacks in some hours say what they are about, tests aside. */
export async function readNamings(db: D1Database, sourceId: string, hours: Instant[]): Promise<Naming[]> {
  const { results } = await db.prepare(namingsOf).bind(sourceId, asked(hours)).all<Row>();
  return results.flatMap(namingsIn);
}

/** So many hours are looked into. */
const mostHours = 24;
const latestMs = 7 * day;

const latestNamings = `
  ${namingsOf}
  where exists (select 1 from pulses where source_id = ?1 and pulses.hour = value ->> 0 and received > 0)
  order by asked.key limit ${mostHours}`;

/** The same of the latest hours, of the last seven days, in which something came from it, as far as the books say. */
export async function readLatestNamings(db: D1Database, sourceId: string, now: Instant): Promise<Naming[]> {
  const hours = Array.from({ length: latestMs / hour }, (_, nth) => hourOf(now) - nth * hour);
  const { results } = await db.prepare(latestNamings).bind(sourceId, asked(hours)).all<Row>();
  return results.flatMap(namingsIn);
}

function asked(hours: Instant[]): string {
  return JSON.stringify(hours.map((at) => [at, firstEventId(at), firstEventId(at + hour)]));
}

function namingsIn(row: Row): Naming[] {
  const kinds = jsonOf<[kind: string, named: number, nameless: string][]>(row, "kinds");
  return kinds.map(([kind, named, nameless]) => {
    const minutes = (typeof nameless === "string" ? JSON.parse(nameless) : nameless) as number[];
    return { kind, hour: numberOf(row, "hour"), named, nameless: minutes.map((nth) => nth * minute) };
  });
}
