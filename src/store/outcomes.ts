import type { Delivery, Outcome } from "../domain/delivery.ts";
import { breaker, type Health } from "../domain/destination.ts";
import type { Instant } from "../domain/time.ts";
import { ringGraceMs } from "./deliveries.ts";
import { addToPulse } from "./destination-pulses.ts";
import { numberOf, type Row, textOf } from "./rows.ts";
import type { Batching } from "./together.ts";

const insertAttempt = `
  insert into attempts (
    event_id, destination_id, number, at, delivered, status, reason, latency_ms, response_headers, response_body, request_headers, next_at
  )
  select ?1, ?2, attempts + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 from deliveries
  where event_id = ?1 and destination_id = ?2 and not (?12 and exists (
    select 1 from attempts where event_id = ?1 and destination_id = ?2 and at = ?3
  ))`;

/** True after an attempt was inserted and until its delivery counts it; so nothing is done twice when all of it was written before. */
const isNoted = `exists (select 1 from attempts a where a.event_id = ?1 and a.destination_id = ?2 and a.number = d.attempts + 1)`;
const isNew = `exists (select 1 from deliveries d where d.event_id = ?1 and d.destination_id = ?2 and ${isNoted})`;

/** Counted once: before the delivery's own row says that it has ended, by the attempt that decides it. */
const countForRecovery = `
  update recoveries set delivered = delivered + ?3, failed = failed + ?4
  where id = (
    select recovery_id from deliveries d
    where event_id = ?1 and destination_id = ?2 and state = 'pending' and ${isNoted} and (?3 = 1 or ?5 is null or next_at = ?5)
  )`;

/** What fails after another attempt has delivered, or when its lease (?9) is not the row's any more, decides nothing. */
const decides = `(?3 = 'delivered' or (state <> 'delivered' and (?9 is null or next_at = ?9)))`;

const concludeDelivery = `
  update deliveries as d set
    attempts = attempts + 1, updated_at = ?7, leased_until = iif(${decides}, null, leased_until), version = coalesce(version, ?8),
    state = iif(${decides}, ?3, state), reason = iif(${decides}, ?6, reason),
    next_at = iif(${decides}, ?4, next_at), ring_at = iif(${decides}, ?5, ring_at)
  where event_id = ?1 and destination_id = ?2 and ${isNoted}`;

const countInPulse = addToPulse(isNew);

const readHealth = `select failures, failing_since, open_until, warned_at from destinations where id = ?1`;

const recordSuccess = `
  update destinations set failures = 0, failing_since = null, open_until = null, warned_at = null
  where id = ?2 and failures > 0 and ${isNew}`;

const recordFailure = `
  update destinations set
    failures = failures + 1, failing_since = coalesce(failing_since, ?3),
    open_until = iif(failures + 1 >= ${breaker.failures}, ?3 + ${breaker.openMs}, open_until)
  where id = ?2 and ${isNew}`;

const findNext = `
  select event_id from deliveries
  where destination_id = ?1 and action = ?2 and state = 'pending' and event_id <> ?3
  order by event_id limit 1`;

/** How a destination answered before and after an attempt, and who is next in line for it. */
export interface Recorded {
  before: Health;
  after: Health & { warnedAt: Instant | null };
  /** Another pending delivery of the same action, where that matters. */
  nextEventId: string | null;
}

/**
 * Writes an attempt, what became of its delivery, and how the destination is doing, in one transaction. The row counts its attempts
 * itself: two may overlap when an operator sends again. A failure that ends after another has succeeded leaves the delivery delivered.
 * `version` is that of the body that was sent. `lease` is until when the delivery was leased for it: when the row has another one, its
 * lease was over, or an operator has begun a new schedule, and a failure is for somebody else to decide. `isSecondTry`: the answer to
 * the first one was lost, so it may be written already.
 */
