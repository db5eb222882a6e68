import type { Micros } from "./money.ts";
import { Problem } from "./problem.ts";
import { refusal } from "./span.ts";
import { parseDate } from "./time.ts";

/** A table of rates, as the caller gave it: one unit of a currency is so many of `currency`. */
export interface Rates {
  currency: string;
  /** The day on which they held, and who says so. */
  date: string;
  source: string;
  /** Decimal text by currency. */
  rates: Record<string, string>;
}

const decimals = 10;
const scale = 10n ** BigInt(decimals);
const decimal = new RegExp(`^(\\d{1,12})(?:\\.(\\d{1,${decimals}}))?$`);
const code = /^[A-Z]{3}$/;

/** What a caller says of a conversion: all of it, or nothing. */
export interface RatesInput {
  convert_to?: string | undefined;
  rates?: string | undefined;
  rates_date?: string | undefined;
  rates_source?: string | undefined;
}

/** Reads a table of rates like `USD:0.92,GBP:1.17`; null when no conversion is wanted. Throws `invalid_input`. */
export function readRates(input: RatesInput): Rates | null {
  const { convert_to, rates, rates_date, rates_source } = input;
  const given = { convert_to, rates, rates_date, rates_source };
  const missing = Object.entries(given).filter(([, text]) => !text?.trim());
  if (missing.length === Object.keys(given).length) return null;
  if (missing.length > 0)
    throw refusals(missing.map(([field]) => [field, "is missing: a conversion says its rates, their date and their source"]));
  const currency = convert_to?.trim().toUpperCase() ?? "";
  const date = rates_date?.trim() ?? "";
  if (!code.test(currency)) throw refusal("convert_to", "must be a currency like EUR");
  if (date.length !== 10 || parseDate(date) === null) throw refusal("rates_date", "must be a date like 2026-11-20");
  return { currency, date, source: rates_source?.trim() ?? "", rates: readTable(rates ?? "", currency) };
}

function readTable(text: string, wanted: string): Record<string, string> {
  const table = new Map<string, string>();
  for (const pair of text.split(",")) {
    const [currency = "", rate = "", ...rest] = pair.trim().split(":");
    const name = currency.trim().toUpperCase();
    if (!code.test(name) || rest.length > 0) throw refusal("rates", `must be like USD:0.92,GBP:1.17, and "${pair.trim()}" is not`);
    if (!decimal.test(rate.trim()) || scaled(rate) === 0n)
      throw refusal("rates", `has no rate for ${name}: it must be a decimal above 0 with at most ${decimals} decimals`);
    if (table.has(name)) throw refusal("rates", `has two rates for ${name}`);
    if (name === wanted && scaled(rate) !== scale) throw refusal("rates", `must be 1 for ${name}, which is the currency to convert to`);
    table.set(name, rate.trim());
  }
  return Object.fromEntries(table);
}

/**
 * An amount in the currency of the table, exact, and then rounded to millionths, a half to the even one. Nothing is nothing in every
 * currency. Throws `invalid_input` for a currency that the table does not have.
 */
export function convert(amount: Micros, currency: string, { rates, currency: wanted }: Rates): Micros {
  if (currency === wanted || amount === 0n) return amount;
  const rate = Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  if (rate === undefined && currency === "")
    throw refusal("rates", "cannot be used: there are amounts without a currency; leave them out with currency=");
  if (rate === undefined) throw refusal("rates", `has no rate for ${currency}, which there are amounts in`);
  return divideEven(amount * scaled(rate), scale);
}

function scaled(rate: string): bigint {
  const [, whole = "", fraction = ""] = decimal.exec(rate.trim()) ?? [];
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

/** Divides, and rounds to the nearest, a half to the even one. `by` is positive and even. */
function divideEven(amount: bigint, by: bigint): bigint {
  const size = amount < 0n ? -amount : amount;
  const [quotient, rest] = [size / by, size % by];
  const isUp = rest > by / 2n || (rest === by / 2n && quotient % 2n === 1n);
  const rounded = isUp ? quotient + 1n : quotient;
  return amount < 0n ? -rounded : rounded;
}

function refusals(mistakes: string[][]): Problem {
  const told = mistakes.map(([field = "", reason = ""]) => ({ field, reason }));
  return new Problem("invalid_input", told.map(({ field, reason }) => `${field} ${reason}`).join("; "), told);
}
