import type { Dated, Told } from "../domain/action.ts";
import type { Event } from "../domain/event.ts";
import type { Micros } from "../domain/money.ts";
import { eventColumns, eventOf } from "./events.ts";
import { jsonOf, microsOut, numberOf, type Row } from "./rows.ts";

/** A source, and what one of its events is about. */
export type Key = [sourceId: string, subject: string];

/** impact.com allows 1,000 changes of an action. */
const mostOfOne = 2000;

const eventsOfSubject = `
  select ${eventColumns} from events
  where source_id in (select id from sources) and subject = ?1 order by id desc limit ${mostOfOne}`;

/** The events about anything, of all sources, in the order of their arrival. */
export async function listSubjectEvents(db: D1Database, subject: string): Promise<Event[]> {
  const { results } = await db.prepare(eventsOfSubject).bind(subject).all<Row>();
  return results.map(eventOf).reverse();
}

const readingsOfOne = `
  select source_id, event_id, kind, at, cast(payout as text) as payout, cast(amount as text) as amount,
    cast(delta_payout as text) as delta_payout, cast(delta_amount as text) as delta_amount, fields from readings
  where source_id in (select id from sources) and action_id = ?1 and event_id is not null order by at, length(id), id`;

/** The events about an action, of all sources, in the order of their arrival, with what the API says of them. */
export async function listActionEvents(db: D1Database, actionId: string): Promise<Told[]> {
  const [events, readings] = await db.batch<Row>([
    db.prepare(eventsOfSubject).bind(`action:${actionId}`),
    db.prepare(readingsOfOne).bind(actionId),
  ]);
  return withReadings((events?.results ?? []).reverse(), readings?.results ?? []);
}

/** The keys in ?1. */
const asked = `(select value ->> 0 as asked_source, value ->> 1 as asked_subject from json_each(?1))`;

const eventsOfMany = `
  select ${eventColumns} from ${asked} cross join events on source_id = asked_source and subject = asked_subject order by id`;

const readingsOfMany = `
  select source_id, event_id, kind, at, cast(payout as text) as payout, cast(amount as text) as amount,
    cast(delta_payout as text) as delta_payout, cast(delta_amount as text) as delta_amount, fields
  from ${asked} cross join readings on source_id = asked_source and action_id = substr(asked_subject, ${"action:".length + 1})
  where event_id is not null order by at, length(id), id`;

/** The events of many subjects, each's in the order of their arrival, with what the API says of those of actions. */
export async function listEventsOf(db: D1Database, keys: Key[]): Promise<Told[][]> {
  const asked = JSON.stringify(keys);
  const [events, readings] = await db.batch<Row>([db.prepare(eventsOfMany).bind(asked), db.prepare(readingsOfMany).bind(asked)]);
  const told = withReadings(events?.results ?? [], readings?.results ?? []);
  return [...Map.groupBy(told, ({ sourceId, subject }) => `${sourceId}/${subject}`).values()];
}

/** Of several readings that one event tells (impact.com dates each item of an order), the last one counts. */
function withReadings(events: Row[], readings: Row[]): Told[] {
  const dated = new Map<string, Dated>();
  for (const [nth, row] of readings.entries()) {
    const key = `${row["source_id"]}/${row["event_id"]}`;
    dated.set(key, together(dated.get(key), datedOf(row, nth)));
  }
  return events.map(eventOf).map((event) => {
    const reading = dated.get(`${event.sourceId}/${event.id}`);
    return reading ? { ...event, reading } : event;
  });
}

function together(before: Dated | undefined, last: Dated): Dated {
  if (!before) return last;
  const sum = (one: Micros | null, other: Micros | null) => (one === null || other === null ? null : one + other);
  return { ...last, deltaPayout: sum(before.deltaPayout, last.deltaPayout), deltaAmount: sum(before.deltaAmount, last.deltaAmount) };
}

function datedOf(row: Row, nth: number): Dated {
  return {
    nth,
    at: numberOf(row, "at"),
    payout: microsOut(row["payout"]),
    amount: microsOut(row["amount"]),
    deltaPayout: microsOut(row["delta_payout"]),
    deltaAmount: microsOut(row["delta_amount"]),
    fields: jsonOf(row, "fields"),
    isRepeat: row["kind"] === "repeat",
  };
}
