import type { App } from "../app.ts";
import { hour, second } from "../domain/time.ts";
import { cookie, readCookie } from "./session.ts";

const keptMs = hour / 6;

/**
 * What is told once and kept nowhere, such as a new token, sealed into a cookie of the browser that asked for it: the page at `path` can
 * show it, be left and come back to for ten minutes. Returns the `Set-Cookie`.
 */
export async function keepOnce(app: Pick<App, "seal" | "now">, request: Request, path: string, value: unknown): Promise<string> {
  const sealed = await app.seal.sealText(JSON.stringify({ path, value, until: app.now() + keptMs }));
  return cookie(request.url, "once", sealed, keptMs / second);
}

/** What was kept for the page at `path`; null where nothing was, or not any more. */
export async function readOnce(app: Pick<App, "seal" | "now">, request: Request, path: string): Promise<unknown> {
  const sealed = readCookie(request, "once");
  if (!sealed) return null;
  const kept = await app.seal.openText(sealed).then(JSON.parse, () => null);
  return kept?.path === path && kept.until > app.now() ? kept.value : null;
}
