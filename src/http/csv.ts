import { formatMoney, type Micros } from "../domain/money.ts";

/** What stands in a field: text, a number, an amount of money, or nothing. */
export type Field = string | number | Micros | null;

/**
 * A table as RFC 4180 has it, with a line of names first. Text that a spreadsheet would take for a formula gets an apostrophe before it;
 * numbers stay as they are. Source: OWASP, CSV Injection.
 */
export function csv(names: string[], lines: Field[][]): string {
  return [names, ...lines].map((line) => `${line.map(fieldOf).join(",")}\r\n`).join("");
}

/** A table as an answer, to be saved under a name. */
export function respondCsv(table: string, filename: string, headers: Record<string, string>): Response {
  return new Response(table, {
    headers: {
      ...headers,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="${filename}"`,
    },
  });
}

function fieldOf(field: Field): string {
  if (field === null) return "";
  if (typeof field === "bigint") return formatMoney(field);
  if (typeof field === "number") return String(field);
  const harmless = /^[=+\-@\t\r\n]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
