/** An amount in millionths of its currency's unit: exact, never a float. 0.88 USD is 880000n. */
export type Micros = bigint;

const decimal = /^([+-]?)(\d{0,13})(?:\.(\d{0,6}))?$/;
const most = 10n ** 12n * 1_000_000n;

/** Reads decimal text with a dot and at most six decimals, up to ±10^12; null when it is anything else. */
export function parseMoney(text: string): Micros | null {
  const [, sign, whole = "", fraction = ""] = decimal.exec(text.trim()) ?? [];
  if (whole + fraction === "") return null;
  const micros = BigInt(whole + fraction.padEnd(6, "0"));
  if (micros > most) return null;
  return sign === "-" ? -micros : micros;
}

/** Writes an amount as decimal text: two decimals at least, more only where they say something. */
export function formatMoney(micros: Micros): string {
  const size = micros < 0n ? -micros : micros;
  const fraction = (size % 1_000_000n)
    .toString()
    .padStart(6, "0")
    .replace(/0{1,4}$/, "");
  return `${micros < 0n ? "-" : ""}${size / 1_000_000n}.${fraction}`;
}
