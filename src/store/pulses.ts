import { firstEventId } from "../domain/id.ts";
import { hourOf, learnedMs, type Pulse } from "../domain/pulse.ts";
import type { Count } from "../domain/tally.ts";
import { day, hour, type Instant, minute } from "../domain/time.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

/** What is known of a source's calls. */
export interface Heard {
  sourceId: string;
  /** Those of the last five weeks, in any order. */
  pulses: Pulse[];
  /** When it called last; null when that is older than the latest calls of all sources, which are all that is looked at. */
  lastAt: Instant | null;
}

const addRepeats = `
  insert into pulses (source_id, hour, duplicates)
  select value ->> 'sourceId', value ->> 'hour', value ->> 'count' from json_each(?1) where true
  on conflict (source_id, hour) do update set duplicates = duplicates + excluded.duplicates`;

/** Adds repeats to those of their hours. */
export async function addDuplicates(db: D1Database, counts: Count[]): Promise<void> {
  await db.prepare(addRepeats).bind(JSON.stringify(counts)).run();
}

/** So many rows are deleted at once. */
const mostPruned = 1000;

const pruneOld = `
  delete from pulses where (source_id, hour) in (
    select source_id, hour from pulses where source_id in (select id from sources) and hour < ?1 limit ${mostPruned}
  )`;

/** Forgets hours that nothing is learned from any more, some at a time. */
export async function prunePulses(db: D1Database, now: Instant): Promise<void> {
  await db
    .prepare(pruneOld)
    .bind(hourOf(now - learnedMs))
    .run();
}

/** The latest calls that are looked at, of all sources together: it bounds what a look costs. */
const mostCalls = 2500;
const lastCallsMs = 6 * hour;

/** What is in quarantine is counted anew each time, so that counting twice changes nothing. Its ids sort by arrival. */
const countRefused = `
  insert into pulses (source_id, hour, quarantined)
  select source_id, received_at - received_at % ${hour}, count(*) from (
    select source_id, received_at from quarantine where id >= ?1 and id < ?2 order by id desc limit ${mostCalls}
  ) where true group by 1, 2
  on conflict (source_id, hour) do update set quarantined = excluded.quarantined where excluded.quarantined > quarantined`;

const selectPulses = `
  select source_id, json_group_array(json_array(hour, received, reversed, unknown, duplicates, quarantined)) as pulses
  from pulses where source_id in (select id from sources) and hour >= ?1 group by source_id`;

const selectLatest = `
  select source_id, max(received_at) as at from (
    select source_id, received_at, origin from events where id >= ?1 and id < ?2 order by id desc limit ${mostCalls}
  ) where origin = 'postback' group by source_id
  union all
  select source_id, max(received_at) as at from (
    select source_id, received_at from quarantine where id >= ?1 and id < ?2 order by id desc limit ${mostCalls}
  ) group by source_id`;

/**
 * What came from each source that called within five weeks, in one round trip. Brings the counts of what is in quarantine up to date
 * before, those of the last day. Events must be in the books.
 */
export async function listHeard(db: D1Database, now: Instant): Promise<Heard[]> {
  const end = firstEventId(now + minute); // other clocks may be a little ahead
  const [, pulses, latest] = await db.batch<Row>([
    db.prepare(countRefused).bind(firstEventId(now - day), end),
    db.prepare(selectPulses).bind(hourOf(now - learnedMs)),
    db.prepare(selectLatest).bind(firstEventId(now - lastCallsMs), end),
  ]);
  const last = new Map<string, Instant>();
  for (const row of latest?.results ?? []) {
    const id = textOf(row, "source_id");
    last.set(id, Math.max(numberOf(row, "at"), last.get(id) ?? 0));
  }
  return (pulses?.results ?? []).map((row) => {
    const sourceId = textOf(row, "source_id");
    return { sourceId, pulses: jsonOf<number[][]>(row, "pulses").map(pulseOf), lastAt: last.get(sourceId) ?? null };
  });
}

/**
 * What came from each source in each hour; takes the values of `spanOfCalls`. Pulses have what was refused some minutes later only, and
 * keep what was pruned since: whichever of pulse and quarantine knows of more is right.
 */
export const callsByHour = `
  select source_id, hour, sum(received) as received, sum(duplicates) as duplicates, max(quarantined) as quarantined from (
    select source_id, hour, received, duplicates, quarantined from pulses
    where source_id in (select id from sources) and hour >= ?1 and hour < ?2
    union all
    select source_id, received_at - received_at % ${hour}, 0, 0, count(*) from (
      select source_id, received_at from quarantine where id >= ?3 and id < ?4 order by id desc limit ${mostCalls}
    ) where source_id in (select id from sources) group by 1, 2
  ) group by source_id, hour`;

/** A span of time for `callsByHour`, in whole hours. Other clocks may be a little ahead. */
export function spanOfCalls(since: Instant, until: Instant): [Instant, Instant, string, string] {
  const from = hourOf(since);
  return [from, until, firstEventId(from), firstEventId(until + minute)];
}

const selectCalls = `
  select source_id, sum(received) as received, sum(duplicates) as duplicates, sum(quarantined) as quarantined,
    max(hour) filter (where received + duplicates + quarantined > 0) as last_hour
  from (${callsByHour}) group by source_id having last_hour is not null`;

/** How much came from each source in a span of time, in whole hours; those that were silent are not among them. */
export async function listCallsSince(db: D1Database, since: Instant, now: Instant) {
  const { results } = await db
    .prepare(selectCalls)
    .bind(...spanOfCalls(since, now))
    .all<Row>();
  return results.map((row) => ({
    sourceId: textOf(row, "source_id"),
    received: numberOf(row, "received"),
    duplicates: numberOf(row, "duplicates"),
    quarantined: numberOf(row, "quarantined"),
    lastHour: numberOf(row, "last_hour"),
  }));
}

function pulseOf([at = 0, received = 0, reversed = 0, unknown = 0, duplicates = 0, quarantined = 0]: number[]): Pulse {
  return { hour: at, received, reversed, unknown, duplicates, quarantined };
}
