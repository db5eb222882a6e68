import type { Event } from "../domain/event.ts";
import type { Receipt } from "../domain/receipt.ts";
import { day, type Instant, second } from "../domain/time.ts";
import { ringGraceMs } from "./deliveries.ts";
import { receiptCells, receiptColumns } from "./receipts.ts";
import { microsIn, type Row } from "./rows.ts";

/**
 * The duplicate rule, decided inside the insert: an event is a repeat when any event of its subject younger than the window
 * has its fingerprint (?25: not older than), or when the latest of its subject has it, at any age. Events without a subject
 * stand under their own fingerprint, where the rule of the latest would make two equal sales of two days one (?26 is 0).
 */
const insertEvent = `
  insert into events (
    id, source_id, kind, type, subject, fingerprint, action_id, status, is_test, received_at, occurred_at, currency,
    payout, delta_payout, amount, delta_amount, fields, nested, warnings, ${receiptColumns}
  )
  select
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
    cast(?13 as integer), cast(?14 as integer), cast(?15 as integer), cast(?16 as integer), ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24
  where not exists (
    select 1 from events
    where source_id = ?2 and subject = ?5 and fingerprint = ?6 and received_at > ?25
  )
  and not exists (
    select 1 from (select fingerprint from events where source_id = ?2 and subject = ?5 order by seq desc limit 1)
    where ?26 = 1 and fingerprint = ?6
  )
  on conflict (id) do nothing`;

/** The event itself, or the first that it repeats. */
const findTwin = `
  select id from events
  where source_id = ?1 and subject = ?2 and fingerprint = ?3
  order by id = ?4 desc, seq desc limit 1`;

const insertForEvent = `
  insert into deliveries (event_id, destination_id, action, next_at, ring_at, created_at, updated_at)
  select ?1, value ->> 'destinationId', value ->> 'action', ?3, ?4, ?3, ?3 from json_each(?2)
  where exists (select 1 from events where id = ?1)
  and not (value ->> 'once' and exists (
    select 1 from deliveries where destination_id = value ->> 'destinationId' and action = value ->> 'action'
  ))
  on conflict (event_id, destination_id) do nothing`;

/** A delivery that an event is to have. `once`: unless the destination has one of the same action already. */
export interface Selected {
  destinationId: string;
  action: string | null;
  once: boolean;
}

/** How a save ended: stored under its own id, or recognised as a repeat of `id`. */
export interface Saved {
  id: string;
  isDuplicate: boolean;
}

/**
 * Writes an event, its receipt and its deliveries in one round trip and one transaction: the outbox. A repeat writes nothing.
 * Saving the same event again (its answer was lost) finds itself and is no duplicate. `dedupeWindow` in seconds.
 */
export async function saveEvent(
  db: D1Database,
  event: Event,
  receipt: Receipt,
  selected: Selected[],
  dedupeWindow: number,
): Promise<Saved> {
  const subject = event.subject ?? event.fingerprint;
  const window = event.subject === null ? day : dedupeWindow * second;
  const [, twin] = await db.batch<Row>([
    db
      .prepare(insertEvent)
      .bind(
        event.id,
        event.sourceId,
        event.kind,
        event.type,
        subject,
        event.fingerprint,
        event.actionId,
        event.status,
        event.isTest ? 1 : 0,
        event.receivedAt,
        event.occurredAt,
        event.currency,
        microsIn(event.payout),
        microsIn(event.deltaPayout),
        microsIn(event.amount),
        microsIn(event.deltaAmount),
        JSON.stringify(event.fields),
        JSON.stringify(event.nested),
        JSON.stringify(event.warnings),
        ...receiptCells(receipt),
        event.receivedAt - window,
        event.subject === null ? 0 : 1,
      ),
    db.prepare(findTwin).bind(event.sourceId, subject, event.fingerprint, event.id),
    ...insertDeliveries(db, event.id, selected, event.receivedAt),
  ]);
  const id = (twin?.results[0]?.["id"] as string | undefined) ?? event.id;
  return { id, isDuplicate: id !== event.id };
}

/** Writes nothing unless the event itself was written. */
function insertDeliveries(db: D1Database, eventId: string, selected: Selected[], now: Instant): D1PreparedStatement[] {
  if (selected.length === 0) return [];
  return [db.prepare(insertForEvent).bind(eventId, JSON.stringify(selected), now, now + ringGraceMs)];
}
