import fs from "node:fs";
import path from "node:path";
import { root } from "./bundle.ts";

const file = path.join(root, "docs", "performance.md");

/**
 * Writes what a part measured into docs/performance.md, between `<!-- bench:<part> -->` and `<!-- /bench:<part> -->`. What stands around
 * is written by hand and stays. Throws when the page has no such place.
 */
export function write(part: string, text: string): void {
  const page = fs.readFileSync(file, "utf8");
  const [begin, end] = [`<!-- bench:${part} -->`, `<!-- /bench:${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for the part ${part}: ${begin} … ${end}`);
  fs.writeFileSync(file, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}
