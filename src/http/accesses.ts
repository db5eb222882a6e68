import type { App } from "../app.ts";
import { listConnections } from "../store/connections.ts";

/** Which sources have access to impact.com's API, and where the next one gets it: on its own page, when there is only one source. */
export async function readAccesses(app: App): Promise<{ sources: { name: string; hasAccess: boolean }[]; next: string }> {
  const [{ sources }, connections] = await Promise.all([app.catalog.current(app.db), listConnections(app.db)]);
  const connected = new Set(connections.map(({ sourceId }) => sourceId));
  const [first, ...others] = sources;
  return {
    sources: sources.map(({ id, name }) => ({ name, hasAccess: connected.has(id) })),
    next: !first ? "/sources/new" : others.length === 0 ? `/sources/${first.id}/access` : "/sources",
  };
}
