import type { App } from "./app.ts";
import type { Told } from "./domain/action.ts";
import type { Patience } from "./domain/case.ts";
import type { Reconciliation } from "./domain/reconciliation.ts";
import { minute, parseDate } from "./domain/time.ts";
import { type JobRecord, jobOf } from "./impact/map.ts";
import type { Rec } from "./impact/page.ts";
import { type Errand, repair, type Untold } from "./repair.ts";
import { type Key, listEventsOf } from "./store/ledgers.ts";
import { readSeen } from "./store/repairs.ts";
import type { Taken } from "./take.ts";
import { saidBy } from "./tell-job.ts";

/** `completed`: which jobs are looked at, by when they were. */
type Taking = Errand & Patience & { completed: Pick<Reconciliation, "since" | "until"> };

/** So many jobs are looked at at once. */
const slice = 200;

/** A call may be dated a moment before what it tells: the clocks are two. */
const skewMs = minute;

/**
 * impact.com calls for exports that are completed. Whether it does for one that failed is not documented, and these types are no exports.
 * Source: its help, "Job Completion", and the OpenAPI documents of Jobs.
 */
const untold = ["UploadAds", "TermModification"];

/**
 * Compares completed jobs with what was told of them, and makes good what is missing: where results are fetched by giving the hint that the
 * postback would have given, and else by telling what the job's record says.
 */
export async function takeJobs(app: App, taking: Taking, recs: Rec[]): Promise<Taken> {
  const read = recs.map(jobOf);
  const wanted = read.flatMap((one) => (one.ok && isOfInterest(one.record, taking) ? [one.record] : []));
  for (let from = 0; from < wanted.length; from += slice) {
    const some = wanted.slice(from, from + slice);
    const seen = await readSeen(app.db);
    const told = await listEventsOf(
      app.db,
      some.map(({ id }): Key => [taking.source.id, `job:${id}`]),
    );
    const known = new Map(told.map((events) => [events[0]?.subject, events]));
    const missing = some.filter((record) => !isTold(record, known.get(`job:${record.id}`) ?? []));
    const isFetched = app.archive !== null && taking.source.fetchesJobs;
    await repair(
      app,
      taking,
      seen,
      missing.map((record) => untoldOf(record, isFetched)),
      [],
    );
  }
  return { records: recs.length, mistakes: read.flatMap((one) => (one.ok ? [] : [one.mistake])) };
}

function isOfInterest({ status, fields, completedAt }: JobRecord, { completed, missedBefore }: Taking): boolean {
  if (status !== "COMPLETED" || completedAt === null || untold.includes(fields["Type"] ?? "")) return false;
  return completedAt >= completed.since && completedAt <= Math.min(completed.until, missedBefore);
}

/** A job keeps its id when it is run again: what was said of an earlier run does not count. */
function isTold({ completedAt }: JobRecord, events: Told[]): boolean {
  const at = completedAt ?? 0;
  return events.some(
    ({ type, receivedAt, fields }) =>
      type === "job.completed" && (receivedAt >= at - skewMs || parseDate(fields["CompletedDate"] ?? "")?.at === at),
  );
}

function untoldOf(record: JobRecord, isFetched: boolean): Untold {
  return {
    kind: "job-completion",
    fields: { JobId: record.id, ...saidBy(record) },
    nested: {},
    effectiveAt: record.completedAt,
    reading: null,
    payout: null,
    deltaPayout: null,
    amount: null,
    deltaAmount: null,
    ...(isFetched ? { jobId: record.id } : {}),
  };
}
