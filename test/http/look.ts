import { call } from "../kit.ts";
import { asOperator } from "./ask.ts";

/** A page as a browser of the operator gets it. */
export async function look(path: string): Promise<{ status: number; text: string }> {
  const response = await call(path, { headers: { ...asOperator, accept: "text/html" }, redirect: "manual" });
  return { status: response.status, text: await response.text() };
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
