import type { App } from "../app.ts";
import { listEventsById } from "../store/events.ts";
import { eventName } from "../ui/events.ts";

/** What events are called, by their ids. */
export async function eventNames(app: App, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const events = await listEventsById(app.db, [...new Set(ids)]);
  return new Map(
    events.map(({ id, type, kind, actionId, subject, fields }) => [
      id,
      eventName({ type, ...(kind === "operational" ? fields : { action_id: actionId, subject }) }),
    ]),
  );
}
