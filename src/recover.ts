import type { App } from "./app.ts";
import { deliveryId } from "./domain/delivery.ts";
import type { Event } from "./domain/event.ts";
import type { Cursor, Scope } from "./domain/recovery.ts";
import { second } from "./domain/time.ts";
import { compileFilter } from "./forward/filter.ts";
import { select } from "./forward/select.ts";
import { ring } from "./ring.ts";
import { listEventsById } from "./store/events.ts";
import { countRecoverable, findRecovery, listRecoverable, reopenDeliveries } from "./store/recoveries.ts";

type Key = [eventId: string, destinationId: string];

/** Between two slices; `rate` deliveries are opened in each. */
const sliceMs = second;

/** The next slice of a recovery, and a ring for the one after it. */
export async function recover(app: App, id: string): Promise<void> {
  const recovery = await findRecovery(app.db, id);
  if (recovery?.state !== "running") return;
  const isEarly = app.now() - recovery.updatedAt < sliceMs * 0.9; // a second ring for the same slice
  if (isEarly) return;

  const { keys, end } = await listWanted(app, recovery, recovery.cursor, recovery.rate);
  if (!(await reopenDeliveries(app.db, recovery, keys, end, app.now()))) return;
  await ring(
    app,
    keys.map(([eventId, destinationId]) => deliveryId({ eventId, destinationId })),
  );
  if (end) await ring(app, [id], sliceMs / second);
}

/** How many are looked at for a preview, in pages. */
const page = 1000;
const mostPages = 60;

/** How many deliveries a recovery would open, and the first ten of them. `isComplete` is false when they were too many to count. */
export async function preview(app: App, scope: Scope): Promise<{ count: number; isComplete: boolean; first: Key[] }> {
  if (isPlain(scope)) {
    const most = page * mostPages;
    const count = await countRecoverable(app.db, scope, most);
    const { keys } = await listWanted(app, scope, [], 10);
    return { count, isComplete: count < most, first: keys };
  }
  const first: Key[] = [];
  let count = 0;
  let cursor: Cursor | null = [];
  for (let pages = 0; cursor && pages < mostPages; pages++) {
    const { keys, end } = await listWanted(app, scope, cursor, page);
    first.push(...keys.slice(0, 10 - first.length));
    count += keys.length;
    cursor = end;
  }
  return { count, isComplete: cursor === null, first };
}

/** The usual recovery, whose deliveries an index counts. */
function isPlain({ states, filter, payload }: Scope): boolean {
  return states.length === 1 && states[0] === "exhausted" && filter === "" && payload === "original";
}

/** A page of what is to be opened: by state and time, and by the filters where they have a say. */
async function listWanted(app: App, scope: Scope, cursor: Cursor, limit: number): Promise<{ keys: Key[]; end: Cursor | null }> {
  const { keys, end } = await listRecoverable(app.db, scope, cursor, limit, app.now());
  if (scope.filter === "" && scope.payload === "original") return { keys, end };

  const { sources, destinations } = await app.catalog.current(app.db);
  const names = new Map(sources.map(({ id, name }) => [id, name]));
  const isWanted = compileFilter(scope.filter);
  const events = new Map((await listEventsById(app.db, [...new Set(keys.map(([id]) => id))])).map((event) => [event.id, event]));
  const isSelected = (event: Event, destinationId: string) =>
    select(event, names.get(event.sourceId) ?? event.sourceId, destinations).some(({ id }) => id === destinationId);
  const wanted = keys.filter(([eventId, destinationId]) => {
    const event = events.get(eventId);
    if (!event || !isWanted(event, names.get(event.sourceId) ?? event.sourceId)) return false;
    return scope.payload === "original" || isSelected(event, destinationId);
  });
  return { keys: wanted, end };
}
