import type { App } from "./app.ts";
import type { Connection } from "./domain/connection.ts";
import { isNameless, macros } from "./domain/naming.ts";
import type { Reconciliation } from "./domain/reconciliation.ts";
import type { Source } from "./domain/source.ts";
import { formatInstant, minute, second } from "./domain/time.ts";
import { plan } from "./plan.ts";
import { findConnection, moveWatermark, noteFailure } from "./store/connections.ts";
import { counted } from "./store/counted.ts";
import { readLatestNamings } from "./store/namings.ts";
import {
  leaseReconciliation,
  listDueReconciliations,
  noteProgress,
  type Progress,
  renewLease,
  resumeFailed,
} from "./store/reconciliations.ts";
import { tellAll } from "./tell.ts";
import { type Step, step } from "./walk.ts";

/** Whoever dies in the middle of a step holds nobody up for longer. A step that takes its time renews its lease. */
const leaseMs = 30 * second;
const beatMs = 10 * second;

/** No step begins after so many questions to D1; a page of two thousand records asks some three hundred. */
const mostQueries = 600;

/** Every minute: begins what is due, and goes on with what is under way, for so long; other chores want to ask D1, too. */
export async function reconcile(app: App, limitMs: number): Promise<void> {
  const end = app.now() + limitMs;
  const { db, queries } = counted(app.db);
  await plan(app);
  for (const id of await listDueReconciliations(app.db, app.now())) {
    if (app.now() >= end || queries() >= mostQueries / 2) return;
    await goOn({ ...app, db }, id, end - app.now(), mostQueries / 2 - queries());
  }
}

/** Goes on with a reconciliation for so long, unless somebody else is at it. */
export async function goOn(given: App, id: string, limitMs: number, most = mostQueries): Promise<void> {
  const { db, queries } = counted(given.db);
  const app = { ...given, db };
  const end = app.now() + limitMs;
  const lease = () => leaseReconciliation(app.db, id, app.now() + leaseMs, app.now());
  let one = await lease();
  while (one) {
    const source = (await app.catalog.current(app.db)).sources.find((candidate) => candidate.id === one?.sourceId);
    const connection = await findConnection(app.db, one.sourceId);
    const hindrance = source && connection ? await hindranceOf(app, one) : gone;
    const walk = source && connection && hindrance === null ? { source, connection, reconciliation: one } : null;
    const taken = walk && (await leased(app, one, step(app, walk)));
    const isLast = app.now() >= end || queries() >= most;
    const progress = taken ? progressOf(app, one, taken, isLast) : stopped(one, hindrance);
    const before = one;
    one = await noteProgress(app.db, before, progress, app.now());
    if (taken?.mistakes.length) console.warn("reconcile: records that cannot be read", id, taken.mistakes.slice(0, 5).join(" "));
    if (one && source && connection) await conclude(app, source, connection, one);
    if (one?.state !== "running" || isLast || one.nextAt >= end) return;
    if (one.leasedUntil > 0) continue;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, (one?.nextAt ?? 0) - app.now())));
    one = await lease();
  }
}

/** The value of a step; its lease is renewed as long as it takes. */
async function leased<T>(app: App, one: Reconciliation, work: Promise<T>): Promise<T> {
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    const until = app.now() + leaseMs;
    if (await renewLease(app.db, one.id, one.leasedUntil, until)) one.leasedUntil = until;
  };
  const beat = setInterval(() => {
    renewing = renewing.then(renew).catch((error) => console.warn("reconcile: a lease was not renewed", one.id, String(error)));
  }, beatMs);
  try {
    return await work;
  } finally {
    clearInterval(beat);
    await renewing;
  }
}

const gone = "Its source has no access to impact.com's API any more: PUT /sources/:id/api.";

/**
 * Why a walk must not begin; null when it may. Where the source's postbacks of late do not say which action they are about, none of its
 * actions would be found to be told, and all would be told twice.
 */
