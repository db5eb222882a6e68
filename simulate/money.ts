/** Money in millionths of its currency's unit. */
export type Micros = bigint;

/** `880000n` with two decimals is `0.88`; what is finer than the decimals must be zero. */
export function formatMoney(micros: Micros, decimals: number): string {
  const sign = micros < 0n ? "-" : "";
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, "0");
  const fraction = digits.slice(-6, digits.length - 6 + decimals);
  if (!/^0*$/.test(digits.slice(digits.length - 6 + decimals)))
    throw new RangeError(`${micros} micros have more than ${decimals} decimals`);
  return `${sign}${digits.slice(0, -6)}${decimals > 0 ? `.${fraction}` : ""}`;
}

/** Decimal text, with up to six decimals, in micros; null when it is none. */
export function parseMoney(text: string): Micros | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (!match) return null;
  const [, sign, whole = "", fraction = ""] = match;
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return sign ? -micros : micros;
}
