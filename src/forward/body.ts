import type { Form } from "../domain/destination.ts";
import { Problem } from "../domain/problem.ts";
import { placeOf } from "./place.ts";
import { presets } from "./presets.ts";
import { mistake, render } from "./template.ts";

/** The content type of a body that the operator says nothing else of; null when there is no body. */
export function contentTypeOf({ preset, body }: Form): string | null {
  return presets[preset].contentType ?? (body === null ? null : "application/json");
}

/** The operator's template for the body, or else the preset's. Null when there is none. */
export function bodyTemplate({ preset, body }: Form): string | null {
  return body ?? presets[preset].body;
}

/** A body from a template. Throws `invalid_input` when it does not come out as its content type says. */
export function bodyOf(template: string, contentType: string, scope: object): string {
  const place = placeOf(contentType);
  const body = render(template, place, "body", scope);
  if (place === "json") checkJson(body);
  return body;
}

/** `detail` quotes what came out, where secrets may be: it is for the one who writes the template, about an event made up. */
export class NotJson extends Problem {
  readonly detail: string;

  constructor(detail: string) {
    const { code, message, mistakes } = mistake("body", "what comes out is not JSON");
    super(code, message, mistakes);
    this.detail = detail;
  }
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new NotJson((error as Error).message);
  }
}
