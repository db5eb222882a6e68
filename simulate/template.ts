import type { Values } from "./macros.ts";

/** What the owner of an account has typed into impact.com's settings: a URL for GET, or a URL and a body for POST. */
export type Template = { method: "GET"; url: string } | { method: "POST"; url: string; body: string };

export interface Call {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

/** What impact.com does with these is not documented. */
export interface TemplateWays {
  /** A macro that does not exist stays as it is, or becomes nothing. */
  unknownMacro: "literal" | "empty";
  /** Whether a value is escaped when it goes into a JSON body. */
  escaping: "json" | "none";
}

export const usualWays: TemplateWays = { unknownMacro: "literal", escaping: "json" };

/** Puts values into a template, as text: percent-encoded in a URL. A value that is missing leaves nothing behind. */
export function fill(template: Template, values: Values, ways: TemplateWays = usualWays): Call {
  const isJson = template.method === "POST" && /^\s*[{[]/.test(template.body);
  const isXml = template.method === "POST" && /^\s*</.test(template.body);
  const inBody = isJson ? (ways.escaping === "json" ? escapedForJson : asItIs) : isXml ? escapedForXml : encodeURIComponent;
  const headers: Record<string, string> = { "user-agent": "Impact-Postback-Client/1.0" };
  if (template.method === "POST") headers["content-type"] = isJson ? "application/json" : isXml ? "application/xml" : form;
  return {
    method: template.method,
    url: substitute(template.url, values, ways, encodeURIComponent),
    headers,
    body: template.method === "POST" ? substitute(template.body, values, ways, inBody) : null,
  };
}

const form = "application/x-www-form-urlencoded";

/** Macros are case-sensitive. A `{` of a JSON body opens none, since a macro is letters and digits up to its `}`. */
function substitute(text: string, values: Values, ways: TemplateWays, encode: (value: string) => string): string {
  return text.replace(/\{([A-Za-z][A-Za-z0-9]*)\}/g, (macro, name: string) => {
    const value = values[name];
    if (value !== undefined) return encode(value);
    return ways.unknownMacro === "literal" ? macro : "";
  });
}

function escapedForJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function escapedForXml(value: string): string {
  return value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function asItIs(value: string): string {
  return value;
}
