import type { Destination } from "../domain/destination.ts";
import type { Event } from "../domain/event.ts";
import { compileFilter, type Filter } from "./filter.ts";

const filters = new WeakMap<Destination, Filter>();

/**
 * The destinations that want this event. Paused and disabled ones are selected too: their deliveries are held. Operational news
 * goes only to those whose filter speaks of it (`type.startsWith("operational.")`): a tracker wants conversions, not our news.
 */
export function select(event: Event, sourceName: string, destinations: Destination[]): Destination[] {
  const isNews = event.kind === "operational";
  return destinations.filter(
    (destination) =>
      destination.state !== "deleted" &&
      (!isNews || destination.filter.includes("operational")) &&
      filterOf(destination)(event, sourceName),
  );
}

function filterOf(destination: Destination): Filter {
  const known = filters.get(destination);
  if (known) return known;
  const filter = compileStored(destination);
  filters.set(destination, filter);
  return filter;
}

/** A filter was checked when it was saved. Should it be none any more after an update, that must not cost anybody a postback. */
function compileStored({ id, filter }: Destination): Filter {
  try {
    return compileFilter(filter);
  } catch (error) {
    console.error("select: the filter of a destination cannot be used and selects nothing", id, String(error));
    return () => false;
  }
}
