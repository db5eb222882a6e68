import { curlOf } from "./curl.ts";
import { type Html, html } from "./html.ts";
import { facts, fold } from "./parts.ts";
import { code, copyable, size } from "./words.ts";

/** A receipt for people: what came, without secrets. */
export interface ReceiptView {
  method: string;
  query: string;
  headers: Record<string, string>;
  ip: string;
  body: string;
  /** How `body` stands for the bytes: as UTF-8 or Latin-1 text, or in base64 where they are no text. */
  body_encoding: string;
  body_bytes: number;
}

/** A call as it came, and the same as a command. `origin` is where this Worker is reached. */
export function receiptPart(origin: string, receipt: ReceiptView, kind: string): Html {
  const { method, query, headers, ip, body, body_encoding, body_bytes } = receipt;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return html`${facts([
    ["Request", html`${method} ${code(`/in/{token}/${kind}`)}`],
    ["From", ip ? code(ip) : "an unknown address"],
    ["Body", body_bytes === 0 ? "none" : `${size(body_bytes)}${encodings[body_encoding] ?? ""}`],
  ])}
${query ? block("Query, as it came", query) : null}
${body_bytes > 0 ? block(body_encoding === "base64" ? "Body, as base64" : "Body, as it came", body) : null}
<div class="folds">${body_bytes > 0 && body_encoding === "base64" ? fold("Body, in hex", copyable(hexOf(body), "Body, in hex")) : null}
${fold(`Headers (${lines.length})`, copyable(lines.join("\n") || "none was kept", "Headers"))}
${fold(
  "Copy as curl",
  html`<p class="hint">Sends the same call once more. Put the token of the source in the place of TOKEN; what was removed as a secret stays removed.</p>${copyable(curlOf(origin, receipt, kind), "The call as a curl command")}`,
)}</div>`;
}

const encodings: Record<string, string> = {
  base64: ", not text",
  latin1: ", not UTF-8: shown as Latin-1",
};

function block(title: string, text: string): Html {
  return html`<div class="block"><h3>${title}</h3>${copyable(text, title)}</div>`;
}

const mostShown = 2048;
const perLine = 16;

/** Bytes as lines of sixteen: where, in hex, as letters. */
function hexOf(base64: string): string {
  const bytes = atob(base64);
  const starts = Array.from({ length: Math.ceil(Math.min(bytes.length, mostShown) / perLine) }, (_, nth) => nth * perLine);
  const lines = starts.map((start) => {
    const part = [...bytes.slice(start, Math.min(start + perLine, mostShown))];
    const hex = part.map((letter) => letter.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
    const letters = part.map((letter) => (/[ -~]/.test(letter) ? letter : ".")).join("");
    return `${start.toString(16).padStart(6, "0")}  ${hex.padEnd(perLine * 3)} ${letters}`;
  });
  return [...lines, ...(bytes.length > mostShown ? [`… and ${bytes.length - mostShown} bytes more`] : [])].join("\n");
}
