import type { App } from "./app.ts";
import { checkTarget, type Guard } from "./forward/target.ts";

/**
 * A URL that may be called from here: by its spelling, and where DNS_OVER_HTTPS is set by the addresses that its name leads to.
 * Throws `invalid_input`. Nothing is asked of a URL behind a binding: the binding decides where it leads.
 */
export async function checkAddress(app: Pick<App, "config" | "resolver">, text: string): Promise<URL> {
  const guard = guardOf(app);
  const url = checkTarget(text, guard);
  await app.resolver?.check(url.hostname, guard);
  return url;
}

function guardOf({ config }: Pick<App, "config">): Guard {
  return { allowLoopback: config.allowLoopback, allowed: config.allowedTargets };
}
