import type { Receipt } from "../../src/domain/receipt.ts";

type Pairs = [key: string, value: string][];

/** The same flat pairs in each of the shapes that a template can give them: what of a receipt differs. */
export const shapes = {
  "a query": (pairs) => ({ query: new URLSearchParams(pairs).toString() }),
  "a percent-encoded query": (pairs) => ({ query: pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&") }),
  "a form": (pairs) => ({ body: new URLSearchParams(pairs).toString(), headers: { "content-type": "application/x-www-form-urlencoded" } }),
  JSON: (pairs) => ({ body: JSON.stringify(Object.fromEntries(pairs)), headers: { "content-type": "application/json" } }),
  XML: (pairs) => ({ body: xmlOf(pairs), headers: { "content-type": "application/xml" } }),
} satisfies Record<string, (pairs: Pairs) => Partial<Pick<Receipt, "query" | "headers">> & { body?: string }>;

export function xmlOf(pairs: Pairs): string {
  return `<?xml version="1.0"?><action>${pairs.map(([key, value]) => `<${key}>${escapeXml(value)}</${key}>`).join("")}</action>`;
}

/** As XML wants it: a carriage return too, which a parser would take for the end of a line. */
function escapeXml(text: string): string {
  const references: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": "&#13;" };
  return text.replace(/[&<>"'\r]/g, (letter) => references[letter] ?? letter);
}
