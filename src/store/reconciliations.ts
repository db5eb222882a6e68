import type { Cursor, Reconciliation, ReconciliationState, Task } from "../domain/reconciliation.ts";
import type { Instant } from "../domain/time.ts";
import { listPage, when } from "./page.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

const insert = `
  insert into reconciliations (id, source_id, task, origin, since, until, cursor, next_at, created_at, updated_at)
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)`;

/** Begins a reconciliation. */
export async function saveReconciliation(db: D1Database, one: Reconciliation): Promise<void> {
  await db
    .prepare(insert)
    .bind(...valuesOf(one))
    .run();
}

/** The values that it begins with. */
export function valuesOf({ id, sourceId, task, origin, since, until, cursor, nextAt, createdAt }: Reconciliation): (string | number)[] {
  return [id, sourceId, task, origin, since, until, JSON.stringify(cursor), nextAt, createdAt];
}

const lease = `
  update reconciliations set leased_until = ?2
  where id = ?1 and state = 'running' and next_at <= ?3 and leased_until <= ?3
  returning *`;

/** Takes a reconciliation to go on with it until then; null when it is not to go on now, or somebody else is at it. */
export async function leaseReconciliation(db: D1Database, id: string, until: Instant, now: Instant): Promise<Reconciliation | null> {
  const row = await db.prepare(lease).bind(id, until, now).first<Row>();
  return row && reconciliationOf(row);
}

const renew = `update reconciliations set leased_until = ?3 where id = ?1 and leased_until = ?2 returning id`;

/** Keeps a lease for longer; false when it is lost. */
export async function renewLease(db: D1Database, id: string, was: Instant, until: Instant): Promise<boolean> {
  return (await db.prepare(renew).bind(id, was, until).first()) !== null;
}

const note = `
  update reconciliations set
    cursor = ?3, calls = calls + ?4, records = records + ?5, failures = ?6, reason = ?7, lacks_access = ?8, next_at = ?9,
    state = iif(state = 'running', ?10, state), finished_at = iif(state = 'running' and ?10 <> 'running', ?11, finished_at),
    leased_until = ?12, updated_at = ?11
  where id = ?1 and leased_until = ?2
  returning *`;

/**
 * What a step of a walk came to; what it repaired is counted where that is written. `lacksAccess`: impact.com does not take the
 * credentials. `leasedUntil`: 0 gives it back.
 */
export interface Progress {
  cursor: Cursor;
  calls: number;
  records: number;
  failures: number;
  reason: string | null;
  lacksAccess: boolean;
  nextAt: Instant;
  state: ReconciliationState;
  leasedUntil: Instant;
}

/** Notes how far it has come, as long as its lease is ours; as it is now, or null when somebody else has it. Who paused it is heard. */
export async function noteProgress(db: D1Database, one: Reconciliation, progress: Progress, now: Instant): Promise<Reconciliation | null> {
  const { cursor, calls, records, failures, reason, lacksAccess, nextAt, state, leasedUntil } = progress;
  const values = [JSON.stringify(cursor), calls, records, failures, reason, lacksAccess ? 1 : 0, nextAt, state, now, leasedUntil];
  const row = await db
    .prepare(note)
    .bind(one.id, one.leasedUntil, ...values)
    .first<Row>();
  return row && reconciliationOf(row);
}

const change = `
  update reconciliations set state = ?3, reason = null, failures = 0, lacks_access = 0, next_at = ?4, updated_at = ?4,
    finished_at = iif(?3 = 'cancelled', ?4, null)
  where id = ?1 and state in (select value from json_each(?2)) returning *`;

/** Pauses, resumes or cancels one that is in one of these states; null when it is not. */
export async function changeState(
  db: D1Database,
  id: string,
  from: ReconciliationState[],
  to: ReconciliationState,
  now: Instant,
): Promise<Reconciliation | null> {
  const row = await db.prepare(change).bind(id, JSON.stringify(from), to, now).first<Row>();
  return row && reconciliationOf(row);
}

const resume = `
  update reconciliations set state = 'running', reason = null, failures = 0, lacks_access = 0, next_at = ?2, updated_at = ?2, finished_at = null
  where source_id = ?1 and state = 'failed' and lacks_access = 1 and (task = 'backfill' or not exists (
    select 1 from reconciliations as later
    where later.source_id = ?1 and later.task = reconciliations.task and later.id > reconciliations.id
    and later.state = 'failed' and later.lacks_access = 1
  ))
  returning id`;

/**
 * Goes on with what failed since impact.com did not take the credentials: each that the operator asked for, and of those by the hour and
 * by the day the last one, which reads what the others would have. Returns their ids.
 */
export async function resumeFailed(db: D1Database, sourceId: string, now: Instant): Promise<string[]> {
  const { results } = await db.prepare(resume).bind(sourceId, now).all<Row>();
  return results.map((row) => textOf(row, "id"));
}

const find = `select * from reconciliations where id = ?1`;

export async function findReconciliation(db: D1Database, id: string): Promise<Reconciliation | null> {
  const row = await db.prepare(find).bind(id).first<Row>();
  return row && reconciliationOf(row);
}

const selectDue = `
  select id from reconciliations indexed by reconciliations_running
  where state = 'running' and next_at <= ?1 and leased_until <= ?1 order by next_at limit 20`;

/** Ids of those that are to go on, the longest waiting first. */
export async function listDueReconciliations(db: D1Database, now: Instant): Promise<string[]> {
  const { results } = await db.prepare(selectDue).bind(now).all<Row>();
  return results.map((row) => textOf(row, "id"));
}

const selectOpen = `
  select 1 from reconciliations indexed by reconciliations_running where state = 'running' and source_id = ?1 and task = ?2 limit 1`;

/** Whether a source has one of this task under way. */
export async function isReconciling(db: D1Database, sourceId: string, task: Task): Promise<boolean> {
  return (await db.prepare(selectOpen).bind(sourceId, task).first()) !== null;
}

const listing = { table: "reconciliations", columns: "*", key: ["id"] };

/** Reconciliations, newest first. */
export async function listReconciliations(
  db: D1Database,
  search: {
    source?: string | undefined;
    task?: string | undefined;
    state?: string | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{ reconciliations: Reconciliation[]; next: string | null }> {
  const fitting = [
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
    ...when(search.task, "task = ?"),
    ...when(search.state, "state = ?"),
  ];
  const { rows, next } = await listPage(db, listing, when(search.cursor, "id < ?"), fitting, search.limit);
  return { reconciliations: rows.map(reconciliationOf), next: next?.[0] ?? null };
}

function reconciliationOf(row: Row): Reconciliation {
  return {
    id: textOf(row, "id"),
    sourceId: textOf(row, "source_id"),
    task: textOf(row, "task") as Task,
    origin: textOf(row, "origin") as Reconciliation["origin"],
    since: numberOf(row, "since"),
    until: numberOf(row, "until"),
    state: textOf(row, "state") as ReconciliationState,
    cursor: jsonOf(row, "cursor"),
    calls: numberOf(row, "calls"),
    records: numberOf(row, "records"),
    repaired: numberOf(row, "repaired"),
    failures: numberOf(row, "failures"),
    reason: row["reason"] as string | null,
    nextAt: numberOf(row, "next_at"),
    leasedUntil: numberOf(row, "leased_until"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
    finishedAt: row["finished_at"] as Instant | null,
  };
}
