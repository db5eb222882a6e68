import { firstEventId } from "../domain/id.ts";
import { hourOf, learnedMs, type Pulse } from "../domain/pulse.ts";
import type { Count } from "../domain/tally.ts";
import { day, hour, type Instant } from "../domain/time.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

const addRepeats = `
  insert into pulses (source_id, hour, duplicates)
  select value ->> 'sourceId', value ->> 'hour', value ->> 'count' from json_each(?1) where true
  on conflict (source_id, hour) do update set duplicates = duplicates + excluded.duplicates`;

/** Adds repeats to those of their hours. */
export async function addDuplicates(db: D1Database, counts: Count[]): Promise<void> {
  await db.prepare(addRepeats).bind(JSON.stringify(counts)).run();
}

/** So many of the latest calls are looked at, whoever's they are: it bounds what one look costs. */
const mostCalls = 2500;

/** Quarantine holds what is counted, so that counting again changes nothing; hours before the last day are left as they are. */
const countRefused = `
  insert into pulses (source_id, hour, quarantined)
  select source_id, received_at / ${hour} * ${hour}, count(*) from (
    select source_id, received_at from quarantine where id >= ?1 order by id desc limit ${mostCalls}
  ) group by 1, 2
  on conflict (source_id, hour) do update set quarantined = excluded.quarantined where excluded.quarantined > quarantined`;

const selectPulses = `
  select source_id, json_group_array(json_array(hour, received, reversed, unknown, duplicates, quarantined)) as pulses
  from pulses where source_id in (select id from sources) and hour >= ?1 and hour <= ?2 group by source_id`;

const lastOf = (table: string, condition: string) => `
  select source_id, max(received_at) as at, (select min(received_at) from latest) as oldest, (select count(*) from latest) as looked_at
  from (select source_id, received_at from latest where ${condition}) group by source_id`.replace("latest", table);

/** What is known of a source's calls. */
export interface Heard {
  sourceId: string;
  /** Those of the last five weeks. */
  pulses: Pulse[];
  /** When it called last: exactly, as far as the latest calls of all sources tell; else the latest it can have been. Null: not in five weeks. */
  lastAt: Instant | null;
}
