import { type Case, type Findings, type Missing, type Patience, texts } from "./case.ts";
import { measures } from "./chain.ts";
import { commonFields, listOrders, together } from "./items.ts";
import { match, type Reading, repeats, type Snapshot } from "./reading.ts";
import { asThen, listOpen } from "./state-then.ts";
import { states } from "./states.ts";
import { hour, type Instant } from "./time.ts";
import { sureOnes, withWorth } from "./worth.ts";

/** After so long a record that does not agree with its updates will not any more. */
const unclearMs = 6 * hour;

/** Compares an action's ledger with what impact.com's API says of it. */
export function examine({ sourceId, actionId, events, readings, snapshot }: Case, patience: Patience): Findings {
  const told = new Map(events.map((event) => [event.id, event]));
  const { unchangedSince = null } = patience;
  const isFinal = unchangedSince !== null && unchangedSince < patience.now - unclearMs;
  const all = readings.filter(({ kind }) => kind === "update");
  const updates = all.filter(({ toldBy, at }) => toldBy !== null || isRead(at, patience));
  const others = readings.filter(({ kind }) => kind !== "update");
  const [sure, open] = [sureOnes(updates, snapshot), listOpen(updates)];
  const valued = (some: Reading[]) => asThen(withWorth(some, told, snapshot, isFinal), snapshot?.lockingDate ?? null);
  const matches = match(valued(updates), events, { isSure: ({ id }) => sure.has(id), isOpen: ({ id }) => open.has(id) });
  const matched = updates.map((reading) => {
    const event = matches.get(reading.id);
    return event ? { ...reading, toldBy: event.origin, eventId: event.id } : reading;
  });
  const worked = valued(matched);
  const untold = worked.filter((one) => one.toldBy === null && one.at <= patience.missedBefore);
  const missing = snapshot ? missingOnes(worked, (one) => untold.includes(one) && isWorkedOut(one, snapshot), snapshot) : [];

  const made = new Set(missing.flatMap((gap) => [gap.reading, ...gap.others]));
  const isWhole = snapshot !== null && updates.length === all.length && worked.every((one) => one.toldBy !== null || made.has(one));
  const arrived = events.filter(({ receivedAt }) => receivedAt <= (patience.arrivedBefore ?? patience.missedBefore));
  const known = [...worked, ...others, ...(isWhole ? repeats([...worked, ...others], arrived) : [])];
  const isInArchive = readings.some(({ eventId }) => eventId !== null && !told.has(eventId));
  if (snapshot && !isInArchive) missing.push(...states({ sourceId, actionId, events, readings: known, snapshot }, missing, patience));
  const before = new Map(readings.map((reading) => [reading.id, reading]));
  return { readings: known.filter((one) => hasChanged(one, before.get(one.id))), missing };
}

function isRead(at: Instant, { hasRead }: Patience): boolean {
  return hasRead === undefined || (hasRead !== null && at >= hasRead.since && at < hasRead.until);
}

function hasChanged(now: Reading, before: Reading | undefined): boolean {
  return now.toldBy !== before?.toldBy || now.payout !== before?.payout || now.amount !== before?.amount;
}

/** Its value is known, or nothing could ever tell it. */
function isWorkedOut(reading: Reading, snapshot: Snapshot): boolean {
  return measures.every((measure) => reading[measure] !== null || snapshot[measure] === null);
}

/** What only the record as a whole says; an update's own fields say it better or not at all. */
const ofRecord = ["ClearedDate", "StatusDetail", "Payout", "Amount", "DeltaPayout", "DeltaAmount"];

/** What is missing of updates in their order. An order of which nothing was told at all is told as one. */
function missingOnes(worked: Reading[], isMissing: (one: Reading) => boolean, snapshot: Snapshot): Missing[] {
  const orders = listOrders(worked).filter((group) => group.every(isMissing));
  return worked.filter(isMissing).flatMap((one) => {
    const order = orders.find((group) => group.includes(one)) ?? [one];
    return one === order.at(-1) ? [gapOf(order as [Reading], snapshot)] : [];
  });
}

function gapOf(order: [Reading, ...Reading[]], snapshot: Snapshot): Missing {
  const reading = order.at(-1) as Reading;
  const others = Object.entries(snapshot.fields).filter(([name]) => !ofRecord.includes(name));
  const { payout, amount, deltaPayout, deltaAmount } = together(order);
  const sums = order.length > 1 ? texts({ DeltaPayout: deltaPayout, DeltaAmount: deltaAmount }) : {};
  const fields = { ...Object.fromEntries(others), ...commonFields(order), ...sums, ...texts({ Payout: payout, Amount: amount }) };
  return { reading, others: order.slice(0, -1), kind: "action-lifecycle", fields, payout, deltaPayout, amount, deltaAmount };
}
