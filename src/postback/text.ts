import type { Warning } from "../domain/fields.ts";

/** Bytes as text: by byte order mark, else by the charset of the Content-Type, else UTF-8. Never throws: the raw bytes are kept. */
export function decodeText(bytes: Uint8Array, contentType: string): { text: string; warnings: Warning[] } {
  const decoder = byMark(bytes) ?? byCharset(contentType) ?? new TextDecoder();
  const text = decoder.decode(bytes);
  if (!text.includes("\ufffd")) return { text, warnings: [] };
  const detail = `Some bytes are not ${decoder.encoding.toUpperCase()} and were read as \ufffd; the raw bytes are kept.`;
  return { text, warnings: [{ code: "invalid_text", detail }] };
}

function byMark([first, second]: Uint8Array): TextDecoder | null {
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le");
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be");
  return null;
}

function byCharset(contentType: string): TextDecoder | null {
  const label = /charset="?([\w-]+)/i.exec(contentType)?.[1];
  if (label === undefined) return null;
  try {
    return new TextDecoder(label);
  } catch {
    return null; // a charset that nobody knows: UTF-8 is the better guess
  }
}
