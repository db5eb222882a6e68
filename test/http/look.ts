import { call } from "../kit.ts";
import { asOperator } from "./ask.ts";

/** A page as a browser of the operator gets it. */
export async function look(path: string): Promise<{ status: number; text: string }> {
  const response = await call(path, { headers: { ...asOperator, accept: "text/html" }, redirect: "manual" });
  return { status: response.status, text: await response.text() };
}

/** A list as it is in the end, when its empty pages have been looked through. */
export async function lookThrough(path: string): Promise<{ status: number; text: string }> {
  const page = await look(path);
  const farther = page.text.includes("Nothing so far") ? page.text.match(/rel="next" href="([^"]+)"/)?.[1] : undefined;
  return farther === undefined ? page : await lookThrough(farther.replaceAll("&amp;", "&"));
}

/** What stands in a page between tags, without them, so that sentences can be looked for. */
export function wordsOf(text: string): string {
  return text
    .replace(/<[^>]*>/g, "")
    .replaceAll("\u202f", " ")
    .replace(/\s+/g, " ");
}

/** Hostile text, and what it must be on a page. */
export const hostile = `<img src=x onerror=alert(1)>"'`;
export const harmless = "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;";
