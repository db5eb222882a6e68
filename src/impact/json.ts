/** Reads JSON. Numbers come as text, digit by digit: an amount is never a float. Throws a SyntaxError. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, keepNumberText);
}

function keepNumberText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? withoutExponent(context?.source ?? String(value)) : value;
}

const exponential = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,2})$/;

/** `1.05E7`, as Java writes a double, is `10500000`; other spellings stay as they are. */
function withoutExponent(text: string): string {
  const [, sign = "", whole, fraction = "", power] = exponential.exec(text) ?? [];
  if (whole === undefined) return text;
  const point = whole.length + Number(power);
  const digits = (whole + fraction).padStart((whole + fraction).length + Math.max(0, -point), "0");
  const at = Math.max(0, point);
  const padded = digits.padEnd(at, "0");
  const decimals = padded.slice(at).replace(/0+$/, "");
  return `${sign}${padded.slice(0, at).replace(/^0+(?=\d)/, "") || "0"}${decimals && `.${decimals}`}`;
}

/** An object, and neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A scalar of any type as text; undefined for what is absent (null, nothing, an empty text) and for what is no scalar. */
export function textIn(value: unknown): string | undefined {
  if (value === null || value === undefined || value === "" || typeof value === "object") return undefined;
  return String(value);
}
