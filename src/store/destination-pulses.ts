import { type DestinationPulse, latencyBoundsMs } from "../domain/destination-pulse.ts";
import { day, hour, type Instant } from "../domain/time.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

const classes = [...latencyBoundsMs.map((bound) => `up_to_${bound}`), "longer"];
const conditions = [...latencyBoundsMs, null].map((bound, index, all) => {
  const above = index === 0 ? "true" : `?5 > ${all[index - 1]}`;
  return bound === null ? above : `(${above} and ?5 <= ${bound})`;
});
const sums = ["delivered", "failed", "latency_ms", ...classes];

/** Counts a request: to the destination ?2, begun at ?3, delivered (1) or failed (0) by ?4, after ?5 ms. `guard` is a condition for it. */
export const addToPulse = (guard: string) => `
  insert into destination_pulses (destination_id, hour, ${sums.join(", ")})
  select ?2, ?3 - ?3 % ${hour}, ?4, 1 - ?4, ?5, ${conditions.join(", ")} where ${guard}
  on conflict (destination_id, hour) do update set ${sums.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`;

const ofOne = `select * from destination_pulses where destination_id = ?1 and hour >= ?2 and hour < ?3 order by hour`;
/** `cross join` keeps the order: the hours of each destination are looked for, instead of all hours that there are. */
const ofAll = `
  select p.* from destinations d cross join destination_pulses p on p.destination_id = d.id
  where p.hour >= ?1 and p.hour < ?2 order by p.destination_id, p.hour`;

/** Longer than any page looks back. So many rows are deleted at once. */
const keptMs = 35 * day;
const mostPruned = 1000;

const pruneOld = `
  delete from destination_pulses where (destination_id, hour) in (
    select p.destination_id, p.hour from destinations d cross join destination_pulses p on p.destination_id = d.id
    where p.hour < ?1 limit ${mostPruned}
  )`;

/** Forgets hours that nobody looks at any more, some at a time. */
export async function pruneDestinationPulses(db: D1Database, now: Instant): Promise<void> {
  await db
    .prepare(pruneOld)
    .bind(now - keptMs)
    .run();
}

/** The hours in a span of time in which requests were sent, of one destination or of all, oldest first. */
export async function listDestinationPulses(
  db: D1Database,
  { destination, since, until }: { destination?: string | undefined; since: Instant; until: Instant },
): Promise<DestinationPulse[]> {
  const first = since - (since % hour);
  const query = destination === undefined ? db.prepare(ofAll).bind(first, until) : db.prepare(ofOne).bind(destination, first, until);
  return (await query.all<Row>()).results.map(pulseOf);
}

function pulseOf(row: Row): DestinationPulse {
  return {
    destinationId: textOf(row, "destination_id"),
    hour: numberOf(row, "hour"),
    delivered: numberOf(row, "delivered"),
    failed: numberOf(row, "failed"),
    latencyMs: numberOf(row, "latency_ms"),
    latencies: classes.map((name) => numberOf(row, name)),
  };
}
