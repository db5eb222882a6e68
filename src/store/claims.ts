import type { Delivery } from "../domain/delivery.ts";
import { breaker } from "../domain/destination.ts";
import type { Event } from "../domain/event.ts";
import { type Instant, second } from "../domain/time.ts";
import { deliveryOf, keysOf } from "./deliveries.ts";
import { eventOf, selectEvents } from "./events.ts";
import { type Row, textOf } from "./rows.ts";
import type { Batching } from "./together.ts";

/** What a consumer has beyond the destination's timeout, to get ready and to record the attempt, before the delivery is free again. */
export const leaseMarginMs = 15 * second;

/** How much earlier than its time a delivery may be claimed for its first attempt: the clocks of two machines never quite agree. */
const clockSlackMs = second;

/** How many deliveries one consumer takes at once: a Worker waits for the headers of at most six requests at a time. */
export const handful = 6;

/** The sweep keeps `ring_at` of what is due not farther ahead than this, so what lies beyond it need not be looked at. */
const soonMs = 60 * second;

/**
 * A rate limit counts requests by twentieths of its period, and for a tenth of a second longer than that, since requests do not all
 * take the same time to leave: a destination gets rather a little less than it may.
 */
const slotsPerPeriod = 20;
const windowMs = `(t.rate_period_ms + t.rate_period_ms / ${slotsPerPeriod} + 100)`;

const unlimited = 1_000_000;
const underWay = `(select count(*) from deliveries u where u.destination_id = t.id and u.leased_until > ?2)`;
const sent = `coalesce((select sum(requests) from sendings s where s.destination_id = t.id and s.slot > ?2 - ${windowMs}), 0)`;
const rateLeft = `coalesce(t.rate_limit - ${sent}, ${unlimited})`;
const isOpen = `(t.failures >= ${breaker.failures} and t.open_until > ?2)`;

/** How many more requests a destination may get now: by its breaker, its concurrency and its rate. */
const permits = `min(
  case when t.failures < ${breaker.failures} then ${unlimited} when ${isOpen} then 0 else ${breaker.probes} - ${underWay} end,
  coalesce(t.concurrency - ${underWay}, ${unlimited}),
  ${rateLeft})`;

/** Whether its requests under way are counted, which costs an index entry. */
const isCounted = `(t.failures >= ${breaker.failures} or t.concurrency is not null or t.rate_limit is not null or t.ordered)`;

/**
 * Due deliveries, by their names (?1) and from the backlogs of destinations (?3), as many of each destination as it may get, oldest
 * first. Nothing of an action is claimed while an ordered destination has another delivery of it under way. `materialized` counts
 * once for each destination, and the `+` has what is under way looked for by its action: neither reads more for a longer backlog.
 */
const claim = `
  with asked as (
    select value ->> 0 as event_id, value ->> 1 as destination_id from json_each(?1)
    union
    select d.event_id, d.destination_id from json_each(?3) as lane join deliveries d on d.destination_id = lane.value and d.event_id in (
      select event_id from deliveries
      where destination_id = lane.value and state = 'pending' and ring_at <= ?2 + ${soonMs} and next_at <= ?2
      order by ring_at limit ?5
    )
  ),
  open as materialized (
    select t.id, ${permits} as permits from destinations t
    where t.state = 'active' and t.id in (select destination_id from asked)
  ),
  due as (
    select d.event_id, d.destination_id, row_number() over (partition by d.destination_id order by d.event_id) as place
    from asked join deliveries d on d.event_id = asked.event_id and d.destination_id = asked.destination_id
    where d.state = 'pending' and d.next_at <= iif(d.attempts = 0, ?2 + ${clockSlackMs}, ?2)
    and not exists (
      select 1 from deliveries o
      where o.destination_id = d.destination_id and o.action = d.action and +o.leased_until > ?2
      and (select ordered from destinations where id = d.destination_id)
    )
  )
  update deliveries set
    next_at = ?4 + 1000 * (select timeout from destinations where id = destination_id),
    leased_until = (
      select iif(${isCounted} or t.id in (select value from json_each(?3)), ?4 + 1000 * t.timeout, null)
      from destinations t where t.id = destination_id)
  where (event_id, destination_id) in (
    select due.event_id, due.destination_id from due join open on open.id = due.destination_id where due.place <= open.permits
  )
  returning *`;

