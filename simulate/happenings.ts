import type { Action } from "./life.ts";
import { actionValues, inquiryValues, jobValues, type Values } from "./macros.ts";
import type { Inquiry, Job } from "./matters.ts";
import { changesAt, clearedAt } from "./truth.ts";

export type Kind = "action-lifecycle" | "action-clearing" | "action-inquiry" | "job-completion";

/** Something that impact.com sends a postback for. Locking is nothing of that sort. */
export interface Happening {
  kind: Kind;
  /** The id of the action, inquiry or job. */
  subject: string;
  at: number;
  values: Values;
}

/** What is not documented, and so must be tried both ways. */
export interface TellingWays {
  /** The deltas of a clearing: those of the last update, or zero. */
  clearingDeltas: "last" | "zero";
  /** Whether a job that failed is told; only completion is documented. */
  failedJobs: "told" | "silent";
}

export interface Living {
  actions: readonly Action[];
  inquiries: readonly Inquiry[];
  jobs: readonly Job[];
}

/** All that happened after one instant and until another (included), in the order of time. */
export function listHappenings(living: Living, ways: TellingWays, after: number, until: number): Happening[] {
  const all = [
    ...living.actions.flatMap((action) => [...changes(action), ...clearings(action, ways)]),
    ...living.inquiries.flatMap(inquirySteps),
    ...living.jobs.flatMap((job) => jobEnds(job, ways)),
  ];
  return all.filter(({ at }) => at > after && at <= until).sort((a, b) => a.at - b.at);
}

function changes(action: Action): Happening[] {
  return action.changes.map((change) => {
    return { kind: "action-lifecycle", subject: action.id, at: change.at, values: actionValues(action, { change }) };
  });
}

function clearings(action: Action, ways: TellingWays): Happening[] {
  const at = clearedAt(action, action.clearingAt);
  const last = changesAt(action, action.clearingAt).at(-1);
  if (at === null || !last) return [];
  return [
    { kind: "action-clearing", subject: action.id, at, values: actionValues(action, { cleared: last, deltas: ways.clearingDeltas }) },
  ];
}

function inquirySteps(inquiry: Inquiry): Happening[] {
  return [inquiry.createdAt, inquiry.resolvedAt].map((at) => {
    return { kind: "action-inquiry", subject: inquiry.id, at, values: inquiryValues(inquiry, at) };
  });
}

function jobEnds(job: Job, ways: TellingWays): Happening[] {
  if (job.end === "FAILED" && ways.failedJobs === "silent") return [];
  return [{ kind: "job-completion", subject: job.id, at: job.endedAt, values: jobValues(job, job.endedAt) }];
}