async function hindranceOf(app: App, { sourceId, origin, cursor }: Reconciliation): Promise<string | null> {
  const isAtItsBeginning = cursor.next === null && cursor.legs.length === cursor.total;
  if (origin === "import" || !isAtItsBeginning) return null;
  const kind = "action-lifecycle";
  if (!isNameless(await readLatestNamings(app.db, sourceId, app.now()), kind)) return null;
  return `The ${kind} postbacks of this source come without ${macros[kind]}: which of its actions they tell cannot be known, and all would be told twice. Add it to the template (GET /sources/${sourceId} has what to paste), and go on when a postback has come with it: POST /reconciliations/:id/resume`;
}

function stopped(one: Reconciliation, reason: string | null): Progress {
  return { ...one, calls: 0, records: 0, lacksAccess: false, leasedUntil: 0, reason, state: "failed" };
}

const unread = "Some records could not be read:";

/** So many failures in a row, with waits of up to half an hour between them, are given up. */
const mostFailures = 12;

function progressOf(app: App, one: Reconciliation, { cursor, calls, records, mistakes, failure }: Step, isLast: boolean): Progress {
  const now = app.now();
  const counts = { cursor, calls, records, lacksAccess: false };
  if (failure === null) {
    const isFinished = cursor.legs.length === 0;
    const reason = mistakes.length > 0 ? `${unread} ${mistakes[0]}` : one.reason?.startsWith(unread) ? one.reason : null;
    const leasedUntil = isFinished || isLast ? 0 : now + leaseMs;
    return { ...counts, failures: 0, reason, nextAt: now, state: isFinished ? "finished" : "running", leasedUntil };
  }
  const { kind, reason, retryAt } = failure;
  if (kind === "limited")
    return { ...counts, failures: one.failures, reason, nextAt: retryAt ?? now + minute, state: "running", leasedUntil: 0 };
  const failures = one.failures + 1;
  const isHopeless = kind !== "unavailable" || failures >= mostFailures;
  const waitMs = Math.round(Math.min(30 * minute, minute * 2 ** (failures - 1)) * (0.5 + app.random() / 2));
  const lacksAccess = kind === "unauthorized" || kind === "forbidden";
  const state = isHopeless ? "failed" : "running";
  return { ...counts, failures, reason, lacksAccess, nextAt: retryAt ?? now + waitMs, state, leasedUntil: 0 };
}

/** What comes after: the watermark moves only when a walk is complete. */
async function conclude(app: App, source: Source, connection: Connection, one: Reconciliation): Promise<void> {
  if (one.state === "finished") {
    if (one.task === "updates") await moveWatermark(app.db, one.sourceId, one.until);
    await noteFailure(app.db, one.sourceId, null, app.now());
    if (one.repaired > 0) await tellRepaired(app, source, one);
  }
  if (one.state !== "failed" || one.reason === null) return;
  const isNews = await noteFailure(app.db, one.sourceId, one.reason, app.now());
  if (isNews && connection.failure === null) await tellFailing(app, source, one, one.reason);
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

/**
 * Goes on with what failed since impact.com did not take the credentials that a source had, as the operator gives it others. Those of
 * another account, or of other campaigns, begin anew.
 */
export async function resumeWithAccess(app: App, before: Connection | null, now: Connection): Promise<void> {
  if (before === null || before.failure === null || before.accountHash !== now.accountHash) return;
  if (before.campaignIds.join() !== now.campaignIds.join()) return;
  const ids = await resumeFailed(app.db, now.sourceId, app.now());
  const end = app.now() + afterAnswerMs;
  app.later(
    ids.reduce(async (before, id) => {
      await before;
      if (app.now() < end) await goOn(app, id, end - app.now());
    }, Promise.resolve()),
  );
}

/** As long as a request's Worker lives after its answer. */
export const afterAnswerMs = 20 * second;
