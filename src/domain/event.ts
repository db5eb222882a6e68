import type { Fields, Warning } from "./fields.ts";
import { newEventId } from "./id.ts";
import type { EventKind, EventType } from "./kind.ts";
import type { Micros } from "./money.ts";
import type { Instant } from "./time.ts";

/**
 * Where an event comes from: impact.com called us, or reconciliation found it in impact.com's API, or it is history from before the
 * source was connected, which is kept and told to nobody.
 */
export const origins = ["postback", "reconciliation", "import"] as const;
export type Origin = (typeof origins)[number];

/** One notification in our words. It never changes once it is stored. */
export interface Event {
  id: string;
  sourceId: string;
  origin: Origin;
  kind: EventKind;
  type: EventType;
  /** What the event is about (`action:1000.4636.158133`); null when the template left its id out. */
  subject: string | null;
  /** SHA-256 of source, kind and canonical fields, hex: equal for equal notifications, however they were spelt. */
  fingerprint: string;
  actionId: string | null;
  /** The state the notification tells, in upper case; `MODIFIED` (a legacy word) is told as `PENDING`. */
  status: string | null;
  isTest: boolean;
  receivedAt: Instant;
  /** When the thing itself happened, as far as the notification says. */
  occurredAt: Instant | null;
  currency: string | null;
  payout: Micros | null;
  deltaPayout: Micros | null;
  amount: Micros | null;
  deltaAmount: Micros | null;
  fields: Fields;
  /** What was not flat: `items`, and any other list, scalars as text. */
  nested: Record<string, unknown>;
  warnings: Warning[];
}

type Told = Pick<Event, "sourceId" | "origin" | "kind" | "type" | "subject" | "fingerprint" | "receivedAt" | "fields">;

/** An event that nobody sent: made by us, now, without amounts and whatever else is not said. */
export function madeEvent(told: Told & Partial<Event>): Event {
  return {
    id: newEventId(told.receivedAt),
    actionId: null,
    status: null,
    isTest: false,
    occurredAt: null,
    currency: null,
    payout: null,
    deltaPayout: null,
    amount: null,
    deltaAmount: null,
    nested: {},
    warnings: [],
    ...told,
  };
}
