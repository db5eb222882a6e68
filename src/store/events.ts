import type { Event, Origin } from "../domain/event.ts";
import type { EventKind, EventType } from "../domain/kind.ts";
import type { Instant } from "../domain/time.ts";
import { receiptColumns, receiptOf, type StoredReceipt } from "./receipts.ts";
import { jsonOf, microsOut, numberOf, type Row, textOf } from "./rows.ts";

export const eventColumns = `
  id, source_id, origin, kind, type, subject, fingerprint, action_id, status, is_test, received_at, occurred_at, currency,
  cast(payout as text) as payout, cast(delta_payout as text) as delta_payout,
  cast(amount as text) as amount, cast(delta_amount as text) as delta_amount, fields, nested, warnings`;

const findById = `select ${eventColumns}, ${receiptColumns} from events where id = ?1`;

/** One event and the receipt it was read from, or null. */
export async function findEvent(db: D1Database, id: string): Promise<{ event: Event; receipt: StoredReceipt } | null> {
  const row = await db.prepare(findById).bind(id).first<Row>();
  return row && { event: eventOf(row), receipt: receiptOf(row) };
}

/** Reads events by their ids, in the batch of somebody else's statement. */
export const selectEvents = `select ${eventColumns} from events where id in (select value from json_each(?1))`;

/** Events by their ids, in no order. */
export async function listEventsById(db: D1Database, ids: string[]): Promise<Event[]> {
  const { results } = await db.prepare(selectEvents).bind(JSON.stringify(ids)).all<Row>();
  return results.map(eventOf);
}

/** An event from its row. */
export function eventOf(row: Row): Event {
  const subject = textOf(row, "subject");
  const fingerprint = textOf(row, "fingerprint");
  return {
    id: textOf(row, "id"),
    sourceId: textOf(row, "source_id"),
    origin: textOf(row, "origin") as Origin,
    kind: textOf(row, "kind") as EventKind,
    type: textOf(row, "type") as EventType,
    subject: subject === fingerprint ? null : subject,
    fingerprint,
    actionId: row["action_id"] as string | null,
    status: row["status"] as string | null,
    isTest: row["is_test"] === 1,
    receivedAt: numberOf(row, "received_at") as Instant,
    occurredAt: row["occurred_at"] as Instant | null,
    currency: row["currency"] as string | null,
    payout: microsOut(row["payout"]),
    deltaPayout: microsOut(row["delta_payout"]),
    amount: microsOut(row["amount"]),
    deltaAmount: microsOut(row["delta_amount"]),
    fields: jsonOf(row, "fields"),
    nested: jsonOf(row, "nested"),
    warnings: jsonOf(row, "warnings"),
  };
}
