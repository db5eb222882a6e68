import type { App } from "./app.ts";
import type { Connection } from "./domain/connection.ts";
import { newTimedId } from "./domain/id.ts";
import type { Leg, Reconciliation, Task } from "./domain/reconciliation.ts";
import type { Source } from "./domain/source.ts";
import { day, formatInstant, hour, type Instant, minute, second } from "./domain/time.ts";
import { longestHistory, windows } from "./impact/spans.ts";
import { readSpanToSettle } from "./store/actions.ts";
import { findConnection, listConnections, moveWatermark, noteFailure, planNext } from "./store/connections.ts";
import {
  isReconciling,
  leaseReconciliation,
  listDueReconciliations,
  noteProgress,
  type Progress,
  saveReconciliation,
} from "./store/reconciliations.ts";
import { tellAll } from "./tell.ts";
import { type Step, step } from "./walk.ts";

/** Updates are read again from so long before the watermark: what impact.com was slow to show is found the next time. */
const overlapMs = 48 * hour;
const every: Record<"updates" | "states", number> = { updates: hour, states: day };

/** A step takes less: three tries of a call, and a page of two thousand records. */
const leaseMs = 4 * minute;

/** Every minute: begins what is due, and goes on with what is under way, for so long. */
export async function reconcile(app: App, limitMs: number): Promise<void> {
  const end = app.now() + limitMs;
  await plan(app);
  for (const id of await listDueReconciliations(app.db, app.now())) {
    if (app.now() >= end) return;
    await goOn(app, id, end - app.now());
  }
}

async function plan(app: App): Promise<void> {
  for (const connection of await listConnections(app.db)) {
    const now = app.now();
    for (const task of ["updates", "states"] as const) {
      const due = task === "updates" ? connection.nextUpdatesAt : connection.nextStatesAt;
      if (due > now || (await isReconciling(app.db, connection.sourceId, task))) continue;
      if (!(await planNext(app.db, connection.sourceId, task, due, now + every[task]))) continue;
      const since = task === "updates" ? connection.watermark - overlapMs : now - longestHistory;
      await begin(app, connection, task, since, now);
    }
  }
}

/** Begins a reconciliation; it goes on every minute until it is finished. */
export async function begin(
  app: App,
  connection: Connection,
  task: Task,
  since: Instant,
  until: Instant,
  origin: Reconciliation["origin"] = "reconciliation",
): Promise<Reconciliation> {
  const now = app.now();
  const legs = await legsOf(app, connection, task, Math.max(since, now - longestHistory), until);
  const one: Reconciliation = {
    id: newTimedId("rec", now),
    sourceId: connection.sourceId,
    task,
    origin,
    since,
    until,
    state: "running",
    cursor: { legs, next: null, total: legs.length },
    calls: 0,
    records: 0,
    repaired: 0,
    failures: 0,
    reason: null,
    nextAt: now,
    leasedUntil: 0,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
  };
  await saveReconciliation(app.db, one);
  return one;
}

/** An action was last changed within so long before it locks, as far as we look for it. */
const lastChangeMs = 90 * day;

async function legsOf(app: App, connection: Connection, task: Task, since: Instant, until: Instant): Promise<Leg[]> {
  const { sourceId, abilities } = connection;
  const inquires = abilities.inquiries === "ok";
  if (task === "states") {
    const open: Leg[] = inquires ? [{ of: "open", since, until }] : [];
    return [...settling(connection, await readSpanToSettle(app.db, sourceId), until), ...open];
  }
  const changes = windows(since, until).flatMap((span) => ofCampaigns(connection, ["updates", "actions"], span));
  const inquiries = inquires ? windows(since, until).flatMap((span) => ofCampaigns(connection, ["inquiries"], span)) : [];
  return [...changes, { of: "untold", since, until }, ...inquiries];
}

/** Actions that may have been approved or cleared without a word. */
function settling(connection: Connection, span: { since: Instant; until: Instant } | null, now: Instant): Leg[] {
  if (span === null) return [];
  return windows(span.since, span.until).flatMap((locking) =>
    windows(locking.since - lastChangeMs, Math.min(locking.until, now)).flatMap((updated) =>
      ofCampaigns(connection, ["locking"], locking).map((leg) => ({ ...leg, updated })),
    ),
  );
}

function ofCampaigns({ campaignIds }: Connection, lists: Leg["of"][], span: { since: Instant; until: Instant }): Leg[] {
  const campaigns = campaignIds.length > 0 ? campaignIds.map((campaignId) => ({ campaignId })) : [{}];
  return campaigns.flatMap((campaign) => lists.map((of) => ({ of, ...span, ...campaign })));
}

