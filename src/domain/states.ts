import { ledgerOf, type Standing, type Told } from "./action.ts";
import { type Case, type Missing, type Patience, texts } from "./case.ts";
import { measures, type Worth } from "./chain.ts";
import type { Event } from "./event.ts";
import type { Micros } from "./money.ts";
import type { Reading, Snapshot } from "./reading.ts";
import { formatInstant, type Instant } from "./time.ts";

/** Where the action has come without an update, or otherwise than all events together tell. */
export function states(
  one: Required<Case> & { snapshot: Snapshot },
  missing: Missing[],
  { now, missedBefore, arrivedBefore = missedBefore }: Patience,
): Missing[] {
  const { snapshot, readings, events } = one;
  const repaired = events.map((event) => dated(event, readings));
  const nthOf = ({ reading }: Missing) => readings.findIndex(({ id }) => id === reading.id);
  const current = ledgerOf([...repaired, ...missing.map((gap) => asEvent(one, gap, nthOf(gap), now))]).current;
  const found: Missing[] = [];
  const latest = Math.max(0, ...readings.map(({ at }) => at), ...events.map(({ receivedAt }) => receivedAt));

  const isTold = readings.some((one) => one.kind === "approval" && one.toldBy !== null && !readings.some((other) => isAfter(other, one)));
  const isApproved = snapshot.status === "APPROVED" && current.state !== "APPROVED" && !isTold;
  const isKnown = events.length + readings.length > 0;
  if (isKnown && (isApproved || (differs(current, snapshot) && isSettled(one, missedBefore, arrivedBefore)))) {
    const at = isApproved ? Math.min(now, Math.max(snapshot.lockingDate ?? now, latest)) : now;
    found.push(statement(one, isApproved ? "approval" : "correction", at, current));
  }
  const { clearedDate } = snapshot;
  if (isKnown && clearedDate !== null && clearedDate <= missedBefore && !current.isCleared)
    found.push(statement(one, "clearing", clearedDate, current));
  return found;
}

/** Whether it is an update behind another reading. */
function isAfter(other: Reading, one: Reading): boolean {
  return other.kind === "update" && other.at > one.at;
}

function differs(current: Standing, snapshot: Snapshot): boolean {
  return (
    (current.state !== null && current.state !== snapshot.status) ||
    measures.some((measure) => current[measure] !== null && snapshot[measure] !== null && current[measure] !== snapshot[measure]) ||
    (current.currency !== null && snapshot.currency !== null && current.currency !== snapshot.currency)
  );
}

/** Whether record and updates agree, and no postback that is not among the updates yet came a short while ago. */
function isSettled({ readings, events, snapshot }: Case & { snapshot: Snapshot }, missedBefore: Instant, arrivedBefore: Instant): boolean {
  const last = readings.findLast(({ kind }) => kind === "update");
  const told = new Set(readings.map(({ eventId }) => eventId));
  if (events.some(({ id, origin, receivedAt }) => origin === "postback" && !told.has(id) && receivedAt > arrivedBefore)) return false;
  if (!last) return true;
  const agrees = (snapshot.status === last.status || snapshot.status === "APPROVED") && last.at <= missedBefore;
  return agrees && measures.every((measure) => last[measure] === null || last[measure] === snapshot[measure]);
}

function statement(
  { sourceId, actionId, snapshot }: Case & { snapshot: Snapshot },
  kind: Reading["kind"],
  at: Instant,
  current: Worth,
): Missing {
  const { payout, amount, status, fields } = snapshot;
  const isClearing = kind === "clearing";
  const [deltaPayout, deltaAmount] = deltasOf(kind, snapshot, current);
  const { DeltaPayout: _payout, DeltaAmount: _amount, ClearedDate, ...others } = fields;
  const told = {
    ...others,
    ...texts({ DeltaPayout: deltaPayout, DeltaAmount: deltaAmount }),
    ...(isClearing && ClearedDate && { ClearedDate }),
  };
  const id = isClearing ? "clearing" : `${kind} ${formatInstant(at)}`;
  const reading: Reading = {
    sourceId,
    actionId,
    id,
    kind,
    at,
    status,
    statusDetail: null,
    payout,
    deltaPayout,
    amount,
    deltaAmount,
    fields: {},
    toldBy: null,
    eventId: null,
  };
  const amounts = { payout, deltaPayout, amount, deltaAmount };
  return { reading, others: [], kind: isClearing ? "action-clearing" : "action-lifecycle", fields: told, ...amounts };
}

/** An approval by date changes nothing: where the record says something else than the ledger, an update is missing, which tells it. */
function deltasOf(kind: Reading["kind"], { payout, amount }: Worth, current: Worth): [Micros | null, Micros | null] {
  if (kind === "clearing") return [null, null];
  if (kind === "approval") return [payout === null ? null : 0n, amount === null ? null : 0n];
  return [change(payout, current.payout), change(amount, current.amount)];
}

function change(value: Micros | null, before: Micros | null): Micros | null {
  return value === null ? null : value - (before ?? 0n);
}

function dated(event: Told, readings: Reading[]): Told {
  const nth = readings.findLastIndex(({ eventId }) => eventId === event.id);
  const reading = readings[nth];
  return reading ? { ...event, reading: { ...reading, nth, isRepeat: reading.kind === "repeat" } } : event;
}

/** As much of an event as a ledger looks at. */
function asEvent({ sourceId, actionId }: Case, { reading, kind, ...parts }: Missing, nth: number, now: Instant): Told {
  const amounts = { payout: parts.payout, deltaPayout: parts.deltaPayout, amount: parts.amount, deltaAmount: parts.deltaAmount };
  const currency = parts.fields["Currency"] ?? null;
  const event: Partial<Event> = {
    id: reading.id,
    sourceId,
    actionId,
    kind,
    status: reading.status,
    receivedAt: now,
    occurredAt: null,
    currency,
  };
  return { ...event, ...amounts, fields: parts.fields, fingerprint: reading.id, reading: { ...reading, nth, isRepeat: false } } as Told;
}
