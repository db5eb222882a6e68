/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A date as it was read; `assumedUtc` says that the text named no offset. */
export interface ReadDate {
  at: Instant;
  assumedUtc: boolean;
}

const shape = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Reads ISO 8601 with an offset (`2026-05-13T11:37:49+08:00`, the only shape seen from impact.com), and what is close to it:
 * a blank for the T, no seconds, a fraction, no offset or no time (both taken as UTC). Null when it is no such date.
 */
export function parseDate(text: string): ReadDate | null {
  const [, year, month, date, hours = "00", minutes = "00", seconds = "00", fraction = "", offset] = shape.exec(text.trim()) ?? [];
  if (!year || !month || !date) return null;
  const millis = fraction.slice(0, 3).padEnd(3, "0");
  const local = `${year}-${month}-${date}T${hours}:${minutes}:${seconds}.${millis}Z`;
  const wall = Date.parse(local);
  if (Number.isNaN(wall) || new Date(wall).toISOString() !== local) return null;
  const shift = offsetMinutes(offset);
  return shift === null ? null : { at: wall - shift * minute, assumedUtc: offset === undefined };
}

/** UTC, to the second unless there is more to say: `2026-05-13T03:37:49Z`. */
export function formatInstant(at: Instant): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

function offsetMinutes(offset: string | undefined): number | null {
  if (offset === undefined || offset.toUpperCase() === "Z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 14 || minutes > 59) return null;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}
