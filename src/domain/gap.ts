import type { EventType } from "./kind.ts";
import type { Instant } from "./time.ts";

/** Why a notification was missed, as far as can be told. */
export const gapReasons = {
  quarantined: "A call about it is in quarantine: mend the mapping or template, and re-ingest it.",
  template_without_id:
    "Around that time postbacks of this kind came that do not say what they are about, so it may have been told without its id. It is kept, and was delivered to nobody: replay its event to those that do not have it.",
  before_source: "It happened before the source was made.",
  kind_never_sent: "No postback of this kind has ever come from this source. Set it up in impact.com (GET /sources/:id has what to paste).",
  tracking_only:
    "No modification or reversal has ever come from this source: its postback may be set up for one event type only, which impact.com calls at tracking alone. Set it up under Settings, Event Notifications.",
  nothing_came: "Nothing at all came from this source around that time: the calls could not reach this Worker, or impact.com made none.",
  call_lost: "Others came from this source around that time: this call was lost, or impact.com gave it up.",
  differs: "What the postbacks left was not what impact.com's record of it says.",
} as const;
export type GapReason = keyof typeof gapReasons;

/** What a postback should have told and reconciliation had to. */
export interface Gap {
  id: string;
  sourceId: string;
  subject: string;
  type: EventType;
  reason: GapReason;
  detail: string;
  effectiveAt: Instant | null;
  /** The event that tells of it instead. */
  eventId: string;
  reconciliationId: string;
}
