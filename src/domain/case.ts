import type { Told } from "./action.ts";
import type { Fields } from "./fields.ts";
import { formatMoney, type Micros } from "./money.ts";
import type { Reading, Snapshot } from "./reading.ts";
import type { Span } from "./span.ts";
import type { Instant } from "./time.ts";

/** All that is known of one action: its events in order of arrival, what the API says of it by date, and its record where that was read. */
export interface Case {
  sourceId: string;
  actionId: string;
  events: Told[];
  readings: Reading[];
  snapshot: Snapshot | null;
}

/** What no event told: a reading, the other rows of its order, and what the event that tells of them is to say. */
export interface Missing {
  reading: Reading;
  others: Reading[];
  kind: "action-lifecycle" | "action-clearing";
  fields: Fields;
  payout: Micros | null;
  deltaPayout: Micros | null;
  amount: Micros | null;
  deltaAmount: Micros | null;
}

/** What a look at an action found out: readings that are told of or worked out now, and what is missing from its ledger. */
export interface Findings {
  readings: Reading[];
  missing: Missing[];
}

/** How patient a look is. */
export interface Patience {
  now: Instant;
  /** What happened after that may still be on its way to us. */
  missedBefore: Instant;
  /** What arrived after that may tell an update that the API does not show yet; `missedBefore` unless said. */
  arrivedBefore?: Instant;
  /** The actions were last changed before that, where they were listed so; null where they may have changed a moment ago. */
  unchangedSince?: Instant | null;
  /**
   * Of what time this look has all updates, if not of all: what nobody has told of is told by those who know what came after it, since the
   * others may be in the middle of reading that. Null where it has read none.
   */
  hasRead?: Span | null;
}

/** Amounts as fields; what is not known is left out. */
export function texts(amounts: Record<string, Micros | null>): Fields {
  return Object.fromEntries(Object.entries(amounts).flatMap(([name, micros]) => (micros === null ? [] : [[name, formatMoney(micros)]])));
}
