import { firstEventId } from "../domain/id.ts";
import { day, type Instant } from "../domain/time.ts";
import { type Archived, archived, type Line } from "./archived.ts";
import { type Row, textOf } from "./rows.ts";

/** So many events are walked over at a time, or fewer when they are large: a slice fits into memory, and its deletion delays nobody. */
const mostEvents = 200;
const mostBytes = 4 * 1024 * 1024;
const mostQuarantined = 50;

/**
 * Whether an event may go, which is whether it is in the books (the last one there stays, since `seq` must not begin anew), and all of
 * its subject may: each is older than `?1` (as an event id) and `?2` (as an instant),
 * and nothing of it was attempted since, or is still to be. Half a history would be a wrong one. Twins without a subject stand alone.
 */
const mayGo = `
  e.seq < (select position from books)
  and not exists (
    select 1 from events other
    where other.source_id = e.source_id and other.subject = e.subject and (e.subject <> e.fingerprint or other.id = e.id) and (
      other.id >= ?1 or exists (select 1 from deliveries where event_id = other.id and (state = 'pending' or updated_at >= ?2))
    )
  )`;

/** How far the walk has come, at `?3`. */
const position = `coalesce((select iif(next_walk_at <= ?3, '', position) from retention), '')`;

const walk = `
  select id, fits from (
    select id, fits, sum(weight) over (order by id) - weight as before from (
      select e.id, ${mayGo} as fits,
        length(query) + length(body) + length(fields) + length(nested) + (
          select coalesce(sum(length(response_body)), 0) from attempts where event_id = e.id
        ) as weight
      from events e where e.id > ${position} and e.id < ?1 order by e.id limit ${mostEvents}
    )
  ) where before < ${mostBytes}`;

/** What is to be archived and deleted next. `position` is how far the walk has come with it; `ids` are those that may go. */
export interface Slice {
  position: string;
  ids: string[];
}

/** The next stretch of the walk over events older than `end`, once a day from the beginning; null when there are no more. */
export async function nextSlice(db: D1Database, end: Instant, now: Instant): Promise<Slice | null> {
  const { results } = await db.prepare(walk).bind(firstEventId(end), end, now).all<Row>();
  const ids = results.filter(({ fits }) => fits === 1).map((one) => textOf(one, "id"));
  const last = results.at(-1);
  return last ? { position: textOf(last, "id"), ids } : null;
}

const selectOf = (table: Archived, key: string) =>
  `select ${archived[table].out} from ${table} where ${key} in (select value from json_each(?1)) order by 1, 2, 3`;

/** Events with their deliveries and attempts, as lines of the archive. */
export async function readLines(db: D1Database, ids: string[]): Promise<Line[]> {
  const asked = JSON.stringify(ids);
  const [events, deliveries, attempts] = await db.batch<Row>([
    db.prepare(selectOf("events", "id")).bind(asked),
    db.prepare(selectOf("deliveries", "event_id")).bind(asked),
    db.prepare(selectOf("attempts", "event_id")).bind(asked),
  ]);
  const deliveriesOf = Map.groupBy(deliveries?.results ?? [], (row) => row["event_id"]);
  const attemptsOf = Map.groupBy(attempts?.results ?? [], (row) => row["event_id"]);
  return (events?.results ?? []).map((event) => ({
    events: [event],
    deliveries: deliveriesOf.get(event["id"]) ?? [],
    attempts: attemptsOf.get(event["id"]) ?? [],
  }));
}

const thoseThatMayGo = `select e.id from events e where e.id in (select value from json_each(?3)) and ${mayGo}`;
const deleteAttempts = `delete from attempts where event_id in (${thoseThatMayGo})`;
const deleteDeliveries = `delete from deliveries where event_id in (${thoseThatMayGo})`;

/** What hourly walks read again is remembered: without its reading, what is in the archive would look missing. */
const deleteReadings = `
  delete from readings where ?2 <= ?4 - ${4 * day} and (source_id, action_id) in (
    select e.source_id, e.action_id from events e where e.id in (select value from json_each(?3)) and ${mayGo}
  )`;
const deleteEvents = `delete from events where id in (${thoseThatMayGo})`;

const moveOn = `
  insert into retention (one, position, next_walk_at) values (1, ?1, ?2 + ${day})
  on conflict (one) do update set position = excluded.position, next_walk_at = iif(next_walk_at <= ?2, excluded.next_walk_at, next_walk_at)`;

/** Deletes the events of a slice, as far as they may still go, and moves the walk on. Returns how many went. */
export async function prune(db: D1Database, { ids, position }: Slice, end: Instant, now: Instant): Promise<number> {
  const asked = [firstEventId(end), end, JSON.stringify(ids)];
  const [, , , deleted] = await db.batch([
    db.prepare(deleteReadings).bind(...asked, now),
    ...[deleteAttempts, deleteDeliveries, deleteEvents].map((sql) => db.prepare(sql).bind(...asked)),
    db.prepare(moveOn).bind(position, now),
  ]);
  return deleted?.meta.changes ?? 0;
}

const selectOldQuarantined = `select ${archived.quarantine.out} from quarantine where id < ?1 order by id limit ${mostQuarantined}`;

/** Calls that came into quarantine before `end`, the oldest first, as lines of the archive. */
export async function readQuarantined(db: D1Database, end: Instant): Promise<Line[]> {
  const { results } = await db.prepare(selectOldQuarantined).bind(firstEventId(end)).all<Row>();
  return results.map((row) => ({ quarantine: [row] }));
}

const deleteQuarantined = `delete from quarantine where id in (select value from json_each(?1))`;

export async function pruneQuarantined(db: D1Database, ids: string[]): Promise<void> {
  await db.prepare(deleteQuarantined).bind(JSON.stringify(ids)).run();
}

const insertInto = (table: Archived) => `
  insert into ${table} (${archived[table].names.join(", ")})
  select ${archived[table].in} from json_each(?1) where true
  on conflict do nothing`;

const putOff = `
  insert into retention (one, next_walk_at) values (1, ?1)
  on conflict (one) do update set next_walk_at = max(next_walk_at, excluded.next_walk_at)`;

/**
 * Writes lines of the archive back as the rows they were, in one transaction; what is there already stays as it is. They are not pruned
 * before `until`. Returns how many events and calls came back.
 */
export async function restore(db: D1Database, lines: Line[], until: Instant): Promise<number> {
  const inserting = (table: Archived) =>
    parcels(lines.flatMap((line) => line[table] ?? [])).map((rows) => db.prepare(insertInto(table)).bind(rows));
  const back = [...inserting("events"), ...inserting("quarantine")];
  const results = await db.batch([...back, ...inserting("deliveries"), ...inserting("attempts"), db.prepare(putOff).bind(until)]);
  return results.slice(0, back.length).reduce((sum, { meta }) => sum + meta.changes, 0);
}

/** Rows as JSON, in texts that D1 takes as one value each (2 MB). */
function parcels(rows: Row[]): string[] {
  const texts: string[] = [];
  for (const row of rows.map((one) => JSON.stringify(one))) {
    const last = texts.length - 1;
    if (last >= 0 && (texts[last] as string).length + row.length < mostBytes / 8) texts[last] += `,${row}`;
    else texts.push(row);
  }
  return texts.map((text) => `[${text}]`);
}
