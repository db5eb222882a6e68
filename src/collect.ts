import type { App } from "./app.ts";
import { accessOf, callImpact } from "./call.ts";
import { enoughAttempts, type JobFile, longestWaitMs, placeOf, waitAfter } from "./domain/job-file.ts";
import { minute, second } from "./domain/time.ts";
import { fetchResult } from "./fetch-result.ts";
import { readJob } from "./impact/calls.ts";
import { type JobRecord, jobOf } from "./impact/map.ts";
import { findConnection } from "./store/connections.ts";
import { claimFile, findStored, listDueFiles, postponeFile } from "./store/job-files.ts";
import { type Found, type Later, tellJob } from "./tell-job.ts";

/** So long a download may take; a cron invocation lives for 15 minutes. Source: Cloudflare's limits of Workers. */
export const downloadMs = 10 * minute;
/** Who claims a file has it for so long. */
export const leaseMs = downloadMs + 2 * minute;
const mostAtOnce = 20;

/**
 * Every minute: what postbacks gave a hint of is re-read by the job's id, its result is downloaded into R2, and told. It begins none
 * after `limitMs`. The row of each says how far it is, so that this can be stopped anywhere: a claim that runs out is taken anew.
 */
export async function collect(app: App, limitMs: number): Promise<void> {
  const end = app.now() + limitMs;
  for (const due of await listDueFiles(app.db, app.now(), mostAtOnce)) {
    if (app.now() >= end) return;
    const file = await claimFile(app.db, due, app.now() + leaseMs, app.now());
    if (file === null) continue;
    const found = await look(app, file);
    if (found.kind !== "later") await tellJob(app, file, found);
    else await wait(app, file, found);
  }
}

/** Later, unless it has been long enough: then it is told that there is no file, so that nobody waits for nothing. */
async function wait(app: App, file: JobFile, { reason, at, isLasting, record }: Later): Promise<void> {
  const now = app.now();
  const isBelieved = isLasting && file.attempts >= enoughAttempts && file.reason === reason;
  const isOver = isBelieved || now - file.createdAt >= longestWaitMs;
  if (isOver) return await tellJob(app, file, { kind: "missing", reason, record });
  console.warn("collect: a job's result is not here yet, it is tried again", file.hintEventId, reason);
  await postponeFile(app.db, file, Math.max(at ?? 0, now + waitAfter(file.attempts)), reason, now);
}

async function look(app: App, file: JobFile): Promise<Found | Later> {
  if (isStep(file.jobId)) return missing("impact.com's API has no job of this id");
  if (app.archive === null) return missing("there is no R2 bucket to put the result in: bind one as ARCHIVE");
  const connection = await findConnection(app.db, file.sourceId);
  const source = (await app.catalog.current(app.db)).sources.find(({ id }) => id === file.sourceId);
  if (connection === null || !source) return missing("the source has no access to impact.com's API any more: PUT /sources/:id/api");

  const result = await callImpact(app, connection, source, readJob(file.jobId));
  if (!result.ok) return later(result.reason, { at: result.retryAt, isLasting: lasting.includes(result.kind) });
  const read = jobOf(result.page.records[0] ?? {});
  if (!read.ok) return later(read.mistake, { isLasting: true });
  const { record } = read;
  if (record.id.toLowerCase() !== file.jobId.toLowerCase()) return later("impact.com answered with another job", { isLasting: true });
  if (failures.includes(record.status)) return { kind: "unsuccessful", record };
  if (record.status !== "COMPLETED") return later(`impact.com says that the job is ${record.status}`, { record });

  const place = placeOf(file, record.completedAt);
  const twin = await findStored(app.db, file, place);
  if (twin !== null) return { kind: "stored", record, stored: twin };
  const access = await accessOf(app, connection, source);
  if (access === null) return later("the credentials cannot be opened with the encryption keys that are here", { record });
  return await download(app, file, record, () => fetchResult(app, access, file.jobId, { place, timeLimitMs: downloadMs }));
}

async function download(app: App, file: JobFile, record: JobRecord, fetched: () => ReturnType<typeof fetchResult>): Promise<Found | Later> {
  const began = app.now();
  const result = await fetched();
  if (!result.ok) return later(result.reason, { record, at: result.retryAt, isLasting: result.isLasting });
  const { stored } = result;
  console.log(`collect: ${stored.bytes} bytes in ${(app.now() - began) / second} s`, file.hintEventId);
  return { kind: "stored", record, stored };
}

/** In a path these lead to other places, and there is no spelling of them that does not. */
function isStep(jobId: string): boolean {
  return /^\.{0,2}$/.test(jobId);
}

/** Source: the OpenAPI documents of Jobs; QUEUED and RUNNING are the others. */
const failures = ["FAILED", "ERROR", "CANCELLED"];

/** What would be the same the next time, and after some times is believed. */
const lasting: string[] = ["forbidden", "not_found", "refused", "unreadable", "too_large"];

function missing(reason: string): Found {
  return { kind: "missing", reason, record: null };
}

function later(reason: string, more: Partial<Pick<Later, "at" | "isLasting" | "record">> = {}): Later {
  return { kind: "later", reason, at: null, isLasting: false, record: null, ...more };
}
