import { newDestination, newSource } from "../kit.ts";
import { only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost } from "./far.ts";

/**
 * A source with one destination, whose far side answers as told. `deliver` sends a sale of its own and waits until its delivery is in
 * a state; more than four that fail in a row would open the destination's breaker.
 */
export async function road(answer?: Parameters<typeof farHost>[0], settings: Record<string, unknown> = {}) {
  const source = await newSource();
  const far = farHost(answer);
  const destination = await newDestination({ url: far.url, filter: only(source), ...settings });
  let count = 0;
  const deliver = async (state: string, query = "") => {
    const event = await sendAccepted(source, { query: `action_id=${++count}&status=PENDING${query}` });
    const id = `${event}:${destination.id}`;
    const delivery = await untilDelivery(id, state);
    return { event, id, delivery };
  };
  return { source, far, destination, deliver };
}

/** One attempt, and then it is given up. */
export const noRetry = { retry_schedule: [] };

export const refuse = () => new Response("no", { status: 500 });

/** A far side that refuses until it is well. */
export function patient() {
  const health = { isWell: false };
  return { health, answer: () => (health.isWell ? new Response("ok") : refuse()) };
}
