import type { Event } from "../domain/event.ts";
import type { Receipt } from "../domain/receipt.ts";
import { day, minute, second } from "../domain/time.ts";
import { ringGraceMs } from "./deliveries.ts";
import { quarantining, type Refusal } from "./quarantine.ts";
import { receiptCells, receiptColumns } from "./receipts.ts";
import { microsIn, type Row } from "./rows.ts";
import type { Batching } from "./together.ts";

/** What arrives within so long, in whatever order it is stored, and says the same, with nothing in between, is one notification. */
const atOnceMs = minute;

/** impact.com does not say for how long it repeats a call; others have seen some days. */
const underWayMs = 7 * day;

/** That a row of events says the same as these parameters, as far as both say anything. Micros come as text. */
function saysWhat({ kind, status, ...amounts }: Record<"kind" | "status" | "payout" | "deltaPayout" | "amount" | "deltaAmount", string>) {
  const columns = { payout: "payout", deltaPayout: "delta_payout", amount: "amount", deltaAmount: "delta_amount" };
  const equal = Object.entries(columns).map(([name, column]) => {
    const parameter = amounts[name as keyof typeof amounts];
    return `(${parameter} is null or ${column} is null or ${column} = cast(${parameter} as integer))`;
  });
  // impact.com's documents call an update's State the current one of its action, so that it may be a later one than the postback's.
  const hasMoved = `coalesce(cast(${amounts.deltaPayout} as integer), 0) <> 0 or coalesce(cast(${amounts.deltaAmount} as integer), 0) <> 0`;
  return `kind = ${kind} and (${status} is null or status is ${status} or ${hasMoved}) and ${equal.join(" and ")}`;
}

/**
 * The duplicate rule, decided inside the insert: an event is a repeat when another of its subject, that arrived less than a window
 * before or after it (between ?25 and ?26), has its fingerprint, or when the last of its subject to arrive before it has, at any age.
 * One that comes late, out of the intake Queue, is thus taken for what it would have been in time; of copies that come at once, the
 * last to arrive may be stored first. Events without a subject stand under their own fingerprint, where the second rule would make
 * two equal sales of two days one (?27 is 0). Neither does it hold where a job's result is to be fetched: the same words may tell of
 * another run of the job, and that is for `collect` to find out.
 *
 * A postback that comes after reconciliation has told what it says is a repeat of that, for as long as it may still be under way;
 * but for jobs, which may run again.
 */
const insertEvent = `
  insert into events (
    id, source_id, kind, type, subject, fingerprint, action_id, status, is_test, received_at, occurred_at, currency,
    payout, delta_payout, amount, delta_amount, fields, nested, warnings, ${receiptColumns}, origin
  )
  select
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
    cast(?13 as integer), cast(?14 as integer), cast(?15 as integer), cast(?16 as integer), ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?28
  where not exists (
    select 1 from events
    where source_id = ?2 and subject = ?5 and fingerprint = ?6 and received_at > ?25 and received_at < ?26
  )
  and not exists (
    select 1 from (select fingerprint from events where source_id = ?2 and subject = ?5 and id < ?1 order by id desc limit 1)
    where ?27 = 1 and fingerprint = ?6
  )
  and not exists (
    select 1 from (select fingerprint, received_at from events where source_id = ?2 and subject = ?5 and id > ?1 order by id limit 1)
    where ?27 = 1 and fingerprint = ?6 and received_at < ?10 + ${atOnceMs}
  )
  and not exists (
    select 1 from events
    where ?28 = 'postback' and ?3 <> 'job-completion' and source_id = ?2 and subject = ?5 and ${saysWhat({ kind: "?3", status: "?8", payout: "?13", deltaPayout: "?14", amount: "?15", deltaAmount: "?16" })}
    and origin = 'reconciliation' and received_at > ?10 - ${underWayMs}
  )
  on conflict (id) do nothing`;

/** For each of many events itself, or the latest that it repeats; null when it is neither. */
const findTwins = `
  select coalesce((
    select id from events
    where source_id = value ->> 0 and subject = value ->> 1 and fingerprint = value ->> 2
    order by id = value ->> 3 desc, id desc limit 1
  ), (
    select id from events
    where source_id = value ->> 0 and subject = value ->> 1 and origin = 'reconciliation' and ${saysWhat({
      kind: "value ->> 4",
      status: "value ->> 5",
      payout: "value ->> 6",
      deltaPayout: "value ->> 7",
      amount: "value ->> 8",
      deltaAmount: "value ->> 9",
    })}
    order by id desc limit 1
  )) as id from json_each(?1) order by key`;

