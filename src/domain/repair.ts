import { ledgerOf, type Standing, type Told } from "./action.ts";
import { measures, type Worth } from "./chain.ts";
import type { Event } from "./event.ts";
import type { Fields } from "./fields.ts";
import { formatMoney, type Micros } from "./money.ts";
import { match, type Reading, repeats, type Snapshot } from "./reading.ts";
import { formatInstant, hour, type Instant } from "./time.ts";
import { sureOnes, withWorth } from "./worth.ts";

/** All that is known of one action: its events in order of arrival, what the API says of it by date, and its record where that was read. */
export interface Case {
  sourceId: string;
  actionId: string;
  events: Told[];
  readings: Reading[];
  snapshot: Snapshot | null;
}

/** What no event told: a reading, and what the event that tells of it is to say. */
export interface Missing {
  reading: Reading;
  kind: "action-lifecycle" | "action-clearing";
  fields: Fields;
  payout: Micros | null;
  deltaPayout: Micros | null;
  amount: Micros | null;
  deltaAmount: Micros | null;
}

/** What a look at an action found out: readings that are told of or worked out now, and what is missing from its ledger. */
export interface Findings {
  readings: Reading[];
  missing: Missing[];
}

/** How patient a look is. */
export interface Patience {
  now: Instant;
  /** What happened after that may still be on its way to us. */
  missedBefore: Instant;
}

/** After so long a record that does not agree with its updates will not any more. */
const unclearMs = 6 * hour;

/** Compares an action's ledger with what impact.com's API says of it. */
export function examine({ sourceId, actionId, events, readings, snapshot }: Case, patience: Patience): Findings {
  const told = new Map(events.map((event) => [event.id, event]));
  const isFinal = readings.every(({ at }) => at < patience.now - unclearMs);
  const updates = readings.filter(({ kind }) => kind === "update");
  const others = readings.filter(({ kind }) => kind !== "update");
  const sure = sureOnes(updates, snapshot);
  const matches = match(withWorth(updates, told, snapshot, isFinal), events, ({ id }) => sure.has(id));
  const matched = updates.map((reading) => {
    const event = matches.get(reading.id);
    return event ? { ...reading, toldBy: event.origin, eventId: event.id } : reading;
  });
  const worked = withWorth(matched, told, snapshot, isFinal);
  const untold = worked.filter((one) => one.toldBy === null && one.at <= patience.missedBefore);
  const missing = snapshot ? untold.filter((one) => isWorkedOut(one, snapshot)).map((one) => update(one, snapshot)) : [];

  const isWhole = snapshot !== null && worked.every((one) => one.toldBy !== null || missing.some(({ reading }) => reading === one));
  const arrived = events.filter(({ receivedAt }) => receivedAt <= patience.missedBefore);
  const known = [...worked, ...others, ...(isWhole ? repeats([...worked, ...others], arrived) : [])];
  const isInArchive = readings.some(({ eventId }) => eventId !== null && !told.has(eventId));
  if (snapshot && !isInArchive) missing.push(...states({ sourceId, actionId, events, readings: known, snapshot }, missing, patience));
  const before = new Map(readings.map((reading) => [reading.id, reading]));
  return { readings: known.filter((one) => hasChanged(one, before.get(one.id))), missing };
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

function update(reading: Reading, snapshot: Snapshot): Missing {
  const others = Object.entries(snapshot.fields).filter(([name]) => !ofRecord.includes(name));
  const { payout, amount, deltaPayout, deltaAmount } = reading;
  const fields = { ...Object.fromEntries(others), ...reading.fields, ...texts({ Payout: payout, Amount: amount }) };
  return { reading, kind: "action-lifecycle", fields, payout, deltaPayout, amount, deltaAmount };
}

/** Where the action has come without an update, or otherwise than all events together tell. */
function states(one: Required<Case> & { snapshot: Snapshot }, missing: Missing[], { now, missedBefore }: Patience): Missing[] {
  const { snapshot, readings, events } = one;
  const repaired = events.map((event) => dated(event, readings));
  const current = ledgerOf([...repaired, ...missing.map((gap) => asEvent(one, gap, now))]).current;
  const found: Missing[] = [];
  const latest = Math.max(0, ...readings.map(({ at }) => at), ...events.map(({ receivedAt }) => receivedAt));

  const isApproved = snapshot.status === "APPROVED" && current.state !== "APPROVED";
  const isKnown = events.length + readings.length > 0;
  if (isKnown && (isApproved || (differs(current, snapshot) && isSettled(one, missedBefore)))) {
    const at = isApproved ? Math.min(now, Math.max(snapshot.lockingDate ?? now, latest)) : now;
    found.push(statement(one, isApproved ? "approval" : "correction", at, current));
  }
  const { clearedDate } = snapshot;
  if (isKnown && clearedDate !== null && clearedDate <= missedBefore && !current.isCleared)
    found.push(statement(one, "clearing", clearedDate, current));
  return found;
}

function differs(current: Standing, snapshot: Snapshot): boolean {
  return (
    (current.state !== null && current.state !== snapshot.status) ||
    measures.some((measure) => current[measure] !== null && snapshot[measure] !== null && current[measure] !== snapshot[measure]) ||
    (current.currency !== null && snapshot.currency !== null && current.currency !== snapshot.currency)
  );
}

/** Whether record and updates agree, and no postback that is not among the updates yet came a short while ago. */
function isSettled({ readings, events, snapshot }: Case & { snapshot: Snapshot }, missedBefore: Instant): boolean {
  const last = readings.findLast(({ kind }) => kind === "update");
  const told = new Set(readings.map(({ eventId }) => eventId));
  if (events.some(({ id, origin, receivedAt }) => origin === "postback" && !told.has(id) && receivedAt > missedBefore)) return false;
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
  const [deltaPayout, deltaAmount] = isClearing ? [null, null] : [change(payout, current.payout), change(amount, current.amount)];
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
  return { reading, kind: isClearing ? "action-clearing" : "action-lifecycle", fields: told, payout, deltaPayout, amount, deltaAmount };
}

function change(value: Micros | null, before: Micros | null): Micros | null {
  return value === null ? null : value - (before ?? 0n);
}

function texts(amounts: Record<string, Micros | null>): Fields {
  return Object.fromEntries(Object.entries(amounts).flatMap(([name, micros]) => (micros === null ? [] : [[name, formatMoney(micros)]])));
}

function dated(event: Told, readings: Reading[]): Told {
  const reading = readings.findLast(({ eventId }) => eventId === event.id);
  return reading ? { ...event, reading: { ...reading, isRepeat: reading.kind === "repeat" } } : event;
}

/** As much of an event as a ledger looks at. */
function asEvent({ sourceId, actionId }: Case, { reading, kind, ...parts }: Missing, now: Instant): Told {
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
  return { ...event, ...amounts, fields: parts.fields, fingerprint: reading.id, reading: { ...reading, isRepeat: false } } as Told;
}
