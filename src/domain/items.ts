import type { Micros } from "./money.ts";
import type { Reading } from "./reading.ts";

/**
 * Rows of one order. impact.com's API may tell a change of an order by an update for each of its items: of one second, in one state, and each
 * with a Sku of its own. One postback tells them all. Two updates of one second without Skus, or with one Sku, are two changes.
 */
export function listOrders(updates: Reading[]): Reading[][] {
  const items = updates.filter((one) => skuOf(one) !== undefined);
  return [...Map.groupBy(items, ({ at, status }) => `${at} ${status}`).values()].filter(isOrder);
}

/** Several updates as the one event that tells them says it (in order): the sum of their changes, and what the last of them left. */
export function together(updates: [Reading, ...Reading[]]): Reading {
  const last = updates.at(-1) as Reading;
  const sum = (of: (one: Reading) => Micros | null) => updates.map(of).reduce(plus);
  return { ...last, deltaPayout: sum(({ deltaPayout }) => deltaPayout), deltaAmount: sum(({ deltaAmount }) => deltaAmount) };
}

/** Updates that one event tells, or could: they stand together, whatever the order of others of their second. */
export function unitsOf(updates: Reading[]): Reading[][] {
  const orders = listOrders(updates.filter(({ eventId }) => eventId === null));
  const orderOf = (one: Reading) => orders.find((order) => order.includes(one)) ?? one;
  return [...Map.groupBy(updates, (one) => one.eventId ?? orderOf(one)).values()];
}

/** What updates have in common; the Sku of one item would be none of the order's. */
export function commonFields([first, ...others]: [Reading, ...Reading[]]): Reading["fields"] {
  return Object.fromEntries(Object.entries(first.fields).filter(([name, text]) => others.every(({ fields }) => fields[name] === text)));
}

function isOrder(group: Reading[]): boolean {
  return group.length > 1 && new Set(group.map(skuOf)).size === group.length;
}

function skuOf({ fields }: Reading): string | undefined {
  return fields["Sku"]?.trim() || undefined;
}

function plus(one: Micros | null, other: Micros | null): Micros | null {
  return one === null || other === null ? null : one + other;
}
