import type { Kind } from "./kind.ts";
import { hourOf } from "./pulse.ts";
import { type Instant, minute } from "./time.ts";

/** Of a source's postbacks of a kind in an hour: how many have an id of what they are about, and in which minutes some came without. */
export interface Naming {
  kind: string;
  hour: Instant;
  named: number;
  nameless: Instant[];
}

/** Without these in its template, a postback of the kind does not say what it is about. */
export const macros: Partial<Record<Kind, string>> = {
  "action-lifecycle": "{ActionId}",
  "action-clearing": "{ActionId}",
  "action-inquiry": "{InquiryId}",
};

/** Whether postbacks of a kind came, and none of them says what it is about. */
export function isNameless(namings: Naming[], kind: Kind): boolean {
  const own = namings.filter((one) => one.kind === kind);
  return own.some(({ nameless }) => nameless.length > 0) && own.every(({ named }) => named === 0);
}

/** A call comes within fifteen minutes of what it tells (impact.com's help, "Event notification postbacks"), by a clock that is not ours. */
const earliestMs = minute;
const latestMs = 20 * minute;

/** The hours in which a call may have come that tells what happened at an instant. */
export function hoursOf(at: Instant): Instant[] {
  return [...new Set([hourOf(at - earliestMs), hourOf(at + latestMs)])];
}

/** Whether what happened then may have been told by a postback that does not say what it is about. */
export function isToldNameless(namings: Naming[], kind: Kind, at: Instant): boolean {
  const minutes = namings.flatMap((one) => (one.kind === kind ? one.nameless : []));
  return minutes.some((each) => each + minute > at - earliestMs && each <= at + latestMs);
}
