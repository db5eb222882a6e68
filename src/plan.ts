import type { App } from "./app.ts";
import type { Connection } from "./domain/connection.ts";
import { newTimedId } from "./domain/id.ts";
import type { Leg, Reconciliation, Task } from "./domain/reconciliation.ts";
import { day, hour, type Instant } from "./domain/time.ts";
import { longestHistory, windows } from "./impact/spans.ts";
import { readSpanToSettle } from "./store/actions.ts";
import { listConnections } from "./store/connections.ts";
import { isReconciling, saveReconciliation } from "./store/reconciliations.ts";
import { takeTurn } from "./store/turns.ts";

/** Updates are read again from so long before the watermark: what impact.com was slow to show is found the next time. */
const overlapMs = 48 * hour;
const every: Record<"updates" | "states", number> = { updates: hour, states: day };

/** Begins what is due of every source that has access to impact.com's API. */
export async function plan(app: App): Promise<void> {
  for (const connection of await listConnections(app.db)) {
    const now = app.now();
    for (const task of ["updates", "states"] as const) {
      const due = task === "updates" ? connection.nextUpdatesAt : connection.nextStatesAt;
      if (due > now || (await isReconciling(app.db, connection.sourceId, task))) continue;
      const since = task === "updates" ? connection.watermark - overlapMs : now - longestHistory;
      const one = await newReconciliation(app, connection, task, since, now);
      await takeTurn(app.db, one, { task, due, next: now + every[task] });
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
  const one = await newReconciliation(app, connection, task, since, until, origin);
  await saveReconciliation(app.db, one);
  return one;
}

async function newReconciliation(
  app: App,
  connection: Connection,
  task: Task,
  since: Instant,
  until: Instant,
  origin: Reconciliation["origin"] = "reconciliation",
): Promise<Reconciliation> {
  const now = app.now();
  const legs = await legsOf(app, connection, task, Math.max(since, now - longestHistory), until);
  return {
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
}

/** An action was last changed within so long before it locks, as far as we look for it. */
const lastChangeMs = 180 * day;

/** A result is kept for 90 days (impact.com, "Jobs"); a job that is run again keeps the date that it was made at. */
const longestJobMs = 90 * day;
/** The hourly walk looks for jobs that took no longer; the daily one for those that were completed in the last days, should it have failed on some. */
const usualJobMs = day;
const lastJobsMs = 7 * day;

async function legsOf(app: App, connection: Connection, task: Task, since: Instant, until: Instant): Promise<Leg[]> {
  const { sourceId, abilities } = connection;
  const inquires = abilities.inquiries === "ok";
  if (task === "states") {
    const open: Leg[] = inquires ? [{ of: "open", since, until }] : [];
    const jobs = jobLegs(app, connection, { since: until - lastJobsMs, until }, longestJobMs);
    return [...settling(connection, await readSpanToSettle(app.db, sourceId), until), ...open, ...jobs];
  }
  const changes = windows(since, until).flatMap((span) => ofCampaigns(connection, ["updates", "actions"], span));
  const inquiries = inquires ? windows(since, until).flatMap((span) => ofCampaigns(connection, ["inquiries"], span)) : [];
  const now = app.now();
  // What happened since then is read, too: an action's record tells where it is now, and only with all changes what it was before.
  const later = now > until ? windows(until, now).flatMap((span) => ofCampaigns(connection, ["updates"], span)) : [];
  const jobs = jobLegs(app, connection, { since, until }, task === "updates" ? usualJobMs : longestJobMs);
  return [...later, ...changes, { of: "untold", since, until }, ...inquiries, ...jobs];
}

/**
 * Jobs completed in a span, made within so long before it: those whose results are still there, and whose events would not be in the
 * archive.
 */
function jobLegs(app: App, { abilities }: Connection, { since, until }: Pick<Leg, "since" | "until">, mostMs: number): Leg[] {
  const keptMs = Math.min(longestJobMs, (app.config.retentionDays ?? Number.POSITIVE_INFINITY) * day);
  const completed = { since: Math.max(since, app.now() - keptMs), until };
  if (abilities.jobs !== "ok" || completed.since >= until) return [];
  return [{ of: "jobs", since: completed.since - mostMs, until, completed }];
}

/** Actions that may have been approved or cleared without a word. */
function settling(connection: Connection, span: { since: Instant; until: Instant } | null, now: Instant): Leg[] {
  const oldest = now - longestHistory;
  if (span === null || span.until <= oldest) return [];
  return windows(Math.max(span.since, oldest), span.until).flatMap((locking) =>
    windows(Math.max(locking.since - lastChangeMs, oldest), Math.min(locking.until, now)).flatMap((updated) =>
      ofCampaigns(connection, ["locking"], locking).map((leg) => ({ ...leg, updated })),
    ),
  );
}

function ofCampaigns({ campaignIds }: Connection, lists: Leg["of"][], span: { since: Instant; until: Instant }): Leg[] {
  const campaigns = campaignIds.length > 0 ? campaignIds.map((campaignId) => ({ campaignId })) : [{}];
  return campaigns.flatMap((campaign) => lists.map((of) => ({ of, ...span, ...campaign })));
}
