import type { App } from "./app.ts";
import { formOf, type JobFile } from "./domain/job-file.ts";
import { TimeLimit, within } from "./domain/limit.ts";
import type { Instant } from "./domain/time.ts";
import { checkAddress } from "./guard.ts";
import { type Access, hashOf, withoutSecrets } from "./impact/access.ts";
import { openResult } from "./impact/download.ts";
import { callsPerHour } from "./impact/limits.ts";
import { noteLimits, takeCall } from "./store/budgets.ts";
import { ResultRefused, writeResult } from "./store/results.ts";

/** A result in R2; or why it is not there. `isLasting` when it would be the same the next time. */
export type Fetched =
  | { ok: true; stored: Pick<JobFile, "key" | "bytes" | "sha256" | "contentType"> }
  | { ok: false; reason: string; retryAt: Instant | null; isLasting: boolean };

/** Larger results are refused: hashing more takes longer than the CPU time that a cron invocation has. */
export const largestResult = 5 * 1024 ** 3;

/**
 * Downloads the result of a job into R2, under `place` and an ending. Stopped in the middle it leaves nothing that could be taken for
 * the whole. Throws only where D1 is away.
 */
export async function fetchResult(
  app: App,
  access: Access,
  jobId: string,
  { place, timeLimitMs }: { place: string; timeLimitMs: number },
): Promise<Fetched> {
  const taken = await takeCall(app.db, hashOf(access), app.now(), callsPerHour[access.account]);
  if (!taken.ok) return not("the calls that this account may make in an hour are made", { retryAt: taken.retryAt });
  const abort = new AbortController();
  try {
    return await within(timeLimitMs, transfer(app, access, jobId, place, abort.signal));
  } catch (error) {
    if (error instanceof ResultRefused) return not(`the result cannot be stored: ${error.message}`, { isLasting: error.isLasting });
    if (error instanceof TimeLimit) return not(`the result did not come within ${timeLimitMs / 60_000} minutes`);
    const words = withoutSecrets(error instanceof Error ? error.message : String(error), access);
    return not(`the download broke off: ${words}`);
  } finally {
    abort.abort(); // what has not come by now is not waited for
  }
}

async function transfer(app: App, access: Access, jobId: string, place: string, signal: AbortSignal): Promise<Fetched> {
  const { archive, now } = app;
  if (archive === null) return not("there is no R2 bucket to put the result in");
  const opened = await openResult(app.fetch, access, jobId, { now, signal, admit: (url) => checkAddress(app, url) });
  await noteLimits(app.db, hashOf(access), { ...opened.limits, retryAt: "retryAt" in opened ? opened.retryAt : null }, now());
  if (!opened.ok) {
    if (opened.kind === "not_ready") return not("impact.com says that the result is not ready");
    return not(opened.reason, { retryAt: opened.retryAt, isLasting: ["forbidden", "not_found", "refused"].includes(opened.kind) });
  }
  const { ending, contentType } = formOf(opened.contentType, opened.disposition);
  const key = `${place}.${ending}`;
  const { length } = opened;
  const written = await writeResult(archive, key, opened.body, { length, contentType, sizeLimit: largestResult });
  return { ok: true, stored: { key, contentType, ...written } };
}

function not(reason: string, more: { retryAt?: Instant | null; isLasting?: boolean } = {}): Fetched {
  return { ok: false, reason, retryAt: null, isLasting: false, ...more };
}
