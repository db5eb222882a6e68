import type { App } from "./app.ts";
import { callImpact, type Result } from "./call.ts";
import type { Connection } from "./domain/connection.ts";
import type { Cursor, Leg, Reconciliation } from "./domain/reconciliation.ts";
import type { Source } from "./domain/source.ts";
import { day, type Instant, minute, second } from "./domain/time.ts";
import { type Asked, listActions, listInquiries, listJobs, listUpdates, mostPages, readAction, readInquiry } from "./impact/calls.ts";
import type { Rec } from "./impact/page.ts";
import { halves, type Span } from "./impact/spans.ts";
import { hasJobs, listOpenInquiries } from "./store/matters.ts";
import { listUntold } from "./store/readings.ts";
import { type Taken, takeActions, takeInquiries, takeUpdates } from "./take.ts";
import { takeJobs } from "./take-jobs.ts";

/** A walk, and whose it is. */
export interface Walk {
  source: Source;
  connection: Connection;
  reconciliation: Reconciliation;
}

/** What a step came to: on to `cursor`, or not. What it took stays taken, and taking it again changes nothing. */
export type Step = Taken & { cursor: Cursor; calls: number; failure: Exclude<Result, { ok: true }> | null };

/** impact.com's calls come within fifteen minutes of what they tell (its help, "Event notification postbacks"). */
const underWayMs = 20 * minute;

/** So many records are read one by one in a step. */
const oneByOne = 10;

/** The next step of a walk: one page of a list, or some records one by one. */
export async function step(app: App, walk: Walk): Promise<Step> {
  const { cursor } = walk.reconciliation;
  const [leg] = cursor.legs;
  if (!leg) return { ...nothing, cursor, calls: 0, failure: null };
  const { of } = leg;
  if (of === "jobs" && !(await wantsJobs(app, walk))) return { ...nothing, cursor: behind(cursor), calls: 0, failure: null };
  return of === "untold" || of === "open" ? await readEach(app, walk, leg, cursor) : await readPage(app, walk, { ...leg, of }, cursor);
}

const nothing: Taken = { records: 0, mistakes: [] };

/**
 * impact.com calls for a job only where that is set up, and tells by its API of every job: those of a source that never told of any are
 * nobody's business. The history before the source was made does not need them.
 */
async function wantsJobs(app: App, { source, reconciliation }: Walk): Promise<boolean> {
  return reconciliation.origin === "reconciliation" && (await hasJobs(app.db, source.id));
}

type List = Exclude<Leg["of"], "untold" | "open">;

/** Whose days the bounds of a list of jobs are, and whether they belong to it, is not documented. */
const jobMarginMs = 2 * day;

const listings: Record<List, (leg: Leg, source: Source, now: Instant) => Asked> = {
  updates: (leg) => listUpdates({ span: leg, by: "updated", campaignId: leg.campaignId }),
  actions: (leg) => listActions({ span: leg, by: "updated", campaignId: leg.campaignId }),
  locking: (leg) => listActions({ span: leg, by: "locking", updated: leg.updated, state: "APPROVED", campaignId: leg.campaignId }),
  inquiries: (leg) => listInquiries({ span: leg, campaignId: leg.campaignId }),
  jobs: (leg, { account }, now) => {
    const [since, until] = [leg.since - jobMarginMs, leg.until + jobMarginMs];
    return listJobs(account, until < now ? { since, until } : { since });
  },
};

const takers = { updates: takeUpdates, actions: takeActions, locking: takeActions, inquiries: takeInquiries, jobs: takeJobs };