export async function recordAttempt(
  db: Batching,
  delivery: Delivery,
  outcome: Outcome,
  startedAt: Instant,
  version: number,
  { lease = null, isSecondTry = false }: { lease?: Instant | null; isSecondTry?: boolean } = {},
): Promise<Recorded> {
  const { eventId, destinationId, state, updatedAt, nextAttemptAt } = delivery;
  const dueAt = nextAttemptAt ?? updatedAt;
  const cells = [
    startedAt,
    outcome.delivered ? 1 : 0,
    outcome.status,
    outcome.reason,
    outcome.latencyMs,
    JSON.stringify(outcome.headers),
    outcome.body,
    JSON.stringify(outcome.requestHeaders),
    nextAttemptAt,
    isSecondTry ? 1 : 0,
  ];
  const conclusion = [state, dueAt, dueAt + ringGraceMs, outcome.reason, updatedAt, outcome.isSent ? version : null, lease];
  const hasEnded = state !== "pending";
  const [before, after, next] = await answersOf(db, {
    before: db.prepare(readHealth).bind(destinationId),
    attempt: db.prepare(insertAttempt).bind(eventId, destinationId, ...cells),
    recovery:
      delivery.recoveryId !== null && hasEnded
        ? db.prepare(countForRecovery).bind(eventId, destinationId, outcome.delivered ? 1 : 0, outcome.delivered ? 0 : 1, lease)
        : null,
    health: !outcome.isSent
      ? null
      : outcome.delivered
        ? db.prepare(recordSuccess).bind(eventId, destinationId)
        : db.prepare(recordFailure).bind(eventId, destinationId, updatedAt),
    pulse: outcome.isSent
      ? db.prepare(countInPulse).bind(eventId, destinationId, startedAt, outcome.delivered ? 1 : 0, outcome.latencyMs)
      : null,
    conclude: db.prepare(concludeDelivery).bind(eventId, destinationId, ...conclusion),
    after: db.prepare(readHealth).bind(destinationId),
    next: delivery.action !== null && hasEnded ? db.prepare(findNext).bind(destinationId, delivery.action, eventId) : null,
  });
  return {
    before: healthOf(before),
    after: { ...healthOf(after), warnedAt: (after?.["warned_at"] ?? null) as Instant | null },
    nextEventId: next ? textOf(next, "event_id") : null,
  };
}

/** Runs the statements that there are, in their order, as one transaction; the first rows of three of them. */
async function answersOf(db: Batching, statements: Record<string, D1PreparedStatement | null>) {
  const named = Object.entries(statements).flatMap(([name, statement]) => (statement ? [{ name, statement }] : []));
  const results = await db.batch<Row>(named.map(({ statement }) => statement));
  return ["before", "after", "next"].map((wanted) => results[named.findIndex(({ name }) => name === wanted)]?.results[0]);
}

function healthOf(row: Row | undefined): Health {
  if (!row) return { failures: 0, failingSince: null, openUntil: null };
  return {
    failures: numberOf(row, "failures"),
    failingSince: row["failing_since"] as Instant | null,
    openUntil: row["open_until"] as Instant | null,
  };
}

const warn = `update destinations set warned_at = ?2 where id = ?1 and warned_at is null returning id`;

/** Notes that the operator was told of a failing destination. False when somebody has told already. */
export async function noteWarning(db: D1Database, destinationId: string, now: Instant): Promise<boolean> {
  return (await db.prepare(warn).bind(destinationId, now).first()) !== null;
}

/** One that is due this very moment counts no more: it may be the one that is asking, a little early by another clock. */
const noteWake = `
  update destinations set wake_at = ?2 where id = ?1 and not (wake_at > ?3 + 100 and wake_at <= ?2)
  returning id`;

/** Takes it upon the caller to come again at `at`. False when somebody is coming before that already. */
export async function planWake(db: D1Database, destinationId: string, at: Instant, now: Instant): Promise<boolean> {
  return (await db.prepare(noteWake).bind(destinationId, at, now).first()) !== null;
}
