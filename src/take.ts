import type { App } from "./app.ts";
import type { Told } from "./domain/action.ts";
import type { Patience } from "./domain/case.ts";
import { parseMoney } from "./domain/money.ts";
import type { Reading, Snapshot } from "./domain/reading.ts";
import { examine } from "./domain/repair.ts";
import { type ActionRecord, actionOf, type InquiryRecord, inquiryOf, type Read, type UpdateRecord, updateOf } from "./impact/map.ts";
import type { Rec } from "./impact/page.ts";
import { type Errand, repair, type Untold } from "./repair.ts";
import { type Key, listEventsOf } from "./store/ledgers.ts";
import { listReadingsOf, saveReadings } from "./store/readings.ts";
import { readSeen } from "./store/repairs.ts";

/** What became of records: how many there were, and which could not be read. */
export interface Taken {
  records: number;
  mistakes: string[];
}

type Taking = Errand & Patience;

/** So many actions or inquiries are looked at at once. */
const slice = 200;

/** Keeps updates of actions: they wait for the record of their action, which tells what they led to. */
export async function takeUpdates(app: App, taking: Taking, recs: Rec[]): Promise<Taken> {
  const { records, mistakes } = sorted(recs.map(updateOf));
  const readings = records.map((record) => readingOf(taking, record));
  for (const some of sliced(readings, slice)) await saveReadings(app.db, some);
  return { records: recs.length, mistakes };
}

/** Compares the records of actions with their ledgers, and makes good what is missing there. */
export async function takeActions(app: App, taking: Taking, recs: Rec[]): Promise<Taken> {
  const { records, mistakes } = sorted(recs.map(actionOf));
  for (const some of sliced(records, slice)) {
    const snapshots = new Map(some.map((record) => [record.actionId, record as ActionRecord & Snapshot]));
    await compare(app, taking, [...snapshots.keys()], snapshots);
  }
  return { records: recs.length, mistakes };
}

async function compare(app: App, taking: Taking, ids: string[], snapshots: Map<string, Snapshot>): Promise<void> {
  const { id: sourceId } = taking.source;
  const seen = await readSeen(app.db);
  const [told, readings] = await Promise.all([
    listEventsOf(
      app.db,
      ids.map((id): Key => [sourceId, `action:${id}`]),
    ),
    listReadingsOf(
      app.db,
      ids.map((id) => [sourceId, id]),
    ),
  ]);
  const events = new Map(told.map((some) => [some[0]?.actionId ?? "", some]));
  const said = Map.groupBy(readings, ({ actionId }) => actionId);
  const findings = ids.map((actionId) => {
    const one = { sourceId, actionId, events: events.get(actionId) ?? [], readings: said.get(actionId) ?? [] };
    return examine({ ...one, snapshot: snapshots.get(actionId) ?? null }, taking);
  });
  const untold = findings.flatMap(({ missing }) => missing.map((one) => ({ ...one, nested: {}, effectiveAt: one.reading.at })));
  await repair(
    app,
    taking,
    seen,
    untold,
    findings.flatMap((one) => one.readings),
  );
}

/** Compares inquiries with what was told of them. */
export async function takeInquiries(app: App, taking: Taking, recs: Rec[]): Promise<Taken> {
  const { records, mistakes } = sorted(recs.map(inquiryOf));
  for (const some of sliced(records, slice)) {
    const seen = await readSeen(app.db);
    const told = await listEventsOf(
      app.db,
      some.map(({ id }): Key => [taking.source.id, `inquiry:${id}`]),
    );
    const known = new Map(told.map((events) => [events[0]?.subject, events]));
    const untold = some.filter((record) => isMissing(record, known.get(`inquiry:${record.id}`) ?? [], taking)).map(inquiryUntold);
    await repair(app, taking, seen, untold, []);
  }
  return { records: recs.length, mistakes };
}

function isMissing(record: InquiryRecord, events: Told[], { missedBefore }: Patience): boolean {
  const isTold = events.some(({ status }) => (status ?? "UNRESOLVED") === record.status);
  return !isTold && (momentOf(record) ?? 0) <= missedBefore;
}

function inquiryUntold(record: InquiryRecord): Untold {
  const { fields, nested } = record;
  const money = (name: string) => parseMoney(fields[name] ?? "");
  return {
    kind: "action-inquiry",
    fields,
    nested,
    effectiveAt: momentOf(record),
    reading: null,
    payout: money("FinalPayout"),
    deltaPayout: null,
    amount: money("TransactionAmount"),
    deltaAmount: null,
  };
}

function momentOf({ status, createdAt, resolvedAt }: InquiryRecord) {
  return status === "UNRESOLVED" ? createdAt : resolvedAt;
}

function readingOf({ source }: Taking, record: UpdateRecord): Reading {
  const { id, actionId, at, status, statusDetail, deltaPayout, deltaAmount, fields } = record;
  const told = { payout: null, amount: null, toldBy: null, eventId: null };
  return { sourceId: source.id, actionId, id, kind: "update", at, status, statusDetail, deltaPayout, deltaAmount, fields, ...told };
}

function sorted<T>(read: Read<T>[]): { records: T[]; mistakes: string[] } {
  return {
    records: read.flatMap((one) => (one.ok ? [one.record] : [])),
    mistakes: read.flatMap((one) => (one.ok ? [] : [one.mistake])),
  };
}

function sliced<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, nth) => all.slice(nth * size, (nth + 1) * size));
}