async function readPage(app: App, walk: Walk, { of, ...span }: Leg & { of: List }, cursor: Cursor): Promise<Step> {
  const leg: Leg = { of, ...span };
  const first = listings[of](leg, walk.source, app.now());
  const asked = cursor.next === null ? first : { path: cursor.next, list: first.list };
  const result = await callImpact(app, walk.connection, walk.source, asked);
  const { calls } = result;
  if (!result.ok) {
    const isTooMuch = result.kind === "refused" || result.kind === "too_large";
    const shorter = isTooMuch && (of !== "jobs" || leg.until - leg.since > day) ? split(cursor, leg) : null;
    if (shorter) return { ...nothing, cursor: shorter, calls, failure: null };
    const leftOut: Step = { ...nothing, cursor: behind(cursor), calls, failure: null };
    if (of === "jobs" && isTooMuch) return { ...leftOut, mistakes: [`The list of jobs: ${result.reason}.`] };
    const isLeftOut = (of === "inquiries" || of === "jobs") && (result.kind === "forbidden" || result.kind === "not_found");
    return isLeftOut ? leftOut : { ...nothing, cursor, calls, failure: result };
  }
  const { page } = result;
  const isLong = (page.pages ?? 0) > mostPages && (page.total ?? Number.POSITIVE_INFINITY) > mostPages * page.records.length;
  const shorter = cursor.next === null && isLong && of !== "jobs" ? split(cursor, leg) : null;
  if (shorter) return { ...nothing, cursor: shorter, calls, failure: null };
  const taking = { ...patient(app, walk, of === "actions" ? leg.until : null), completed: leg.completed ?? leg };
  const taken = await takers[of](app, taking, page.records);
  return { ...taken, cursor: page.next ? { ...cursor, next: page.next.path } : behind(cursor), calls, failure: null };
}

/** What impact.com refuses as too much is asked for in halves; null when it cannot be cut any more. */
function split(cursor: Cursor, leg: Leg): Cursor | null {
  const parts = halves(leg);
  return parts && { legs: [...parts.map((part) => ({ ...leg, ...part })), ...cursor.legs.slice(1)], next: null, total: cursor.total + 1 };
}

function behind(cursor: Cursor): Cursor {
  return { ...cursor, legs: cursor.legs.slice(1), next: null };
}

async function readEach(app: App, walk: Walk, leg: Leg, cursor: Cursor): Promise<Step> {
  const [ids, read] = await listed(app, walk, leg, cursor.next ?? "");
  const records: Rec[] = [];
  let calls = 0;
  let last = cursor.next;
  let failure: Step["failure"] = null;
  for (const id of ids) {
    const result = await callImpact(app, walk.connection, walk.source, read(id));
    calls += result.calls;
    if (!result.ok && result.kind !== "not_found" && result.kind !== "refused") {
      failure = result;
      break;
    }
    if (result.ok) records.push(...result.page.records);
    last = id;
  }
  const take = leg.of === "untold" ? takeActions : takeInquiries;
  const taken = records.length > 0 ? await take(app, patient(app, walk), records) : nothing;
  const isOver = failure === null && ids.length < oneByOne;
  return { ...taken, cursor: isOver ? behind(cursor) : { ...cursor, next: last }, calls, failure };
}

async function listed(app: App, walk: Walk, leg: Leg, after: string): Promise<[ids: string[], read: (id: string) => Asked]> {
  const { id: sourceId } = walk.source;
  if (leg.of === "open") {
    const subjects = await listOpenInquiries(app.db, sourceId, after, oneByOne);
    return [subjects, (subject) => readInquiry(subject.slice("inquiry:".length))];
  }
  const until = Math.min(leg.until, patient(app, walk).missedBefore);
  return [await listUntold(app.db, { sourceId, after, since: leg.since, until }, oneByOne), readAction];
}

/** What comes by the hour waits for calls that may be under way; what the operator asks for does not. */
function patient(app: App, walk: Walk, unchangedSince: Instant | null = null) {
  const { source, reconciliation } = walk;
  const now = app.now();
  const arrivedBefore = reconciliation.task === "backfill" ? now : now - underWayMs;
  const missedBefore = Math.min(arrivedBefore, reconciliation.until);
  return { source, reconciliation, now, missedBefore, arrivedBefore, unchangedSince, hasRead: spanRead(walk) };
}

/** Of impact.com's dates, which are whole seconds, one more is read at both ends. */
const edgeMs = 2 * second;

/**
 * A walk reads all updates of its span, and those since then, before it looks at what they led to; the hourly ones have read all until
 * the watermark. The daily one reads none.
 */
function spanRead({ connection, reconciliation: { task, since, until, createdAt } }: Walk): Span | null {
  return task === "states" ? null : { since: since - edgeMs, until: Math.max(until, createdAt, connection.watermark) + edgeMs };
}
