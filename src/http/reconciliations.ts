import * as z from "zod";
import type { App } from "../app.ts";
import { Problem } from "../domain/problem.ts";
import { type Reconciliation, type ReconciliationState, reconciliationStates, tasks } from "../domain/reconciliation.ts";
import type { Source } from "../domain/source.ts";
import { day, formatInstant, hour, type Instant } from "../domain/time.ts";
import { longestHistory } from "../impact/spans.ts";
import { begin } from "../plan.ts";
import { afterAnswerMs, goOn } from "../reconcile.ts";
import { findConnection } from "../store/connections.ts";
import { changeState, findReconciliation, listReconciliations as search } from "../store/reconciliations.ts";
import { newReconciliationPage, reconciliationPage, reconciliationsPage } from "../ui/reconciliations.ts";
import { readAccesses } from "./accesses.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames } from "./events.ts";
import { instant, moment, pagingBy } from "./input.ts";

export const listReconciliations = endpoint({
  summary: "Reconciliations with impact.com's API, newest first: those by the hour (`updates`), by the day (`states`), and those asked for",
  query: z.strictObject({
    source: z.string().optional().describe("A source's id or name."),
    task: z.enum(tasks).optional(),
    state: z.enum(reconciliationStates).optional(),
    ...pagingBy("rec"),
  }),
  run: async ({ app, query }) => {
    const { reconciliations, next } = await search(app.db, query);
    const names = await sourceNames(app);
    return { body: { data: reconciliations.map((one) => view(one, names)), next } };
  },
  page: async ({ app, answer, view: shown }) => reconciliationsPage(shown, answer, await readAccesses(app)),
});

export const createReconciliation = endpoint({
  summary: "Reconcile a source with impact.com's API now, over any span of the last three years. It goes on in the background",
  success: 202,
  body: z.strictObject({
    source: z.string().describe("A source's id or name."),
    since: moment.describe("Two days ago unless said."),
    until: moment.describe("Now unless said; with `import`, when the source was made."),
    import: z
      .boolean()
      .default(false)
      .describe("Takes what is missing for history from before the source was made: it is kept, and delivered to nobody."),
  }),
  run: async ({ app, body }) => {
    const source = await findSource(app, body.source);
    const connection = await findConnection(app.db, source.id);
    if (!connection) throw mistake("source", `has no access to impact.com's API: PUT /sources/${source.id}/api first`);
    const now = app.now();
    const until = body.until ?? (body.import ? source.createdAt : now);
    const since = body.since ?? until - 2 * day;
    checkSpan(app, source, { since, until, isImport: body.import });
    const one = await begin(app, connection, "backfill", since, until, body.import ? "import" : "reconciliation");
    app.later(goOn(app, one.id, afterAnswerMs));
    return { status: 202, body: view(one, await sourceNames(app)) };
  },
  form: (fields) => ({
    source: fields.text("source") ?? "",
    since: fields.text("since"),
    until: fields.text("until"),
    import: fields.flag("import"),
  }),
  again: async ({ app, typed }) => newReconciliationPage(typed, await readAccesses(app)),
  next: ({ answer }) => ({ to: `/reconciliations/${answer.id}`, said: "The reconciliation has begun." }),
});

export const showNewReconciliation = endpoint({
  summary: "The form of a reconciliation",
  isPage: true,
  query: z.strictObject({ source: z.string().optional() }),
  run: async () => ({ body: null }),
  page: async ({ app, view: shown }) => newReconciliationPage({ values: shown.query, mistakes: [] }, await readAccesses(app)),
});

export const showReconciliation = endpoint({
  summary: "One reconciliation, and how far it has come",
  run: async ({ app, params }) => ({ body: view(await find(app, params["id"]), await sourceNames(app)) }),
  page: ({ answer, view: shown }) => reconciliationPage(shown, answer),
});

export const pauseReconciliation = changing("Stop a reconciliation where it is, to go on later", ["running"], "paused");
export const resumeReconciliation = changing(
  "Go on with a reconciliation that was paused, or that failed",
  ["paused", "failed"],
  "running",
  "resumed",
);
export const cancelReconciliation = changing("End a reconciliation; what it found stays", ["running", "paused", "failed"], "cancelled");

/** `done`: what was done to it then, where that is another word than what it is. */
function changing(summary: string, from: ReconciliationState[], to: ReconciliationState, done: string = to) {
  return endpoint({
    summary,
    run: async ({ app, params }) => {
      const { id, state } = await find(app, params["id"]);
      const changed = await changeState(app.db, id, from, to, app.now());
      if (!changed) throw new Problem("conflict", `The reconciliation is ${state}; only one that is ${from.join(" or ")} can be ${done}.`);
      if (to === "running") app.later(goOn(app, id, afterAnswerMs));
      return { body: view(changed, await sourceNames(app)) };
    },
    form: () => ({}),
    next: ({ answer }) => ({ to: `/reconciliations/${answer.id}`, said: `The reconciliation is ${answer.state}.` }),
  });
}

/** Throws `invalid_input`. */
function checkSpan(
  { now, config }: App,
  source: Source,
  { since, until, isImport }: { since: Instant; until: Instant; isImport: boolean },
) {
  const today = now();
  if (until > today + hour) throw mistake("until", "lies in the future");
  if (since >= until) throw mistake("since", "must be earlier than until");
  if (since < today - longestHistory)
    throw mistake("since", `lies before ${formatInstant(today - longestHistory)}: impact.com answers for the last three years`);
  if (isImport && until > source.createdAt)
    throw mistake(
      "until",
      `lies after ${formatInstant(source.createdAt)}, when the source was made: what came since is reconciled, not imported`,
    );
  if (config.retentionDays !== null && since < today - config.retentionDays * day)
    throw mistake(
      "since",
      `lies more than RETENTION_DAYS (${config.retentionDays}) ago: what is in the archive would be taken for missing`,
    );
}

function mistake(field: string, reason: string): Problem {
  return new Problem("invalid_input", `${field} ${reason}.`, [{ field, reason }]);
}

async function findSource(app: App, wanted: string): Promise<Source> {
  const source = (await app.catalog.anew(app.db)).sources.find(({ id, name }) => id === wanted || name === wanted);
  if (source) return source;
  throw mistake("source", "names no source. GET /sources lists them");
}

async function find(app: App, id = ""): Promise<Reconciliation> {
  const one = await findReconciliation(app.db, id);
  if (one) return one;
  throw new Problem("not_found", "There is no reconciliation with this id. GET /reconciliations lists them.");
}

function view(one: Reconciliation, names: Map<string, string>) {
  const { total, legs } = one.cursor;
  const isWaiting = one.state === "running" && one.nextAt > one.updatedAt;
  return {
    id: one.id,
    source: names.get(one.sourceId) ?? one.sourceId,
    task: one.task,
    origin: one.origin,
    state: one.state,
    since: instant(one.since),
    until: instant(one.until),
    progress: one.state === "finished" ? 1 : Math.floor((100 * (total - legs.length)) / Math.max(1, total)) / 100,
    reading: legs[0] ? { of: legs[0].of, since: instant(legs[0].since), until: instant(legs[0].until) } : null,
    calls: one.calls,
    records: one.records,
    repaired: one.repaired,
    failures: one.failures,
    reason: one.reason,
    next_at: isWaiting ? instant(one.nextAt) : null,
    created_at: instant(one.createdAt),
    updated_at: instant(one.updatedAt),
    finished_at: instant(one.finishedAt),
  };
}
