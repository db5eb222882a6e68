import type { Micros } from "../domain/money.ts";
import { hour, type Instant } from "../domain/time.ts";
import { callsByHour, spanOfCalls } from "./pulses.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

/** A part of a span of time: an hour or a day that begins at `at`. */
interface Step {
  at: Instant;
}

/** What happened in a span of time, step by step, and what stands open now. Counts of what is open end at `mostCounted`. */
export interface Overview {
  calls: (Step & { received: number; duplicates: number; quarantined: number })[];
  requests: (Step & { delivered: number; failed: number })[];
  payouts: (Step & { currency: string; actions: number; payout: Micros })[];
  pending: number;
  exhausted: number;
  waiting: number;
  hasPostback: boolean;
  hasDelivery: boolean;
}

/** So far is counted what is open. */
export const mostCounted = 1000;

const selectCalls = `
  select hour - hour % ?5 as at, sum(received) as received, sum(duplicates) as duplicates, sum(quarantined) as quarantined
  from (${callsByHour}) group by 1 order by 1`;

const selectRequests = `
  select hour - hour % ?3 as at, sum(delivered) as delivered, sum(failed) as failed
  from destination_pulses where destination_id in (select id from destinations) and hour >= ?1 and hour < ?2 group by 1 order by 1`;

const selectPayouts = `
  select at - at % ?3 as step, currency, sum(actions) as actions,
    cast(sum(payout_units) as text) as units, cast(sum(payout_micros) as text) as micros
  from totals where dimension = 'hour' and at >= ?1 and at < ?2 group by 1, 2 order by 1, 2`;

/** Ends at the first request that was delivered. Hours are counted since migration 0005; what was delivered before it, the oldest deliveries tell. */
const selectDelivered = `
  select exists (select 1 from destination_pulses where delivered > 0)
    or exists (select 1 from (select state from deliveries where event_id > '' order by event_id limit ${mostCounted}) where state = 'delivered')
    as has_delivery`;

const selectOpen = `
  select
    (select count(*) from (select 1 from deliveries where state = 'pending' and destination_id > '' limit ${mostCounted})) as pending,
    (select count(*) from (select 1 from deliveries where state = 'exhausted' and destination_id > '' limit ${mostCounted})) as exhausted,
    (select count(*) from (select 1 from quarantine where resolved_at is null and id > '' limit ${mostCounted})) as waiting,
    exists (select 1 from events where id > '') as has_postback`;

/** One look at everything, in one round trip. `step` in milliseconds: an hour or a day. */
export async function readOverview(db: D1Database, since: Instant, until: Instant, step: number): Promise<Overview> {
  const span = [since - (since % hour), until, step];
  const [calls, requests, payouts, open, delivered] = await db.batch<Row>([
    db.prepare(selectCalls).bind(...spanOfCalls(since, until), step),
    db.prepare(selectRequests).bind(...span),
    db.prepare(selectPayouts).bind(...span),
    db.prepare(selectOpen),
    db.prepare(selectDelivered),
  ]);
  const now = open?.results[0] as Row;
  return {
    calls: rowsOf(calls).map((row) => ({
      at: numberOf(row, "at"),
      received: numberOf(row, "received"),
      duplicates: numberOf(row, "duplicates"),
      quarantined: numberOf(row, "quarantined"),
    })),
    requests: rowsOf(requests).map((row) => ({
      at: numberOf(row, "at"),
      delivered: numberOf(row, "delivered"),
      failed: numberOf(row, "failed"),
    })),
    payouts: rowsOf(payouts).map((row) => ({
      at: numberOf(row, "step"),
      currency: textOf(row, "currency"),
      actions: numberOf(row, "actions"),
      payout: BigInt(textOf(row, "units")) * 1_000_000n + BigInt(textOf(row, "micros")),
    })),
    pending: numberOf(now, "pending"),
    exhausted: numberOf(now, "exhausted"),
    waiting: numberOf(now, "waiting"),
    hasPostback: now["has_postback"] === 1,
    hasDelivery: delivered?.results[0]?.["has_delivery"] === 1,
  };
}

function rowsOf(result: D1Result<Row> | undefined): Row[] {
  return result?.results ?? [];
}
