/** `deleted` stays as a tombstone, so that history keeps its names. */
export const destinationStates = ["active", "paused", "disabled", "deleted"] as const;
export type DestinationState = (typeof destinationStates)[number];

export const destinationMethods = ["POST", "PUT", "PATCH"] as const;
export type DestinationMethod = (typeof destinationMethods)[number];

/** A system of our own that wants to hear. */
export interface Destination {
  id: string;
  name: string;
  url: string;
  method: DestinationMethod;
  /** A CEL expression over the event; empty selects everything. */
  filter: string;
  /** How long one attempt may take, in seconds. */
  timeout: number;
  /** Pauses between attempts, in seconds. */
  retrySchedule: number[];
  /** The names of its extra headers; their values are in `sealed`. */
  headerNames: string[];
  /** `Secrets`, encrypted; empty for a deleted destination. */
  sealed: string;
  state: DestinationState;
  /** Why it is not active, in words. */
  stateReason: string | null;
  createdAt: number;
  updatedAt: number;
}

/** What a destination has to hide. */
export interface Secrets {
  /** `whsec_…`, newest first; every attempt is signed with each. */
  signing: string[];
  headers: Record<string, string>;
}