const countSendings = `
  insert into sendings (destination_id, slot, requests)
  select t.id, ?2 - ?2 % (t.rate_period_ms / ${slotsPerPeriod}), count(*)
  from destinations t join deliveries d on d.destination_id = t.id and d.leased_until = ?3 + 1000 * t.timeout
  where t.rate_limit is not null
  and t.id in (select value ->> 1 from json_each(?1) union select value from json_each(?4))
  and (t.id in (select value from json_each(?4)) or (d.event_id, d.destination_id) in (select value ->> 0, value ->> 1 from json_each(?1)))
  group by t.id
  on conflict (destination_id, slot) do update set requests = requests + excluded.requests`;

/** The events of the named deliveries, and of those just claimed from a backlog. */
const listEvents = `
  ${selectEvents}
  or id in (
    select d.event_id from json_each(?2) as lane join destinations t on t.id = lane.value
    join deliveries d on d.destination_id = t.id and d.leased_until = ?3 + 1000 * t.timeout
  )`;

/** What of the asked destinations still has something due, and when to come again for it; null: whoever is under way will see to it. */
const listWaiting = `
  select t.id, case
    when ${isOpen} then t.open_until
    when ${rateLeft} <= 0 then (select min(slot) from sendings s where s.destination_id = t.id and s.slot > ?2 - ${windowMs}) + ${windowMs}
    when ${permits} <= 0 then null
    else ?2 end as at
  from destinations t
  where t.id in (select value ->> 1 from json_each(?1) union select value from json_each(?3)) and t.state = 'active'
  and (
    t.failures >= ${breaker.failures} or t.concurrency is not null or t.rate_limit is not null or t.id in (select value from json_each(?3))
  )
  and exists (
    select 1 from deliveries d
    where d.destination_id = t.id and d.state = 'pending' and d.ring_at <= ?2 + ${soonMs} and d.next_at <= ?2
  )`;

/** A delivery that this consumer alone may attempt now, with its event. */
export interface Claimed {
  delivery: Delivery;
  event: Event;
}

/** A destination that could not get all that is due, and when to come again. */
export interface Waiting {
  destinationId: string;
  at: Instant | null;
}

/**
 * Of the named deliveries, those that are due, that nobody else is at, and that their destinations may get now: each is leased for
 * its destination's timeout and 15 s more. Of each destination in `lanes`, a handful of its backlog besides. One round trip.
 * Rings come twice, late, and for what is long done; the row decides. `random` in [0, 1) tells leases of one millisecond apart.
 */
export async function claimDeliveries(
  db: Batching,
  ids: string[],
  lanes: string[],
  now: Instant,
  random: number,
): Promise<{ claimed: Claimed[]; waiting: Waiting[] }> {
  const keys = keysOf(ids);
  const asked = JSON.stringify(keys);
  const backlogs = JSON.stringify(lanes);
  const share = Math.max(1, Math.floor((handful - keys.length) / (lanes.length || 1))); // of each backlog
  const lease = now + leaseMarginMs + Math.floor(random * second);
  const [claimed, , events, waiting] = await db.batch<Row>([
    db.prepare(claim).bind(asked, now, backlogs, lease, share),
    db.prepare(countSendings).bind(asked, now, lease, backlogs),
    db.prepare(listEvents).bind(JSON.stringify(keys.map(([eventId]) => eventId)), backlogs, lease),
    db.prepare(listWaiting).bind(asked, now, backlogs),
  ]);
  const byId = new Map(events?.results.map((row) => [textOf(row, "id"), eventOf(row)]));
  return {
    claimed: (claimed?.results ?? []).flatMap((row) => {
      const event = byId.get(textOf(row, "event_id"));
      return event ? [{ delivery: deliveryOf(row), event }] : [];
    }),
    waiting: (waiting?.results ?? []).map((row) => ({ destinationId: textOf(row, "id"), at: row["at"] as Instant | null })),
  };
}

const prune = `
  delete from sendings
  where destination_id = ?1 and slot <= ?2 - (select ${windowMs} from destinations t where t.id = ?1 and t.rate_limit is not null)`;

/** Forgets what no rate limit counts any more. */
export async function pruneSendings(db: D1Database, destinationIds: string[], now: Instant): Promise<void> {
  if (destinationIds.length === 0) return;
  await db.batch(destinationIds.map((id) => db.prepare(prune).bind(id, now)));
}
