import type { Origin } from "./event.ts";
import type { Instant } from "./time.ts";

/**
 * What a reconciliation is for. `updates`, each hour: what changed since the last one. `states`, each day: what was approved by date, cleared
 * or resolved without a word, and jobs. `backfill`: a span that the operator names.
 */
export const tasks = ["updates", "states", "backfill"] as const;
export type Task = (typeof tasks)[number];

export const reconciliationStates = ["running", "paused", "finished", "failed", "cancelled"] as const;
export type ReconciliationState = (typeof reconciliationStates)[number];

/**
 * One part of a walk: a list of impact.com's in a span of time (updates; actions by their last update; actions by their locking date;
 * inquiries and jobs by creation), or records one by one (actions with updates that nobody told of; inquiries that are not resolved).
 */
export interface Leg {
  of: "updates" | "actions" | "locking" | "untold" | "inquiries" | "open" | "jobs";
  since: Instant;
  until: Instant;
  campaignId?: string;
  /** Of actions by their locking date: those last updated then. */
  updated?: { since: Instant; until: Instant };
  /** Of jobs: those completed then. */
  completed?: { since: Instant; until: Instant };
}

/** How far a walk has come: the legs that are left, the first of them under way from `next` on. */
export interface Cursor {
  legs: Leg[];
  /** The address of the next page, or the id behind which to go on; null at the beginning of a leg. */
  next: string | null;
  /** How many legs there are in all. */
  total: number;
}

/** A walk through impact.com's records of a span of time, page by page. */
export interface Reconciliation {
  id: string;
  sourceId: string;
  task: Task;
  origin: Exclude<Origin, "postback">;
  since: Instant;
  until: Instant;
  state: ReconciliationState;
  cursor: Cursor;
  calls: number;
  records: number;
  repaired: number;
  /** Failures in a row. */
  failures: number;
  /** Why it waits, or has failed. */
  reason: string | null;
  nextAt: Instant;
  leasedUntil: Instant;
  createdAt: Instant;
  updatedAt: Instant;
  finishedAt: Instant | null;
}
