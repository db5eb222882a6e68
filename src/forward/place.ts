/** Where a template's output goes. A value must not break out of its place, whatever it holds. */
export type Place = "url" | "form" | "header" | "json" | "xml" | "text";

/**
 * How an output is escaped, and the filters after which it is not, when they come last: those that have done it themselves, and in
 * bodies `raw`, by which an operator takes it upon himself.
 */
export const places: Record<Place, { escape: (text: string) => string; encoders: string[] }> = {
  url: { escape: percentEncode, encoders: ["url_encode"] },
  form: { escape: percentEncode, encoders: ["url_encode"] },
  header: { escape: headerText, encoders: [] },
  json: { escape: jsonText, encoders: ["json", "raw"] },
  xml: { escape: xmlText, encoders: ["escape", "escape_once", "xml_escape", "raw"] },
  text: { escape: (text) => text, encoders: ["raw"] },
};

/** The place that a body of this content type is; what is none of the known ones is plain text. */
export function placeOf(contentType: string): Place {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  return bodies.find(([shape]) => shape.test(type))?.[1] ?? "text";
}

const bodies: [shape: RegExp, place: Place][] = [
  [/json$/, "json"],
  [/xml$|^text\/html$/, "xml"],
  [/^application\/x-www-form-urlencoded$/, "form"],
];

/** As in `encodeURIComponent`; a blank is %20, which a path, a query and a form all read as one. Half a surrogate pair is U+FFFD. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/**
 * As CloudEvents wants text in headers: blanks, `"`, `%` and all that is not printable ASCII are percent-encoded
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values).
 */
export function headerEncode(text: string): string {
  return text.toWellFormed().replace(/[^\x21\x23\x24\x26-\x7e]+/gu, encodeURIComponent);
}

/** Without control characters, and with all that is not ASCII percent-encoded. A `%` stays, since it may be part of a password. */
function headerText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, "")
    .replace(/[^\x20-\x7e]+/gu, encodeURIComponent);
}

/**
 * For between the quotes of a JSON string. Without quotes, as for a number, a value could still be a list where one number belongs:
 * one that could is escaped so that between quotes it is the same, and outside it is no JSON.
 */
function jsonText(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  if (!/^[\d.+\-eE\s,[\]{}truefalsn]*$/.test(text)) return escaped;
  return escaped.replace(/[,[\]{}]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

/** For between tags and between quotes. What XML 1.0 cannot hold at all (§2.2) becomes U+FFFD. */
function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