/** Goes on with a reconciliation for so long, unless somebody else is at it. */
export async function goOn(app: App, id: string, limitMs: number): Promise<void> {
  const end = app.now() + limitMs;
  const lease = () => leaseReconciliation(app.db, id, app.now() + leaseMs, app.now());
  let one = await lease();
  while (one) {
    const source = (await app.catalog.current(app.db)).sources.find((candidate) => candidate.id === one?.sourceId);
    const connection = await findConnection(app.db, one.sourceId);
    const taken: Step | null = source && connection ? await step(app, { source, connection, reconciliation: one }) : null;
    const isLast = app.now() >= end;
    const progress = taken ? progressOf(app, one, taken, isLast) : given({ ...one, reason: gone, state: "failed" });
    const before = one;
    one = await noteProgress(app.db, before, progress, app.now());
    if (taken?.mistakes.length) console.warn("reconcile: records that cannot be read", id, taken.mistakes.slice(0, 5).join(" "));
    if (one && source && connection) await conclude(app, source, connection, one, taken?.failure ?? null);
    if (one?.state !== "running" || isLast || one.nextAt >= end) return;
    if (one.leasedUntil > 0) continue;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, (one?.nextAt ?? 0) - app.now())));
    one = await lease();
  }
}

const gone = "Its source has no access to impact.com's API any more: PUT /sources/:id/api.";

/** So many failures in a row, with waits of up to half an hour between them, are given up. */
const mostFailures = 12;

function progressOf(
  app: App,
  one: Reconciliation,
  { cursor, calls, records, repaired, mistakes, failure }: Step,
  isLast: boolean,
): Progress {
  const now = app.now();
  const counts = { cursor, calls, records, repaired };
  if (failure === null) {
    const isFinished = cursor.legs.length === 0;
    const reason = mistakes.length > 0 ? `Some records could not be read: ${mistakes[0]}` : one.failures > 0 ? null : one.reason;
    const leasedUntil = isFinished || isLast ? 0 : now + leaseMs;
    return { ...counts, failures: 0, reason, nextAt: now, state: isFinished ? "finished" : "running", leasedUntil };
  }
  const { kind, reason, retryAt } = failure;
  if (kind === "limited")
    return { ...counts, failures: one.failures, reason, nextAt: retryAt ?? now + minute, state: "running", leasedUntil: 0 };
  const failures = one.failures + 1;
  const isHopeless = kind !== "unavailable" || failures >= mostFailures;
  const waitMs = Math.round(Math.min(30 * minute, minute * 2 ** (failures - 1)) * (0.5 + app.random() / 2));
  return { ...counts, failures, reason, nextAt: retryAt ?? now + waitMs, state: isHopeless ? "failed" : "running", leasedUntil: 0 };
}

function given(one: Reconciliation): Progress {
  return { ...one, calls: 0, records: 0, repaired: 0, leasedUntil: 0 };
}

/** What comes after: the watermark moves only when a walk is complete. */
async function conclude(app: App, source: Source, connection: Connection, one: Reconciliation, failure: Step["failure"]): Promise<void> {
  if (one.state === "finished") {
    if (one.task === "updates") await moveWatermark(app.db, one.sourceId, one.until);
    await noteFailure(app.db, one.sourceId, null, app.now());
    if (one.repaired > 0) await tellRepaired(app, source, one);
  }
  if (one.state !== "failed" || failure === null) return;
  const isNews = await noteFailure(app.db, one.sourceId, failure.reason, app.now());
  if (isNews && connection.failure === null) await tellFailing(app, source, one, failure.reason);
}

async function tellRepaired(app: App, { id, name }: Source, one: Reconciliation): Promise<void> {
  const span = { since: formatInstant(one.since), until: formatInstant(one.until) };
  const reason = `${one.repaired} notification(s) of impact.com had not come by postback and were made good, from ${span.since} to ${span.until}. GET /gaps?reconciliation=${one.id} lists them.`;
  const fields = { source: id, source_name: name, reconciliation: one.id, repaired: String(one.repaired), ...span, reason };
  await tellAll(app, { type: "operational.gap_repaired", about: id, fields, once: one.id });
}

async function tellFailing(app: App, { id, name }: Source, one: Reconciliation, why: string): Promise<void> {
  const reason = `Reconciliation does not go on: ${why}. GET /sources/${id}/api tells how it stands.`;
  await tellAll(app, {
    type: "operational.reconciliation_failing",
    about: id,
    fields: { source: id, source_name: name, reconciliation: one.id, reason },
    once: one.id,
  });
}

/** As long as a request's Worker lives after its answer. */
export const afterAnswerMs = 20 * second;
