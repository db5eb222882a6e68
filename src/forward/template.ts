import { type Template as Piece, type Token, Tokenizer, TypeGuards, type Variable } from "liquidjs";
import { Problem } from "../domain/problem.ts";
import { Metered } from "./budget.ts";
import { engineFor } from "./engine.ts";
import { templateNames } from "./names.ts";
import type { Place } from "./place.ts";

/** The longest template, in characters. */
export const longestTemplate = 20_000;

/** Has it no Liquid at all? Then it is sent as it is. */
export function isLiteral(text: string): boolean {
  return !text.includes("{{") && !text.includes("{%");
}

/**
 * Fills a Liquid template (https://liquidjs.com) with what `scopeOf` gives. Each output is escaped for its place, and no value is
 * read as a template. Throws `invalid_input` for the field (`url`, `body`, `headers.<name>`), with line and column, when it does not
 * parse or does too much.
 */
export function render(text: string, place: Place, field: string, scope: object): string {
  if (isLiteral(text)) return text;
  const pieces = compile(text, place, field);
  const engine = engineFor(place);
  try {
    return String(engine.renderSync(pieces, new Metered(scope, engine)));
  } catch (error) {
    throw mistakeOf(field, place, error);
  }
}

/** Checks a template before it is kept: that it parses, and that all it names is there. Throws like `render`. */
export function checkTemplate(text: string, place: Place, field: string, secretNames: string[]): void {
  if (isLiteral(text)) return;
  const pieces = compile(text, place, field);
  const { globals } = analysed(pieces, place, field);
  for (const variable of Object.values(globals).flat()) checkName(variable, field, secretNames);
}

/** What stands in a URL's template outside of tags and outputs, piece by piece. Throws like `render`. */
export function literals(url: string): string[] {
  if (isLiteral(url)) return [url];
  try {
    return new Tokenizer(url).readTopLevelTokens().flatMap((token) => (TypeGuards.isHTMLToken(token) ? [token.getText()] : []));
  } catch (error) {
    throw mistakeOf("url", "url", error);
  }
}

/** A refusal of what stands in a field; lines and columns count from 1. */
export function mistake(field: string, reason: string, [line, column]: number[] = []): Problem {
  const what = field.startsWith("headers.") ? `header ${field.slice("headers.".length)}` : field === "url" ? "URL" : field;
  const at = line === undefined || column === undefined ? null : { line, column };
  const where = at ? ` has a mistake at line ${line}, column ${column}: ` : " cannot be used: ";
  return new Problem("invalid_input", `The ${what}${where}${reason}.`, [{ field, reason, ...at }]);
}

/** Where the first match begins: line and column, from 1. */
export function positionOf(text: string, what: RegExp): number[] {
  const before = text.slice(0, Math.max(text.search(what), 0)).split("\n");
  return [before.length, (before.at(-1)?.length ?? 0) + 1];
}

/** By place and text; emptied when the texts in it come to `mostKept` characters. */
const compiled = new Map<string, Piece[]>();
const mostKept = 300_000; // some 10 MB when parsed
let kept = 0;

function compile(text: string, place: Place, field: string): Piece[] {
  const key = `${place} ${text}`;
  const known = compiled.get(key);
  if (known) return known;
  const pieces = parse(text, place, field);
  if (kept + key.length > mostKept) {
    compiled.clear();
    kept = 0;
  }
  kept += key.length;
  compiled.set(key, pieces);
  return pieces;
}

function parse(text: string, place: Place, field: string): Piece[] {
  if (text.length > longestTemplate)
    throw mistake(field, `it has ${text.length} characters; a template may have ${longestTemplate}. Make it shorter`);
  let pieces: Piece[];
  try {
    pieces = engineFor(place).parse(text);
  } catch (error) {
    throw mistakeOf(field, place, error);
  }
  for (const token of tokensOf(pieces)) {
    if (TypeGuards.isRangeToken(token))
      throw mistake(field, "ranges like (1..9) are not available. Loop over a list, like data.items", token.getPosition());
    if (TypeGuards.isPropertyAccessToken(token) && !token.variable && TypeGuards.isPropertyAccessToken(token.props[0]))
      throw mistake(field, "a value may not choose what is named. Name it directly", token.getPosition());
  }
  return pieces;
}

/** Every token below the pieces of a template, wherever a tag keeps it. */
function* tokensOf(pieces: Piece[]): Generator<Token> {
  const seen = new Set<object>();
  const waiting: unknown[] = [pieces];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one !== "object" || one === null || seen.has(one) || "renderer" in one) continue;
    seen.add(one);
    if ("kind" in one) yield one as Token;
    waiting.push(...Object.values(one));
  }
}

function analysed(pieces: Piece[], place: Place, field: string) {
  try {
    return engineFor(place).analyzeSync(pieces, { partials: false });
  } catch (error) {
    throw mistakeOf(field, place, error);
  }
}

function checkName({ segments: [root, name], location }: Variable, field: string, secretNames: string[]): void {
  const at = [location.row, location.col];
  if (typeof root !== "string" || !templateNames.includes(root))
    throw mistake(field, `there is no ${String(root)}. Known names: ${templateNames.join(", ")}`, at);
  if (root !== "secrets" || (typeof name === "string" && secretNames.includes(name))) return;
  const known = secretNames.length > 0 ? `Known are ${secretNames.map((secret) => `secrets.${secret}`).join(", ")}` : "There are none yet";
  throw mistake(
    field,
    `there is no ${typeof name === "string" ? `secrets.${name}` : "secret named here"}. ${known}; add it to secrets`,
    at,
  );
}

/** An error of liquidjs in our words, and at its place. */
function mistakeOf(field: string, place: Place, error: unknown): Problem {
  const { filters, tags } = engineFor(place);
  const { message, token } = error as Error & { token?: Token };
  const reason = message
    .replace(/(, file:[^,]*)?, line:\d+, col:\d+$/, "")
    .replace(/^undefined filter: (.*)$/s, (_, name) => `there is no filter ${name} here. There are ${Object.keys(filters).join(", ")}`)
    .replace(/^tag "(.*)" not found$/s, (_, name) => `there is no tag ${name} here. There are ${Object.keys(tags).join(", ")}`)
    .replace(/^Maximum call stack size exceeded$/, "it is nested too deeply. Make it simpler");
  return mistake(field, reason, token?.getPosition());
}
