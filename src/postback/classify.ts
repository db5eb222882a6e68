import type { Fields } from "../domain/fields.ts";
import type { EventType, Kind } from "../domain/kind.ts";
import type { Mistake } from "../domain/problem.ts";

/** What a notification is: its type, the state it tells, and what it is about. */
export interface Class {
  type: EventType;
  status: string | null;
  subject: string | null;
}

/** Tells type, status and subject from a notification's fields; a job that is not over yet is a mistake. */
export function classify(kind: Kind, fields: Fields, mistakes: Mistake[]): Class {
  return classifiers[kind](fields, mistakes);
}

const classifiers: Record<Kind, (fields: Fields, mistakes: Mistake[]) => Class> = {
  "action-lifecycle": (fields) => {
    const status = stateOf(fields["Status"]);
    return { type: typeByStatus[status ?? ""] ?? "action.updated", status, subject: subject("action", fields["ActionId"]) };
  },
  "action-clearing": (fields) => ({
    type: "action.cleared",
    status: stateOf(fields["Status"]),
    subject: subject("action", fields["ActionId"]),
  }),
  "action-inquiry": (fields) => {
    const status = upper(fields["ResolutionStatus"]);
    const isOpen = status === null || status === "UNRESOLVED";
    return { type: isOpen ? "inquiry.created" : "inquiry.resolved", status, subject: subject("inquiry", fields["InquiryId"]) };
  },
  "tracking-value-request": (fields) => ({
    type: "tracking_value.requested",
    status: upper(fields["State"]),
    subject: subject("request", fields["RequestId"]),
  }),
  "job-completion": (fields, mistakes) => {
    const status = upper(fields["Status"]);
    if (status === "QUEUED" || status === "RUNNING") {
      mistakes.push({ field: "Status", reason: `is ${status}: a job that is not over is no job completion` });
    }
    const isDone = status === null || status === "COMPLETED";
    return { type: isDone ? "job.completed" : "job.failed", status, subject: subject("job", fields["JobId"]) };
  },
  "product-data-change": () => ({ type: "product.changed", status: null, subject: null }),
};

const typeByStatus: Record<string, EventType> = {
  PENDING: "action.pending",
  APPROVED: "action.approved",
  REVERSED: "action.reversed",
};

/** impact.com says PENDING, APPROVED or REVERSED; older feeds say MODIFIED for a pending action that changed. */
function stateOf(value: string | undefined): string | null {
  const status = upper(value);
  return status === "MODIFIED" ? "PENDING" : status;
}

function upper(value: string | undefined): string | null {
  return value?.trim().toUpperCase() || null;
}

function subject(noun: string, id: string | undefined): string | null {
  return id?.trim() ? `${noun}:${id.trim()}` : null;
}
