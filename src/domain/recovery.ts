import type { DeliveryState } from "./delivery.ts";
import type { Instant } from "./time.ts";

/** How a delivery is sent again: with the body it was first sent with, or with today's (if today's filter still selects it). */
export const payloadChoices = ["original", "rebuilt"] as const;
export type PayloadChoice = (typeof payloadChoices)[number];

export const recoveryStates = ["running", "finished", "cancelled"] as const;

/** Which deliveries a recovery is about: of events received from `since` on and before `until`. */
export interface Scope {
  /** Null: of every destination. */
  destinationId: string | null;
  states: DeliveryState[];
  since: Instant;
  until: Instant;
  /** A CEL expression over the event; empty selects all. */
  filter: string;
  payload: PayloadChoice;
}

/** Sends many deliveries again, oldest first. It survives a crash: how far it has come stands in D1. */
export interface Recovery extends Scope {
  id: string;
  /** How many deliveries are opened again in a second at the most. */
  rate: number;
  state: (typeof recoveryStates)[number];
  /** How many there were to open when it began; null when they were too many to count. */
  total: number | null;
  reopened: number;
  /** Of the reopened ones, those that have arrived, and those that were given up again. */
  delivered: number;
  failed: number;
  cursor: Cursor;
  createdAt: Instant;
  updatedAt: Instant;
}

/** The last delivery that was looked at; empty at the beginning. */
export type Cursor = [] | [eventId: string, destinationId: string];
