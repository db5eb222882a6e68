import type { Delivery } from "../domain/delivery.ts";
import type { Instant } from "../domain/time.ts";
import { deliveryOf, ringGraceMs } from "./deliveries.ts";
import type { Selected } from "./outbox.ts";
import type { Row } from "./rows.ts";

/** Opened again, whatever became of it before; its schedule starts anew. */
const anew = `
  state = 'pending', attempts_before = attempts, next_at = ?2, ring_at = ?3, updated_at = ?2,
  recovery_id = iif(state = 'pending', recovery_id, null)`;

const reopenAll = `
  update deliveries set ${anew}
  where event_id = ?1 and destination_id in (select id from destinations where state <> 'deleted')
  returning *`;

const openOne = `
  insert into deliveries (event_id, destination_id, next_at, ring_at, created_at, updated_at, action)
  values (?1, ?4, ?2, ?3, ?2, ?2, ?5)
  on conflict (event_id, destination_id) do update set ${anew}
  returning *`;

/** Opens the deliveries of an event again, or the one to `only`, which is made where there is none. */
export async function replayDeliveries(db: D1Database, eventId: string, only: Selected | null, now: Instant): Promise<Delivery[]> {
  const query = only
    ? db.prepare(openOne).bind(eventId, now, now + ringGraceMs, only.destinationId, only.action)
    : db.prepare(reopenAll).bind(eventId, now, now + ringGraceMs);
  return (await query.all<Row>()).results.map(deliveryOf);
}
