import { XMLParser, XMLValidator } from "fast-xml-parser";
import { Problem } from "../domain/problem.ts";
import type { Decoded } from "./decode.ts";
import { flatten } from "./flatten.ts";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: false,
});

/** Reads an XML document whose root is only a wrapper. No DTD, no entities but XML's own five and character references. */
export function decodeXml(text: string): Decoded {
  if (/<!DOCTYPE/i.test(text)) throw new Problem("undecodable", "The XML body has a DOCTYPE; leave it out of the template.");
  const root = Object.values(parse(text))[0];
  const object = typeof root === "object" && root !== null ? root : {};
  return { ...flatten(tidy(object) as Record<string, unknown>), warnings: [] };
}

function parse(text: string): Record<string, unknown> {
  try {
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) throw new Error(`${verdict.err.msg} (line ${verdict.err.line}, column ${verdict.err.col})`);
    return parser.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem(
      "undecodable",
      `The body is not well-formed XML: ${reason.slice(0, 300)}. A value with & or < breaks an XML template.`,
    );
  }
}

/** Resolves references, drops the white space between elements, and takes `{"#text": "x"}` for `x`. */
function tidy(value: unknown): unknown {
  if (typeof value === "string") return resolveReferences(value);
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== "#text" || String(inner).trim() !== "");
  if (entries.length === 1 && entries[0]?.[0] === "#text") return tidy(entries[0][1]);
  return Object.fromEntries(entries.map(([key, inner]) => [key, key.toLowerCase() === "items" ? list(tidy(inner)) : tidy(inner)]));
}

/** `<items><item>…</item></items>` is the list that JSON writes as `"items": […]`, also when it holds one item only. */
function list(items: unknown): unknown {
  if (typeof items !== "object" || items === null || Array.isArray(items)) return items;
  const [only, ...others] = Object.values(items);
  return others.length > 0 ? [items] : [only].flat();
}

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function resolveReferences(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name) return named[name.toLowerCase()] ?? whole;
    const point = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
