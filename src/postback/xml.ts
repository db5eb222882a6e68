import { XMLParser, XMLValidator } from "fast-xml-parser";
import { Problem } from "../domain/problem.ts";
import type { Decoded } from "./decode.ts";
import { flatten } from "./flatten.ts";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  cdataPropName: "#cdata",
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
  const root = tidy(rootOf(parse(text)));
  const { entries, nested } = flatten(typeof root === "object" && root !== null ? (root as Record<string, unknown>) : {});
  const named = entries.map(([key, value]): [string, string] => [key.replace(/\.#text$/, ""), value]);
  return { entries: [...named, ...takeRepeats(nested)], nested, warnings: [] };
}

/** Takes lists of mere text out of `nested`: elements that came more than once, and fall under the rule of repeated keys. */
function takeRepeats(nested: Record<string, unknown>): [string, string][] {
  return Object.entries(nested).flatMap(([key, list]) => {
    if (isItems(key) || !Array.isArray(list) || !list.every(isText)) return [];
    delete nested[key];
    return list.map((value): [string, string] => [key, value]);
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) throw new Error(`${verdict.err.msg} (line ${verdict.err.line})`);
    if (!text.endsWith(">")) throw new Error("it has text after its end");
    return parser.parse(text);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

/** The one element at the top; fast-xml-parser takes several. */
function rootOf(document: Record<string, unknown>): unknown {
  const elements = Object.entries(document).filter(([key]) => key !== "#text");
  if (elements.length !== 1 || Array.isArray(elements[0]?.[1])) throw refuse("it has more than one element at its top");
  return elements[0]?.[1];
}

function refuse(reason: string): Problem {
  const told = reason.slice(0, 200);
  return new Problem("undecodable", `The body is not well-formed XML: ${told}. A value with & or < breaks an XML template.`);
}

/** Resolves references (not in CDATA), drops the white space between elements, and takes `{"#text": "x"}` for `x`. */
function tidy(value: unknown): unknown {
  if (isText(value)) return resolveReferences(value);
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const { "#text": text = "", "#cdata": cdata = "", ...children } = value as Record<string, unknown>;
  const own = resolveReferences(String(text)) + [cdata].flat().join("");
  const entries = Object.entries(children).map(([key, inner]) => [key, isItems(key) ? list(tidy(inner)) : tidy(inner)]);
  if (entries.length === 0) return own;
  return Object.fromEntries(own.trim() === "" ? entries : [["#text", own], ...entries]);
}

/** `<items><item>…</item></items>` is the list that JSON writes as `"items": […]`, also when it holds one item only. */
function list(items: unknown): unknown {
  if (typeof items !== "object" || items === null || Array.isArray(items)) return items;
  const [only, ...others] = Object.values(items);
  return others.length > 0 ? [items] : [only].flat();
}

function isItems(key: string): boolean {
  return key.toLowerCase() === "items";
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function resolveReferences(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name) return named[name.toLowerCase()] ?? whole;
    const point = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
