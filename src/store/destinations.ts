import {
  type Auth,
  type Destination,
  type DestinationMethod,
  type DestinationState,
  type PresetName,
  type RateLimit,
  ratePeriods,
} from "../domain/destination.ts";
import { hour, type Instant, minute, second } from "../domain/time.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

export const selectDestinations = `select * from destinations order by created_at, id`;

const findOne = `select * from destinations where id = ?1`;

/** A destination as it is now, past all copies; null when there is none. */
export async function readDestination(db: D1Database, id: string): Promise<Destination | null> {
  const row = await db.prepare(findOne).bind(id).first<Row>();
  return row && destinationOf(row);
}

const settings =
  "name, url, method, preset, body, version, filter, via, auth, timeout, retry_schedule, rate_limit, rate_period_ms, concurrency, " +
  "ordered, once_per_action, header_names, secret_names, sealed, state, state_reason, updated_at";
const names = settings.split(", ");
const health = ["failures", "failing_since", "open_until", "warned_at"];

/** A destination that becomes active starts with a clean record. */
const upsert = `
  insert into destinations (id, created_at, ${settings})
  values (?, ?, ${names.map(() => "?").join(", ")})
  on conflict (id) do update set
    ${names.map((name) => `${name} = excluded.${name}`).join(", ")},
    ${health.map((name) => `${name} = iif(state <> 'active' and excluded.state = 'active', ${name === "failures" ? "0" : "null"}, ${name})`).join(", ")}
  where ? is null or updated_at = ?
  returning id`;

const keepFormerBody = `
  insert into former_bodies (destination_id, version, preset, body)
  select id, version, preset, body from destinations where id = ?1 and version < ?2
  on conflict do nothing`;

/**
 * Creates or changes a destination. What its bodies looked like before is kept, for deliveries that were sent with it. False, with
 * nothing changed, when it was changed by somebody else since `readAt`, the `updatedAt` that it had when it was read.
 */
export async function saveDestination(db: D1Database, destination: Destination, readAt: Instant | null = null): Promise<boolean> {
  const { id, name, url, method, preset, body, version, filter, via, timeout, rateLimit, sealed, state, stateReason } = destination;
  const cells = [
    name,
    url,
    method,
    preset,
    body,
    version,
    filter,
    via,
    JSON.stringify(destination.auth),
    timeout,
    JSON.stringify(destination.retrySchedule),
    rateLimit?.limit ?? null,
    rateLimit ? periodMs[rateLimit.period] : null,
    destination.concurrency,
    destination.ordered ? 1 : 0,
    destination.oncePerAction ? 1 : 0,
    JSON.stringify(destination.headerNames),
    JSON.stringify(destination.secretNames),
    sealed,
    state,
    stateReason,
    destination.updatedAt,
  ];
  const [, saved] = await db.batch([
    db.prepare(keepFormerBody).bind(id, version),
    db.prepare(upsert).bind(id, destination.createdAt, ...cells, readAt, readAt),
  ]);
  return (saved?.results.length ?? 0) > 0;
}

const forgetFormer = `delete from former_bodies where destination_id = ?1`;

/** Of a destination that was deleted. */
export async function eraseFormerBodies(db: D1Database, id: string): Promise<void> {
  await db.prepare(forgetFormer).bind(id).run();
}

const findFormer = `select preset, body from former_bodies where destination_id = ?1 and version = ?2`;

/** What a destination's bodies looked like at an earlier version, or null. */
export async function findFormerBody(db: D1Database, id: string, version: number): Promise<Pick<Destination, "preset" | "body"> | null> {
  const row = await db.prepare(findFormer).bind(id, version).first<Row>();
  return row && { preset: textOf(row, "preset") as PresetName, body: row["body"] as string | null };
}

const reseal = `update destinations set sealed = ?2 where id = ?1 and sealed = ?3`;

/** Puts secrets that were sealed anew in the place of the same ones, unless they were changed meanwhile. */
export async function resealDestination(db: D1Database, id: string, sealed: string, former: string): Promise<void> {
  await db.prepare(reseal).bind(id, sealed, former).run();
}

const disable = `
  update destinations set state = 'disabled', state_reason = ?2, updated_at = ?3
  where id = ?1 and state in ('active', 'paused')
  returning id`;

/** Stops a destination; its deliveries are held. False when it was stopped already. */
export async function disableDestination(db: D1Database, id: string, reason: string, now: Instant): Promise<boolean> {
  return (await db.prepare(disable).bind(id, reason, now).first()) !== null;
}

const periodMs = { second, minute, hour } satisfies Record<RateLimit["period"], number>;

export function destinationOf(row: Row): Destination {
  const period = ratePeriods.find((name) => periodMs[name] === row["rate_period_ms"]);
  return {
    id: textOf(row, "id"),
    name: textOf(row, "name"),
    url: textOf(row, "url"),
    method: textOf(row, "method") as DestinationMethod,
    preset: textOf(row, "preset") as PresetName,
    body: row["body"] as string | null,
    version: numberOf(row, "version"),
    filter: textOf(row, "filter"),
    via: row["via"] as string | null,
    auth: jsonOf<Auth>(row, "auth"),
    timeout: numberOf(row, "timeout"),
    retrySchedule: jsonOf(row, "retry_schedule"),
    rateLimit: period ? { limit: numberOf(row, "rate_limit"), period } : null,
    concurrency: row["concurrency"] as number | null,
    ordered: row["ordered"] === 1,
    oncePerAction: row["once_per_action"] === 1,
    headerNames: jsonOf(row, "header_names"),
    secretNames: jsonOf(row, "secret_names"),
    sealed: textOf(row, "sealed"),
    state: textOf(row, "state") as DestinationState,
    stateReason: row["state_reason"] as string | null,
    health: {
      failures: numberOf(row, "failures"),
      failingSince: row["failing_since"] as Instant | null,
      openUntil: row["open_until"] as Instant | null,
    },
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
