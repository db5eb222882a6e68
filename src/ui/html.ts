/** Markup that is safe to send. Only `html` makes it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand between the markup: text and numbers are escaped, lists are joined, what is absent or false is left out. */
export type Content = Html | string | number | bigint | null | undefined | false | Content[];

/**
 * Markup as a template literal. All that is put in is escaped, in elements and in quoted attributes alike; so attributes must be quoted.
 * Biome and editors know the tag as HTML.
 */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(parts.reduce((text, part, index) => text + textOf(contents[index - 1]) + part));
}

function textOf(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return content.map(textOf).join("");
  return escaped(String(content));
}

const letters: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Letters that turn the direction of text, or show nothing: a value with them could pass for another one. */
const invisible = /[^\P{Cc}\t\n\r]|\p{Cf}/gu;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => letters[letter] as string).replace(invisible, (letter) => `\\u${hex(letter)}`);
}

function hex(letter: string): string {
  return (letter.codePointAt(0) as number).toString(16).padStart(4, "0");
}

/** An address with parameters; what is absent or empty is left out. */
export function address(path: string, params: Record<string, string | number | null | undefined> = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return query === "" ? path : `${path}?${query}`;
}
