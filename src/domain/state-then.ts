import { measures } from "./chain.ts";
import { listOrders } from "./items.ts";
import type { Reading } from "./reading.ts";
import type { Instant } from "./time.ts";

/**
 * The ids of updates (in order of time) whose state may be a later one. impact.com's documents call an update's State "the current state of the
 * action": that of then, or that of the moment it was read at. The last of several in one state is in it either way, since the next, which was
 * read no sooner, is in another; but for an approval, which may have come without an update.
 */
export function listOpen(updates: Reading[]): Set<string> {
  const ends = endsOf(updates);
  const isOpen = (one: Reading) => one.status === "APPROVED" || lastInState(updates, one) !== ends.get(one);
  return new Set(updates.filter(isOpen).map(({ id }) => id));
}

/**
 * Updates (in order of time, with their values) in the state that they must have been in. One before the locking date was not approved by it.
 * One that left something to pay was not reversed, where the reversal behind it left nothing.
 */
export function asThen(updates: Reading[], lockingDate: Instant | null): Reading[] {
  const ends = endsOf(updates);
  const wasWorth = (one: Reading) => isWorth(ends.get(one) as Reading) && leavesNothing(lastInState(updates, one));
  return updates.map((one) => {
    const isEarly = one.status === "APPROVED" && lockingDate !== null && one.at < lockingDate;
    return isEarly || (one.status === "REVERSED" && wasWorth(one)) ? asPending(one) : one;
  });
}

/** The last row of an order for each of them, and of what is none itself. */
function endsOf(updates: Reading[]): Map<Reading, Reading> {
  const orders = listOrders(updates).flatMap((order) => order.map((one) => [one, order.at(-1) as Reading] as const));
  return new Map([...updates.map((one) => [one, one] as const), ...orders]);
}

/** The last of the updates that follow this one in its state. */
function lastInState(updates: Reading[], one: Reading): Reading {
  const nth = updates.indexOf(one);
  const next = updates.findIndex(({ status }, other) => other > nth && status !== one.status);
  return updates.at(next < 0 ? -1 : next - 1) as Reading;
}

/** The detail is the later state's, too. */
function asPending(one: Reading): Reading {
  const { StatusDetail: _, ...fields } = one.fields;
  return { ...one, status: "PENDING", statusDetail: null, fields: { ...fields, Status: "PENDING" } };
}

function isWorth(one: Reading): boolean {
  return measures.some((measure) => (one[measure] ?? 0n) > 0n);
}

function leavesNothing(one: Reading): boolean {
  return measures.some((measure) => one[measure] !== null) && measures.every((measure) => (one[measure] ?? 0n) === 0n);
}
