import type { Instant } from "../domain/time.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

const find = `select sealed, expires_at from access_tokens where destination_id = ?1 and expires_at > ?2`;

/** A destination's access token, sealed, while it can still be used. */
export async function findToken(
  db: D1Database,
  destinationId: string,
  now: Instant,
): Promise<{ sealed: string; expiresAt: Instant } | null> {
  const row = await db.prepare(find).bind(destinationId, now).first<Row>();
  return row && { sealed: textOf(row, "sealed"), expiresAt: numberOf(row, "expires_at") };
}

const upsert = `
  insert into access_tokens (destination_id, sealed, expires_at)
  values (?1, ?2, ?3)
  on conflict (destination_id) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`;

/** Keeps a destination's access token in place of the one before. */
export async function saveToken(db: D1Database, destinationId: string, sealed: string, expiresAt: Instant): Promise<void> {
  await db.prepare(upsert).bind(destinationId, sealed, expiresAt).run();
}

const drop = `delete from access_tokens where destination_id = ?1`;

/** Forgets a destination's access token, if there is one. */
export async function dropToken(db: D1Database, destinationId: string): Promise<void> {
  await db.prepare(drop).bind(destinationId).run();
}
