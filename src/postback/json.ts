import type { Warning } from "../domain/fields.ts";
import { Problem } from "../domain/problem.ts";
import type { Decoded } from "./decode.ts";
import { flatten } from "./flatten.ts";

/** Reads a JSON object. Numbers keep their own text (`5.10` stays `5.10`): money is never a float. */
export function decodeJson(text: string): Decoded {
  const { value, warnings } = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem("undecodable", 'The JSON body is a list; it must be one object, like {"action_id": "{ActionId}"}.');
  }
  const { entries, nested } = flatten(value as Record<string, unknown>);
  return { entries: entries.map(([key, inner]) => [key.replace(repeatMark, ""), inner]), nested, warnings };
}

function parse(text: string): { value: unknown; warnings: Warning[] } {
  try {
    return { value: parseExact(text), warnings: [] };
  } catch (error) {
    const repaired = repair(text);
    if (repaired === text) throw undecodable(error);
    try {
      return { value: parseExact(repaired), warnings: [repairWarning] };
    } catch {
      throw undecodable(error);
    }
  }
}

function parseExact(text: string): unknown {
  const value = JSON.parse(text, keepNumberText);
  const marked = markRepeats(text);
  return marked === text ? value : JSON.parse(marked, keepNumberText);
}

function keepNumberText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? (context?.source ?? String(value)) : value;
}

const repeatMark = /\0\d+$/;

/** JSON.parse keeps only the last of equal keys, empty or not; a mark on each repeat keeps them apart. Wants valid JSON. */
function markRepeats(text: string): string {
  const seen = new Set<string>();
  let depth = 0;
  let repeats = 0;
  return text.replace(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g, (token, key?: string, colon?: string) => {
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
    if (!key || !colon || depth !== 1) return token;
    if (seen.has(key)) return `${key.slice(0, -1)}\\u0000${++repeats}"${colon}`;
    seen.add(key);
    return token;
  });
}

const repairWarning: Warning = {
  code: "repaired_json",
  detail:
    "The body template is not JSON (a bare text, or a value without quotes that came empty) but could be read all the same. Paste this source's template to mend it.",
};

/**
 * Mends the two mistakes that templates are known to make and that leave no doubt about what was meant: impact.com's own
 * clearing template begins with a bare text (`{"Action Life Cycle Postback", "campaign_id": …`), and a macro without quotes
 * leaves `"payout": ,` when its value is empty. Strings are stepped over whole.
 */
function repair(text: string): string {
  return text
    .replace(/^\{\s*"[^"\\]*"\s*,/, "{")
    .replace(/("(?:[^"\\]|\\.)*(?:"|\\?$))|:(?=\s*[,}])/gs, (found, string?: string) => string ?? `${found} null`);
}

function undecodable(error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return new Problem(
    "undecodable",
    `The body is not JSON: ${reason}. A value that holds a quote breaks a JSON template; a GET URL does not have this weakness.`,
  );
}
