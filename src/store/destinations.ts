import type { Destination, DestinationMethod, DestinationState } from "../domain/destination.ts";
import type { Instant } from "../domain/time.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

export const selectDestinations = `select * from destinations order by created_at, id`;

const upsert = `
  insert into destinations (
    id, name, url, method, filter, timeout, retry_schedule, header_names, sealed, state, state_reason, created_at, updated_at
  )
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
  on conflict (id) do update set
    name = excluded.name, url = excluded.url, method = excluded.method, filter = excluded.filter, timeout = excluded.timeout,
    retry_schedule = excluded.retry_schedule, header_names = excluded.header_names, sealed = excluded.sealed,
    state = excluded.state, state_reason = excluded.state_reason, updated_at = excluded.updated_at`;

/** Creates or changes a destination. */
export async function saveDestination(db: D1Database, destination: Destination): Promise<void> {
  const { id, name, url, method, filter, timeout, sealed, state, stateReason } = destination;
  await db
    .prepare(upsert)
    .bind(
      id,
      name,
      url,
      method,
      filter,
      timeout,
      JSON.stringify(destination.retrySchedule),
      JSON.stringify(destination.headerNames),
      sealed,
      state,
      stateReason,
      destination.createdAt,
      destination.updatedAt,
    )
    .run();
}

const disable = `update destinations set state = 'disabled', state_reason = ?2, updated_at = ?3 where id = ?1 and state in ('active', 'paused')`;

/** Stops a destination that said it is gone; its deliveries are held. */
export async function disableDestination(db: D1Database, id: string, reason: string, now: Instant): Promise<void> {
  await db.prepare(disable).bind(id, reason, now).run();
}

export function destinationOf(row: Row): Destination {
  return {
    id: textOf(row, "id"),
    name: textOf(row, "name"),
    url: textOf(row, "url"),
    method: textOf(row, "method") as DestinationMethod,
    filter: textOf(row, "filter"),
    timeout: numberOf(row, "timeout"),
    retrySchedule: jsonOf(row, "retry_schedule"),
    headerNames: jsonOf(row, "header_names"),
    sealed: textOf(row, "sealed"),
    state: textOf(row, "state") as DestinationState,
    stateReason: row["state_reason"] as string | null,
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
