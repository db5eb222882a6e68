import type { Event } from "../domain/event.ts";
import type { JobFile, JobFileState } from "../domain/job-file.ts";
import type { Instant } from "../domain/time.ts";
import { ringGraceMs } from "./deliveries.ts";
import type { Selected } from "./outbox.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

const selectDue = `
  select * from job_files where state = 'waiting' and next_at <= ?1 order by next_at limit ?2`;

/** What is to be fetched by now, the longest due first. */
export async function listDueFiles(db: D1Database, now: Instant, limit: number): Promise<JobFile[]> {
  const { results } = await db.prepare(selectDue).bind(now, limit).all<Row>();
  return results.map(jobFileOf);
}

const claim = `
  update job_files set attempts = attempts + 1, next_at = ?3, updated_at = ?4
  where hint_event_id = ?1 and state = 'waiting' and next_at = ?2 returning *`;

/** Takes a file upon oneself until `leaseEnd`, which is its `nextAt` then; null when somebody else has it. */
export async function claimFile(db: D1Database, file: JobFile, leaseEnd: Instant, now: Instant): Promise<JobFile | null> {
  const row = await db.prepare(claim).bind(file.hintEventId, file.nextAt, leaseEnd, now).first<Row>();
  return row && jobFileOf(row);
}

const postpone = `
  update job_files set next_at = ?3, reason = ?4, updated_at = ?5 where hint_event_id = ?1 and state = 'waiting' and next_at = ?2`;

/** Has a claimed file looked at again at `at`. */
export async function postponeFile(db: D1Database, file: JobFile, at: Instant, reason: string, now: Instant): Promise<void> {
  await db.prepare(postpone).bind(file.hintEventId, file.nextAt, at, reason, now).run();
}

/** The result of a job's same run that another hint led to: ?3 is its place in R2. */
const selectTwin = `
  select * from job_files
  where source_id = ?1 and job_id = ?2 and state = 'stored' and substr(key, 1, length(?3) + 1) = ?3 || '.' limit 1`;

/** The file of this run of a job, when it is stored already. */
export async function findStored(db: D1Database, { sourceId, jobId }: JobFile, place: string): Promise<JobFile | null> {
  const row = await db.prepare(selectTwin).bind(sourceId, jobId, place).first<Row>();
  return row && jobFileOf(row);
}

/** Who has it first tells, also where the same file came by two hints. */
const insertEvent = `
  insert into events (
    id, source_id, kind, type, subject, fingerprint, status, is_test, received_at, occurred_at, fields, method, query, headers, ip, body, origin
  )
  select ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, '', '', '{}', '', x'', ?11 from job_files
  where hint_event_id = ?12 and state = 'waiting'
  and not exists (
    select 1 from job_files as other
    where other.source_id = ?2 and other.job_id = job_files.job_id and other.state = 'stored' and other.key = ?13
  )`;

const insertDeliveries = `
  insert into deliveries (event_id, destination_id, action, next_at, ring_at, created_at, updated_at)
  select ?1, value ->> 'destinationId', value ->> 'action', ?3, ?4, ?3, ?3 from json_each(?2)
  where exists (select 1 from events where id = ?1)`;

const conclude = `
  update job_files set
    state = ?2, key = ?3, bytes = ?4, sha256 = ?5, content_type = ?6, reason = ?7, updated_at = ?8, event_id = coalesce(
      (select id from events where id = ?9),
      (
        select other.event_id from job_files as other
        where other.source_id = job_files.source_id and other.job_id = job_files.job_id and other.state = 'stored' and other.key = ?3
      )
    )
  where hint_event_id = ?1 and state = 'waiting' returning event_id`;

/** How the search for a file ended. */
export interface Ending {
  state: Exclude<JobFileState, "waiting">;
  stored: Pick<JobFile, "key" | "bytes" | "sha256" | "contentType"> | null;
  reason: string | null;
}

/**
 * Ends the search for a file and writes the event that tells so, with its deliveries, in one transaction. False when nothing
 * is to be told: somebody was faster, or the same file was told of already.
 */
export async function tellFile(db: D1Database, file: JobFile, ending: Ending, event: Event, selected: Selected[]): Promise<boolean> {
  const { key = null, bytes = null, sha256 = null, contentType = null } = ending.stored ?? {};
  const now = event.receivedAt;
  const results = await db.batch<Row>([
    db
      .prepare(insertEvent)
      .bind(
        event.id,
        event.sourceId,
        event.kind,
        event.type,
        event.subject,
        event.fingerprint,
        event.status,
        now,
        event.occurredAt,
        JSON.stringify(event.fields),
        event.origin,
        file.hintEventId,
        key,
      ),
    db.prepare(insertDeliveries).bind(event.id, JSON.stringify(selected), now, now + ringGraceMs),
    db.prepare(conclude).bind(file.hintEventId, ending.state, key, bytes, sha256, contentType, ending.reason, now, event.id),
  ]);
  return results.at(-1)?.results[0]?.["event_id"] === event.id;
}

const findOne = `select * from job_files where hint_event_id = ?1`;

export async function findFile(db: D1Database, hintEventId: string): Promise<JobFile | null> {
  const row = await db.prepare(findOne).bind(hintEventId).first<Row>();
  return row && jobFileOf(row);
}

const selectOfJob = `select * from job_files where source_id = ?1 and job_id = ?2 order by hint_event_id desc limit 20`;

/** The latest files of a job, newest first: it may have run more than once. */
export async function listFilesOf(db: D1Database, sourceId: string, jobId: string): Promise<JobFile[]> {
  const { results } = await db.prepare(selectOfJob).bind(sourceId, jobId).all<Row>();
  return results.map(jobFileOf);
}

const reopen = `
  insert into job_files (hint_event_id, source_id, job_id, next_at, created_at, updated_at) values (?1, ?2, ?3, ?4, ?4, ?4)
  on conflict (hint_event_id) do update set
    state = 'waiting', attempts = 0, next_at = ?4, created_at = ?4, updated_at = ?4, event_id = null, reason = null
  where state = 'failed' or (state = 'waiting' and next_at > ?4 and attempts > 0 and updated_at < ?4 - ?5)
  returning *`;

/**
 * Begins the search for a file, or begins it anew where it had failed or waits for its time; null where it is stored, or may be
 * under way: it was touched within `busyMs`.
 */
export async function reopenFile(
  db: D1Database,
  { hintEventId, sourceId, jobId }: Pick<JobFile, "hintEventId" | "sourceId" | "jobId">,
  now: Instant,
  busyMs: number,
): Promise<JobFile | null> {
  const row = await db.prepare(reopen).bind(hintEventId, sourceId, jobId, now, busyMs).first<Row>();
  return row && jobFileOf(row);
}

function jobFileOf(row: Row): JobFile {
  return {
    hintEventId: textOf(row, "hint_event_id"),
    sourceId: textOf(row, "source_id"),
    jobId: textOf(row, "job_id"),
    state: textOf(row, "state") as JobFileState,
    attempts: numberOf(row, "attempts"),
    nextAt: numberOf(row, "next_at"),
    key: row["key"] as string | null,
    bytes: row["bytes"] as number | null,
    sha256: row["sha256"] as string | null,
    contentType: row["content_type"] as string | null,
    eventId: row["event_id"] as string | null,
    reason: row["reason"] as string | null,
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
