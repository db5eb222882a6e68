import type { Fields, Warning } from "../domain/fields.ts";
import type { Kind } from "../domain/kind.ts";
import { parseMoney } from "../domain/money.ts";
import type { Mistake } from "../domain/problem.ts";
import { parseDate } from "../domain/time.ts";
import { macros, type Shape } from "./fields.ts";

/** The fields whose value does not read as it must, in words. Repairs the offsets of dates in place, with a warning each. */
export function validate(fields: Fields, kind: Kind, warnings: Warning[]): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const { name, shape } of macros[kind]) {
    const value = fields[name];
    if (value === undefined) continue;
    if (shape === "date") fields[name] = repairOffset(name, value, warnings);
    const reason = reasons[shape](fields[name] ?? value, name, warnings);
    if (reason) mistakes.push({ field: name, reason });
  }
  return mistakes;
}

const reasons: Record<Shape, (value: string, name: string, warnings: Warning[]) => string | null> = {
  text: () => null,
  money: (value) => (parseMoney(value) === null ? `is "${value.slice(0, 40)}", not a decimal number like 0.88` : null),
  currency: (value) => (/^[A-Za-z]{3}$/.test(value.trim()) ? null : `is "${value.slice(0, 40)}", not a currency code like USD`),
  date: (value, name, warnings) => {
    const read = parseDate(value);
    if (!read) return `is "${value.slice(0, 40)}", not a date like 2026-05-13T11:37:49+08:00`;
    if (read.assumedUtc) warnings.push({ code: "assumed_utc", field: name, detail: "This date names no offset and was taken as UTC." });
    return null;
  },
};

/** A raw `+` in a query string is read as a blank: `…T11:37:49 08:00`. */
function repairOffset(field: string, value: string, warnings: Warning[]): string {
  const repaired = value.replace(/([T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}:?\d{2})$/, "$1+$2");
  if (repaired !== value)
    warnings.push({ code: "repaired_offset", field, detail: "The + of this date's offset came as a blank; it was put back." });
  return repaired;
}
