import { type Case, type Findings, type Missing, type Patience, texts } from "./case.ts";
import { measures } from "./chain.ts";
import { match, type Reading, repeats, type Snapshot } from "./reading.ts";
import { states } from "./states.ts";
import { hour } from "./time.ts";
import { sureOnes, withWorth } from "./worth.ts";

/** After so long a record that does not agree with its updates will not any more. */
const unclearMs = 6 * hour;

/** Compares an action's ledger with what impact.com's API says of it. */
export function examine({ sourceId, actionId, events, readings, snapshot }: Case, patience: Patience): Findings {
  const told = new Map(events.map((event) => [event.id, event]));
  const { unchangedSince = null } = patience;
  const isFinal = unchangedSince !== null && unchangedSince < patience.now - unclearMs;
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
  const arrived = events.filter(({ receivedAt }) => receivedAt <= (patience.arrivedBefore ?? patience.missedBefore));
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
