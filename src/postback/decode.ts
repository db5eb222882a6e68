import type { Warning } from "../domain/fields.ts";
import { Problem } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import { decodeJson } from "./json.ts";
import { decodeMultipart, isMultipart } from "./multipart.ts";
import { decodeText } from "./text.ts";
import { decodeXml } from "./xml.ts";

/** A receipt taken apart: keys and text in order of appearance (repeats included), what was not flat, what was odd. */
export interface Decoded {
  entries: [key: string, value: string][];
  nested: Record<string, unknown>;
  warnings: Warning[];
}

/**
 * Reads query and body, by the body's bytes first and its Content-Type second: which type impact.com sends with which body
 * format is not documented. The body's entries come last, so that it wins over the query.
 * Throws `undecodable` (with the reason and the way out) and `too_large`.
 */
export function decode(receipt: Receipt): Decoded {
  if (receipt.truncated) throw new Problem("too_large", "Query and body together must not be larger than 100 KB.");
  const query = decodeForm(receipt.query);
  const { text, warnings } = decodeText(receipt.body, receipt.headers["content-type"] ?? "");
  const body = decodeBody(text.trim());
  return {
    entries: [...query.entries, ...body.entries],
    nested: body.nested,
    warnings: [...query.warnings, ...warnings, ...body.warnings],
  };
}

/** Nothing, JSON, XML or one of the two kinds of forms, told apart by how it begins. */
function decodeBody(text: string): Decoded {
  if (text === "") return { entries: [], nested: {}, warnings: [] };
  if (text.startsWith("{") || text.startsWith("[")) return decodeJson(text);
  if (text.startsWith("<")) return decodeXml(text);
  if (isMultipart(text)) return decodeMultipart(text);
  if (/^[^={}<>"\r\n]{1,100}=/.test(text)) return decodeForm(text.replace(/^\?/, ""));
  throw new Problem(
    "undecodable",
    "The body is neither JSON, XML nor a form. Choose JSON as body format in impact.com and paste the template of this source.",
  );
}

function decodeForm(text: string): Decoded {
  const entries = [...new URLSearchParams(text)];
  const isBroken = entries.flat().some((part) => part.includes("\ufffd")) && !/%EF%BF%BD|\ufffd/i.test(text);
  const detail = "Some percent-encoded bytes are not UTF-8 and were read as \ufffd; the raw text is kept.";
  return { entries, nested: {}, warnings: isBroken ? [{ code: "invalid_text", detail }] : [] };
}
