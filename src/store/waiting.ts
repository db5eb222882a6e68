import type { Instant } from "../domain/time.ts";
import { type Quarantined, quarantinedOf } from "./quarantine.ts";
import { numberOf, type Row } from "./rows.ts";

/** Which calls in quarantine are meant: of a source (its id or name), refused for a reason, later than the one whose id is `after`. */
export interface WaitingSearch {
  source?: string | undefined;
  code?: string | undefined;
  after: string;
}

const isMeant = `
  resolved_at is null and id > ?1 and (?2 is null or code = ?2)
  and (?3 is null or source_id = ?3 or source_id in (select id from sources where name = ?3))`;

const listOldest = `select * from quarantine where ${isMeant} order by id limit ?4`;

/** What waits in quarantine, in the order in which it came. */
export async function listWaiting(db: D1Database, { source, code, after }: WaitingSearch, limit: number): Promise<Quarantined[]> {
  const { results } = await db
    .prepare(listOldest)
    .bind(after, code ?? null, source ?? null, limit)
    .all<Row>();
  return results.map(quarantinedOf);
}

const count = `select count(*) as waiting from (select 1 from quarantine where ${isMeant} limit ?4)`;

/** How much of it waits, counted up to `most`. */
export async function countWaiting(db: D1Database, { source, code, after }: WaitingSearch, most: number): Promise<number> {
  const row = await db
    .prepare(count)
    .bind(after, code ?? null, source ?? null, most)
    .first<Row>();
  return row ? numberOf(row, "waiting") : 0;
}

const resolve = `
  update quarantine set resolved_at = ?2, event_id = (select one.value ->> 1 from json_each(?1) as one where one.value ->> 0 = quarantine.id)
  where quarantine.id in (select one.value ->> 0 from json_each(?1) as one)`;

/** Notes of many that they left quarantine, each as which event. */
export async function resolveWaiting(db: D1Database, resolved: [id: string, eventId: string][], now: Instant): Promise<void> {
  if (resolved.length === 0) return;
  await db.prepare(resolve).bind(JSON.stringify(resolved), now).run();
}