const insertForEvent = `
  insert into deliveries (event_id, destination_id, action, next_at, ring_at, created_at, updated_at)
  select ?1, value ->> 'destinationId', value ->> 'action', ?3, ?4, ?3, ?3 from json_each(?2)
  where exists (select 1 from events where id = ?1)
  and not (value ->> 'once' and exists (
    select 1 from deliveries where destination_id = value ->> 'destinationId' and action = value ->> 'action'
  ))
  on conflict (event_id, destination_id) do nothing`;

const insertJobFile = `
  insert into job_files (hint_event_id, source_id, job_id, next_at, created_at, updated_at)
  select ?1, ?2, ?3, ?4, ?4, ?4 where exists (select 1 from events where id = ?1)
  on conflict (hint_event_id) do nothing`;

/** A delivery that an event is to have. `once`: unless the destination has one of the same action already. */
export interface Selected {
  destinationId: string;
  action: string | null;
  once: boolean;
}

/** An event to be written, with its receipt and its deliveries. `dedupeWindow` in seconds; `jobId`: of the job whose result is to be fetched. */
export interface Posting {
  receipt: Receipt;
  event: Event;
  selected: Selected[];
  dedupeWindow: number;
  jobId?: string;
}

/** How a save ended: stored under its own id, or recognised as a repeat of `id`. */
export interface Saved {
  id: string;
  isDuplicate: boolean;
}

/**
 * Writes events, each with its receipt and its deliveries, and what goes to quarantine, in one round trip and one transaction: the
 * outbox. A repeat writes nothing. Saving the same event again (its answer was lost) finds itself and is no duplicate.
 */
export async function saveAll(db: Batching, all: (Posting | Refusal)[]): Promise<Saved[]> {
  const postings = all.filter((one) => "event" in one);
  const refusals = all.filter((one) => "problem" in one);
  const twins = JSON.stringify(postings.map(({ event }) => twinOf(event)));
  const results = await db.batch<Row>([
    ...refusals.map((refusal) => quarantining(db, refusal)),
    ...postings.flatMap((posting) => inserting(db, posting)),
    ...(postings.length > 0 ? [db.prepare(findTwins).bind(twins)] : []),
  ]);
  const ids = new Map(postings.map(({ event }, nth) => [event.id, results.at(-1)?.results[nth]?.["id"] as string | null]));
  return all.map((one) => {
    const own = "event" in one ? one.event.id : one.receipt.id;
    const id = ids.get(own) ?? own;
    return { id, isDuplicate: id !== own };
  });
}

/** The event itself, and its deliveries, which are not written unless it was. */
function inserting(db: Batching, { event, receipt, selected, dedupeWindow, jobId }: Posting): D1PreparedStatement[] {
  const window = event.subject === null ? day : dedupeWindow * second;
  const insertion = db
    .prepare(insertEvent)
    .bind(
      event.id,
      event.sourceId,
      event.kind,
      event.type,
      subjectOf(event),
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
      event.receivedAt + window,
      event.subject === null || jobId !== undefined ? 0 : 1,
      event.origin,
    );
  const { id, sourceId, receivedAt } = event;
  const file = jobId === undefined ? [] : [db.prepare(insertJobFile).bind(id, sourceId, jobId, receivedAt)];
  if (selected.length === 0) return [insertion, ...file];
  return [insertion, ...file, db.prepare(insertForEvent).bind(id, JSON.stringify(selected), receivedAt, receivedAt + ringGraceMs)];
}

/** What `findTwins` is asked. */
function twinOf(event: Event): (string | null)[] {
  const { sourceId, fingerprint, id, kind, status } = event;
  const amounts = [event.payout, event.deltaPayout, event.amount, event.deltaAmount].map(microsIn);
  return [sourceId, subjectOf(event), fingerprint, id, kind, status, ...amounts];
}

function subjectOf({ subject, fingerprint }: Event): string {
  return subject ?? fingerprint;
}
