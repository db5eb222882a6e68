import { V7Generator } from "uuidv7";
import type { Instant } from "./time.ts";

const generator = new V7Generator();

/** `evt_` and a UUIDv7 made for `at`: sorts by time of arrival, and within a millisecond in the order of making. */
export function newEventId(at: Instant): string {
  return `evt_${generator.generateOrResetWithTs(at)}`;
}

/** The same for what is no event: `rec_` (a reconciliation), `gap_`, or `aud_` (a change by an operator). */
export function newTimedId(prefix: "rec" | "gap" | "alr" | "aud", at: Instant): string {
  return `${prefix}_${generator.generateOrResetWithTs(at)}`;
}

/** The smallest event id that could have been made at `at`: bounds a range of ids by time. */
export function firstEventId(at: Instant): string {
  const hex = Math.max(0, Math.trunc(at)).toString(16).padStart(12, "0");
  return `evt_${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}

/**
 * The end of all that has arrived until `now`, for a range of ids. Ids follow the latest clock, so after a clock has been put back by
 * seconds they are ahead of it for so long.
 */
export function endOfArrivals(now: Instant): Instant {
  return arrivalOf(newEventId(now)) + 1;
}

/** When the event with this id arrived, as the id has it. */
export function arrivalOf(eventId: string): Instant {
  return Number.parseInt(eventId.slice(4, 17).replace("-", ""), 16);
}

/** A short random id for what operators make: `src_`, `dst_` or `rcv_` (a recovery) and twelve characters. */
export function newShortId(prefix: "src" | "dst" | "rcv"): string {
  const letters = "0123456789abcdefghjkmnpqrstvwxyz";
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${prefix}_${Array.from(bytes, (byte) => letters[byte % 32]).join("")}`;
}

/** A secret of `size` random bytes, safe in a URL. */
export function newToken(size = 24): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(size))).toString("base64url");
}
