import type { Form } from "../domain/destination.ts";
import { presets } from "./presets.ts";
import { checkTemplate, isLiteral, literals, mistake, positionOf, render } from "./template.ts";

/**
 * The URL of a request, with the preset's query if it has none of its own, and with another behind that, as it is ("" for none). One
 * without Liquid stays as it was written. Throws `invalid_input` when what comes out is no URL.
 */
export function urlOf(form: Form, scope: object, query: string): string {
  const template = templateOf(form);
  const text = render(template, "url", "url", scope);
  if (isLiteral(template) && query === "") return text;
  if (!isLiteral(template)) checkPath(text);
  if (!URL.canParse(text)) throw mistake("url", "what comes out is not a URL");
  const url = new URL(text);
  if (query !== "") url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url.href;
}

/** Checks a URL before it is kept: nothing that comes in may choose whom we call. */
export function checkUrl(form: Form, secretNames: string[]): void {
  const template = templateOf(form);
  if (isLiteral(template)) return;
  if (!fixedBeginning.test(template))
    throw mistake("url", "Liquid may stand in its path and query, but not in its scheme, host or port", positionOf(template, /\{[{%]/));
  if (literals(template).some((text) => text.includes("#")))
    throw mistake("url", "what follows a # is never sent. Leave it out", positionOf(template, /#/));
  checkTemplate(template, "url", "url", secretNames);
}

/** Scheme, host and port, and where they end. */
const fixedBeginning = /^\s*https?:\/\/[^\s{}/?#\\]+[/?]/i;

function templateOf({ url, preset }: Form): string {
  const { query } = presets[preset];
  const hasQuery = query === null || literals(url).some((text) => text.includes("?"));
  return hasQuery ? url : `${url}?${query}`;
}

/** A value of two dots is no part of a path but a step up, however it is escaped. */
function checkPath(url: string): void {
  const path = /^[^:]*:[/\\]*[^/\\?]*([^?]*)/.exec(url)?.[1] ?? "";
  if (path.split(/[/\\]/).some((part) => /^(\.|%2e){1,2}$/i.test(part)))
    throw mistake("url", "a part of its path came out as . or .., which leads elsewhere");
}
