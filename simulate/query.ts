import { day } from "./clock.ts";
import { parseDate } from "./dates.ts";
import { invalid } from "./refusal.ts";

/** A span of time, both ends included. */
export interface Span {
  from: number;
  to: number;
}

export type Query = Record<string, string>;

const longestSpan = 45 * day;
const threeYears = 3 * 365.25 * day;
const usualSpan = 7 * day;

/**
 * The span that two parameters name, or null when neither is given. One without the other, a date without a time or a zone, an end before
 * its start and more than 45 days are refused with 400, and so is a start of more than three years ago when `now` is given.
 */
export function readSpan(query: Query, startName: string, endName: string, now: number | null = null): Span | null {
  const [startText, endText] = [query[startName], query[endName]];
  if (startText === undefined && endText === undefined) return null;
  if (startText === undefined) throw invalid(startName, `${startName} is required when ${endName} is specified`);
  if (endText === undefined) throw invalid(endName, `${endName} is required when ${startName} is specified`);
  const from = readDate(startName, startText);
  const to = readDate(endName, endText);
  if (to < from) throw invalid(endName, `${endName} is before ${startName}`);
  if (to - from > longestSpan) throw invalid(startName, `${startName} and ${endName} cannot be more than 45 days apart`);
  if (now !== null && from < now - threeYears) throw invalid(startName, `${startName} cannot be more than 3 years in the past`);
  return { from, to };
}

/** What counts when a request names no dates: the past seven days. */
export function usual(now: number): Span {
  return { from: now - usualSpan, to: now };
}

export function isWithin(at: number, span: Span | null): boolean {
  return span === null || (at >= span.from && at <= span.to);
}

/** One of some words, or null when it is not given. */
export function readWord(query: Query, name: string, words: readonly string[]): string | null {
  const text = query[name];
  if (text === undefined) return null;
  if (!words.includes(text)) throw invalid(name, `Must be one of ${words.join(", ")}`);
  return text;
}

/** A whole number, or null when it is not given. */
export function readNumber(query: Query, name: string): number | null {
  const text = query[name];
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw invalid(name, "Not a numeric value");
  return Number(text);
}

function readDate(name: string, text: string): number {
  const ms = parseDate(text);
  if (ms === null) throw invalid(name, "Must be an ISO 8601 date with time and zone, like 2024-01-01T00:00:00Z");
  return ms;
}
