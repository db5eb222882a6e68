import type { Arrival } from "../flow/far-side.ts";
import type { Evidence } from "./evidence.ts";
import { isSigned, type Receivers } from "./receivers.ts";

export function arrivalsAt({ receivers }: Evidence, name: string): Arrival[] {
  return receivers.arrivals.filter(({ path }) => path === `/${name}`);
}

/** How often something was sent again that had been taken, as far as the far side told. */
export function extra(arrivals: Arrival[], { refused }: Receivers): number {
  const taken = arrivals.filter((arrival) => !refused.has(arrival));
  return taken.length - new Set(taken.map(({ headers }) => headers["webhook-id"])).size;
}

export function hasEndedVisibly(row: any, { attemptsOfHopeless }: Receivers): boolean {
  if (!row?.reason) return false;
  return row.state === "exhausted" ? row.attempt_count >= attemptsOfHopeless : row.state === "pending" && row.attempt_count > 0;
}

/** Each arrival is signed, says what its event says, and says it the same way each time. */
export function breachesOfArrivals(evidence: Evidence): string[] {
  const { receivers, events } = evidence;
  const byId = new Map(events.map((event) => [event.id, event]));
  return receivers.receivers.flatMap(({ name, secret }) => {
    const bodies = new Map<string, string>();
    return arrivalsAt(evidence, name).flatMap((arrival) => {
      const id = arrival.headers["webhook-id"] ?? "";
      const event = byId.get(id);
      if (!event) return [`promise 4: ${name} got ${id}, which is no event`];
      const { type, timestamp, data } = JSON.parse(arrival.body);
      const same = ["payout", "delta_payout", "currency", "status", "action_id", "fields", "kind", "source"].every(
        (key) => JSON.stringify(data[key]) === JSON.stringify(event[key]),
      );
      const first = bodies.get(id) ?? arrival.body;
      bodies.set(id, first);
      return [
        ...(isSigned(arrival, secret) ? [] : [`promise 4: ${id} came to ${name} with a wrong signature`]),
        ...(same && type === event.type && timestamp === event.received_at && data.event_id === id
          ? []
          : [`promise 4: ${id} came to ${name} with something else than the event: ${arrival.body}`]),
        ...(first === arrival.body ? [] : [`promise 4: ${id} came to ${name} with two bodies`]),
        ...(arrival.headers["x-house"] ? [] : [`promise 4: ${id} came to ${name} without its header`]),
      ];
    });
  });
}

/** An ordered destination hears of an action in order of effect, as far as nothing was put off on the way in. */
export function breachesOfOrder(evidence: Evidence): string[] {
  const { sender, events } = evidence;
  const unsure = new Set<string | undefined>();
  for (const { saying, answers, unheard } of sender.entries.values())
    if (unheard > 0 || answers.some(({ eventStatus }) => eventStatus === "deferred")) unsure.add(saying.fields["ActionId"]);
  const firsts = [...new Set(arrivalsAt(evidence, "ordered").map(({ headers }) => headers["webhook-id"]))];
  const byId = new Map(events.map((event) => [event.id, event]));
  const heard = Map.groupBy(firsts, (id) => byId.get(id)?.action_id);
  return [...heard].flatMap(([action, ids]) => {
    if (unsure.has(action) || ids.join() === [...ids].sort().join()) return [];
    return [`promise 4: the ordered destination heard of ${action} in the order ${ids}`];
  });
}
