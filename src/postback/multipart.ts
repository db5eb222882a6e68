import { Problem } from "../domain/problem.ts";
import type { Decoded } from "./decode.ts";

/** True for a body that begins with a boundary line and a part's header, as multipart/form-data does (RFC 7578). */
export function isMultipart(text: string): boolean {
  return /^--[^\s]{1,70}\r?\ncontent-[a-z-]+:/i.test(text);
}

/** Reads multipart/form-data by the boundary on its own first line; every part is taken for text. Throws `undecodable`. */
export function decodeMultipart(text: string): Decoded {
  const boundary = text.slice(0, text.search(/\r?\n/));
  const parts = text.split(boundary).slice(1);
  if (!parts.at(-1)?.startsWith("--")) throw new Problem("undecodable", "The multipart body breaks off before its closing boundary.");
  const entries = parts.slice(0, -1).map((part): [string, string] => {
    const [, head = "", value = ""] = /^\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n?$/.exec(part) ?? [];
    const name = /content-disposition:[^\n]*;\s*name="?([^";\r\n]+)/i.exec(head)?.[1];
    if (name === undefined) throw new Problem("undecodable", "A part of the multipart body has no name.");
    return [name, value];
  });
  return { entries, nested: {}, warnings: [] };
}
