import type { ReceiptView } from "./receipt.ts";

/**
 * A receipt as a command for a shell, that sends the same bytes again. The token is left as `TOKEN`. What a terminal or a clipboard
 * would not carry over, letters that show nothing and bytes that are no text, goes through base64.
 */
export function curlOf(origin: string, { method, query, headers, ...sent }: ReceiptView, kind: string): string {
  const url = `${origin}/in/TOKEN/${encodeURIComponent(kind)}${query ? `?${query.replace(new RegExp(unprintable, "gu"), encodeURIComponent)}` : ""}`;
  const hasBody = sent.body_bytes > 0;
  const isPlain = sent.body_encoding === "utf-8" && !unprintable.test(sent.body.replace(/[\n\t]/g, ""));
  const type = headers["content-type"];
  const parts = [
    "curl --globoff",
    method === (hasBody ? "POST" : "GET") ? "" : `--request ${quoted(method)}`,
    type ? `--header ${quoted(`content-type: ${type}`)}` : hasBody ? "--header 'content-type:'" : "",
    hasBody ? (isPlain ? `--data-raw ${quoted(sent.body)}` : "--data-binary @-") : "",
    quoted(url),
  ];
  const command = parts.filter(Boolean).join(" \\\n  ");
  return hasBody && !isPlain ? `printf %s ${quoted(base64Of(sent))} | base64 -d | ${command}` : command;
}

/** Letters that steer, that show nothing, or are half of one. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function base64Of({ body, body_encoding }: Pick<ReceiptView, "body" | "body_encoding">): string {
  if (body_encoding === "base64") return body;
  const bytes = body_encoding === "latin1" ? Uint8Array.from(body, (letter) => letter.charCodeAt(0)) : new TextEncoder().encode(body);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Text that a shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
