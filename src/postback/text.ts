import type { Warning } from "../domain/fields.ts";

/**
 * Bytes as text: by byte order mark, else by the charset of the Content-Type or of an XML declaration, else UTF-8. Never throws:
 * what does not fit becomes \ufffd with a warning, and the raw bytes are kept.
 */
export function decodeText(bytes: Uint8Array, contentType: string): { text: string; warnings: Warning[] } {
  const encoding = byMark(bytes) ?? byLabel(/charset="?([\w-]+)/i.exec(contentType)) ?? byLabel(declaration(bytes)) ?? "utf-8";
  try {
    return { text: new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(bytes), warnings: [] };
  } catch {
    const detail = `Some bytes are not ${encoding.toUpperCase()} and were read as \ufffd; the raw bytes are kept.`;
    return { text: new TextDecoder(encoding).decode(bytes), warnings: [{ code: "invalid_text", detail }] };
  }
}

function byMark([first, second, third]: Uint8Array): string | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return null;
}

/** The encoding that a label names; null for one that nobody knows, where UTF-8 is the better guess. */
function byLabel(found: RegExpExecArray | null): string | null {
  try {
    return found && new TextDecoder(found[1]).encoding;
  } catch {
    return null;
  }
}

function declaration(bytes: Uint8Array): RegExpExecArray | null {
  const beginning = String.fromCharCode(...bytes.subarray(0, 120));
  return /^\s*<\?xml[^>]*\sencoding=["']([\w-]+)["']/.exec(beginning);
}
