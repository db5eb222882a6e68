import type { App } from "./app.ts";
import { type Delivery, deliveryId, parseDeliveryId } from "./domain/delivery.ts";
import { firstInTurn } from "./domain/order.ts";
import { second } from "./domain/time.ts";
import { ring } from "./ring.ts";
import { listDue, listSiblings } from "./store/deliveries.ts";
import { listActionEvents } from "./store/ledgers.ts";

/** How many deliveries of an ordered backlog are looked at at once; each stands for another action. */
const page = 20;

/** What rings ask for: deliveries by their ids, and destinations whose backlog is to be worked off. */
export interface Asked {
  deliveries: string[];
  backlogs: string[];
  /** The next ones of ordered destinations with a backlog: to be taken as far as there is room. */
  next: string[];
}

/**
 * Sorts rings, and for destinations that want order puts in the place of each delivery the one of its action that goes first. One
 * that has to wait for an event that is still missing gets a ring for then.
 */
export async function inOrder(app: App, rings: string[]): Promise<Asked> {
  const { destinations } = await app.catalog.current(app.db);
  const ordered = new Set(destinations.filter((destination) => destination.ordered).map(({ id }) => id));
  const isOrdered = (ring: string) => ordered.has(parseDeliveryId(ring)?.destinationId ?? ring);
  const backlogs = rings.filter((ring) => ring.startsWith("dst_") && !isOrdered(ring));
  const deliveries = rings.filter((ring) => ring.startsWith("evt_") && !isOrdered(ring));
  const held = rings.filter(isOrdered);
  if (held.length === 0) return { deliveries, backlogs, next: [] };

  const own = await firsts(
    app,
    held.filter((ring) => ring.startsWith("evt_")),
  );
  const due = await Promise.all(held.filter((ring) => ring.startsWith("dst_")).map((id) => listDue(app.db, id, page, app.now())));
  return { deliveries: [...deliveries, ...own], backlogs, next: await firsts(app, due.flat()) };
}

/** In the place of each delivery, the first of its action; those that stand alone are their own. */
async function firsts(app: App, ids: string[]): Promise<string[]> {
  const siblings = await listSiblings(app.db, ids);
  const alone = ids.filter((id) => !siblings.some((delivery) => deliveryId(delivery) === id));
  const groups = Map.groupBy(siblings, ({ destinationId, action }) => `${destinationId} ${action}`);
  const turns = await Promise.all([...groups.values()].map((group) => first(app, group)));
  return [...alone, ...turns.flat()];
}

async function first(app: App, pending: Delivery[]): Promise<string[]> {
  const [sourceId = "", ...actionId] = pending[0]?.action?.split("/") ?? [];
  const events = await listActionEvents(app.db, actionId.join("/"));
  const turn = firstInTurn(
    pending,
    events.filter((event) => event.sourceId === sourceId),
  );
  if (!turn) return [];
  const waitMs = turn.notBefore - app.now();
  if (waitMs <= 0) return [deliveryId(turn.delivery)];
  await ring(app, [deliveryId(turn.delivery)], Math.ceil(waitMs / second));
  return [];
}
