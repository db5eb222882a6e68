/** The six event notifications of impact.com, as they stand in our URLs; impact.com itself sends no kind. */
export const kinds = [
  "action-lifecycle",
  "action-clearing",
  "action-inquiry",
  "tracking-value-request",
  "job-completion",
  "product-data-change",
] as const;

export type Kind = (typeof kinds)[number];

/** What an event may be about: a notification of impact.com, or news of our own, which travels the same road. */
export const eventKinds = [...kinds, "operational"] as const;
export type EventKind = (typeof eventKinds)[number];

/** What happened, in our words. */
export const eventTypes = [
  "action.pending",
  "action.approved",
  "action.reversed",
  "action.updated",
  "action.cleared",
  "inquiry.created",
  "inquiry.resolved",
  "tracking_value.requested",
  "job.completed",
  "job.failed",
  "product.changed",
  "operational.destination_failing",
  "operational.destination_disabled",
  "operational.delivery_exhausted",
  "operational.gap_repaired",
  "operational.alert_opened",
  "operational.alert_closed",
  "operational.reconciliation_failing",
] as const;

export type EventType = (typeof eventTypes)[number];

export function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text);
}
