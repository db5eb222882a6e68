import type { Receipt } from "../../src/domain/receipt.ts";

type Pairs = [key: string, value: string][];

/** The same flat pairs in each of the shapes that a template can give them: what of a receipt differs. */
export const shapes = {
  "a query": (pairs) => ({ query: new URLSearchParams(pairs).toString() }),
  "a percent-encoded query": (pairs) => ({ query: pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&") }),
  "a form": (pairs) => ({ body: new URLSearchParams(pairs).toString(), headers: { "content-type": "application/x-www-form-urlencoded" } }),
  JSON: (pairs) => ({ body: JSON.stringify(Object.fromEntries(pairs)), headers: { "content-type": "application/json" } }),
  "a multipart form": (pairs) => ({ body: multipartOf(pairs), headers: { "content-type": `multipart/form-data; boundary=${boundary}` } }),
  XML: (pairs) => ({ body: xmlOf(pairs), headers: { "content-type": "application/xml" } }),
} satisfies Record<string, (pairs: Pairs) => Partial<Pick<Receipt, "query" | "headers">> & { body?: string }>;

export function xmlOf(pairs: Pairs): string {
  return `<?xml version="1.0"?><action>${pairs.map(([key, value]) => `<${key}>${escapeXml(value)}</${key}>`).join("")}</action>`;
}

/** As XML wants it: control characters too, and a carriage return, which a parser would take for the end of a line. */
function escapeXml(text: string): string {
  const references: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"'\ufffe\uffff]|(?![\t\n])\p{Cc}/gu, (letter) => references[letter] ?? `&#${letter.charCodeAt(0)};`);
}

const boundary = "----b\\ou.n(d)ary";

/** As browsers write it: of a name, a quote and the ends of a line are percent-encoded. */
function multipartOf(pairs: Pairs): string {
  const name = (key: string) => key.replace(/["\r\n]/g, encodeURIComponent);
  const parts = pairs.map(([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name(key)}"\r\n\r\n${value}\r\n`);
  return `${parts.join("")}--${boundary}--\r\n`;
}
