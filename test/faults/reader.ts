import type { Edge } from "./machine.ts";
import { secrets } from "./machine.ts";

/** Reads what the edge tells its operator, page by page, and keeps every answer's text for the search for secrets. */
export function newReader(edge: Edge) {
  const texts: string[] = [];
  const breaches: string[] = [];

  const get = async (path: string): Promise<any> => {
    const response = await fetch(edge.base + path, {
      headers: { authorization: `Bearer ${secrets.OPERATOR_TOKEN}` },
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    texts.push(text);
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get("content-type") ?? "");
    if (!isJson || response.headers.get("x-content-type-options") !== "nosniff")
      if (response.status < 500)
        breaches.push(`promise 8: ${path} was answered as ${response.headers.get("content-type")}, not as JSON only`);
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  const list = async (path: string): Promise<any[]> => {
    const found: any[] = [];
    let next: string | null = null;
    do {
      const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=200${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
      found.push(...page.data);
      next = page.next;
    } while (next);
    return found;
  };
  return { texts, breaches, get, list };
}

export type Reader = ReturnType<typeof newReader>;
