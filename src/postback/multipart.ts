import { Problem } from "../domain/problem.ts";
import type { Decoded } from "./decode.ts";

/** True for a body that begins with a boundary line and a part's header, as multipart/form-data does (RFC 7578). */
export function isMultipart(text: string): boolean {
  return /^--[^\s]{1,70}\r?\ncontent-[a-z-]+:/i.test(text);
}

/** Reads multipart/form-data by the boundary on its own first line; every part is taken for text. Throws `undecodable`. */
export function decodeMultipart(text: string): Decoded {
  const boundary = text.slice(0, text.search(/\r?\n/)).replace(/[^\w-]/g, "\\$&");
  const parts = text.split(new RegExp(`(?:^|\\r?\\n)${boundary}(?=--|[ \\t]*\\r?\\n)`)).slice(1);
  const end = parts.findIndex((part) => part.startsWith("--"));
  if (end === -1) throw undecodable("breaks off before its closing boundary");
  return { entries: parts.slice(0, end).map(entryOf), nested: {}, warnings: [] };
}

function entryOf(part: string): [key: string, value: string] {
  const [, head = "", value = ""] = /^[ \t]*\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(part) ?? [];
  const disposition = head.split("\n").find((line) => /^content-disposition:/i.test(line)) ?? "";
  const name = [...disposition.matchAll(parameter)].find(([, key]) => key?.toLowerCase() === "name");
  if (!name) throw undecodable("has a part without a name");
  return [(name[2] ?? name[3] ?? "").replace(/%22|%0d|%0a/gi, decodeURIComponent), value];
}

/** `; key="value"` or `; key=value`. In a name, browsers write a quote and the ends of a line percent-encoded. */
const parameter = /;\s*([\w*-]+)=(?:"([^"]*)"|([^\s;"]+))/g;

function undecodable(reason: string): Problem {
  return new Problem(
    "undecodable",
    `The multipart body ${reason}. Choose JSON as body format in impact.com and paste the template of this source.`,
  );
}
