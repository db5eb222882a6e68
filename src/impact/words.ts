import { isObject, parseExact, textIn } from "./json.ts";

/**
 * What impact.com says about a mistake, in one line; empty where it says nothing that we can read. Shapes: `Message` with `Errors` of
 * `Field` and `Message`; the same in lower case (conversions); `title` and `detail` of its gateway (impact.com, "Status codes").
 */
export function wordsOf(text: string): string {
  const body = parsed(text);
  if (!isObject(body)) return "";
  const message = first(body, ["Message", "message", "detail", "title", "error"]);
  const errors = [body["Errors"] ?? body["errors"] ?? []].flat().flatMap(errorOf);
  return [message, errors.join("; ")].filter(Boolean).join(": ").replace(/\s+/g, " ");
}

/** Whether an answer to a list is no list, whatever its status. */
export function isError(body: unknown): boolean {
  return isObject(body) && textIn(body["Status"])?.toUpperCase() === "ERROR";
}

function errorOf(error: unknown): string[] {
  if (!isObject(error)) return textIn(error) === undefined ? [] : [String(error)];
  const words = [first(error, ["Field", "field"]), first(error, ["Message", "message"])].filter(Boolean);
  return words.length > 0 ? [words.join(": ")] : [];
}

function first(object: Record<string, unknown>, keys: string[]): string {
  return keys.map((key) => textIn(object[key])).find((text) => text !== undefined) ?? "";
}

function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return null;
  }
}
