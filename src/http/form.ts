import type { Endpoint } from "./endpoint.ts";
import { readText } from "./input.ts";
import { wantsPage } from "./page.ts";

/** What a page's form was filled with. */
export class Fields {
  readonly values: Record<string, string>;

  constructor(values: Record<string, string>) {
    this.values = values;
  }

  /** The text of a field, without blanks around it; undefined where it is empty or not there. */
  text(name: string): string | undefined {
    return this.values[name]?.trim() || undefined;
  }

  /** The same, but null where it was left empty: what there was is taken away. */
  textOrNull(name: string): string | null {
    return this.text(name) ?? null;
  }

  /** A number; what is none is left as text, so that the schema names the mistake. */
  number(name: string): number | string | undefined {
    const text = this.text(name);
    return text === undefined || Number.isNaN(Number(text)) ? text : Number(text);
  }

  /** Whether a box is ticked. */
  flag(name: string): boolean {
    return this.values[name] === "on";
  }

  /** One entry a line, without empty ones. */
  lines(name: string): string[] {
    return (this.values[name] ?? "")
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  }

  /** Pairs, one a line: `name: value` (or with `=` for the colon). A line without one has an empty value. */
  pairs(name: string, between = ":"): Record<string, string> {
    return Object.fromEntries(
      this.lines(name).map((line) => {
        const at = line.indexOf(between);
        return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + between.length).trim()];
      }),
    );
  }
}

/** A form as it was sent: what it stands for, and what was typed. */
export interface SentForm {
  method: string;
  fields: Fields;
}

/**
 * The form that a page sent; null for any other request: `curl -d` sends its JSON as a form, too, but asks for no page. Browsers' forms
 * have POST only, so `_method` says what it stands for.
 */
export async function readForm(request: Request, methods: Record<string, Endpoint>): Promise<SentForm | null> {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers.get("content-type") ?? "");
  if (request.method !== "POST" || !isForm || !wantsPage(request) || !Object.values(methods).some(({ form }) => form)) return null;
  const text = await readText(request);
  const { _method = "POST", ...values } = Object.fromEntries(new URLSearchParams(text));
  for (const [name, value] of Object.entries(values)) values[name] = value.replace(/\r\n?/g, "\n");
  return { method: _method.toUpperCase(), fields: new Fields(values) };
}
