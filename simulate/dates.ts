import { day, minute } from "./clock.ts";

/** As impact.com writes a date: `2024-09-10T10:42:38-07:00`, without a fraction, in the zone of the account or program. */
export function formatDate(ms: number, offsetMinutes: number): string {
  const local = new Date(ms + offsetMinutes * minute).toISOString().slice(0, 19);
  const sign = offsetMinutes < 0 ? "-" : "+";
  const of = Math.abs(offsetMinutes);
  return `${local}${sign}${two(Math.floor(of / 60))}:${two(of % 60)}`;
}

/** A date of a query in milliseconds, or null: it needs a time and a zone (`2024-01-01T00:00:00Z`). */
export function parseDate(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** The first midnight of a zone at or after an instant: impact.com's locking dates are midnights of the program's zone. */
export function midnightFrom(ms: number, offsetMinutes: number): number {
  const shift = offsetMinutes * minute;
  return Math.ceil((ms + shift) / day) * day - shift;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
