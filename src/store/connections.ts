import type { Connection } from "../domain/connection.ts";
import type { Instant } from "../domain/time.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

const findOne = `select * from connections where source_id = ?1`;

/** A source's access to impact.com's API; null when it has none. */
export async function findConnection(db: D1Database, sourceId: string): Promise<Connection | null> {
  const row = await db.prepare(findOne).bind(sourceId).first<Row>();
  return row && connectionOf(row);
}

const selectAll = `select * from connections order by created_at, source_id`;

/** Those of all sources. */
export async function listConnections(db: D1Database): Promise<Connection[]> {
  const { results } = await db.prepare(selectAll).all<Row>();
  return results.map(connectionOf);
}

const upsert = `
  insert into connections (
    source_id, sealed, account_hash, account_hint, campaign_ids, abilities, origin, watermark, next_updates_at, next_states_at,
    failure, created_at, updated_at
  )
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
  on conflict (source_id) do update set
    sealed = excluded.sealed, account_hint = excluded.account_hint, campaign_ids = excluded.campaign_ids,
    abilities = excluded.abilities, origin = excluded.origin,
    watermark = iif(account_hash = excluded.account_hash, watermark, excluded.watermark), account_hash = excluded.account_hash,
    next_updates_at = excluded.next_updates_at, next_states_at = excluded.next_states_at, failure = excluded.failure,
    updated_at = excluded.updated_at
  returning *`;

/**
 * Creates or changes a source's access; as it is now. The watermark stays where it is as long as the account is the same: what lies
 * before it was read.
 */
export async function saveConnection(db: D1Database, connection: Connection): Promise<Connection> {
  const row = await db
    .prepare(upsert)
    .bind(
      connection.sourceId,
      connection.sealed,
      connection.accountHash,
      connection.accountHint,
      JSON.stringify(connection.campaignIds),
      JSON.stringify(connection.abilities),
      connection.origin,
      connection.watermark,
      connection.nextUpdatesAt,
      connection.nextStatesAt,
      connection.failure,
      connection.createdAt,
      connection.updatedAt,
    )
    .first<Row>();
  return connectionOf(row as Row);
}

const deleteOne = `delete from connections where source_id = ?1 returning source_id`;

/** Forgets a source's access, credentials and all. False when it had none. */
export async function deleteConnection(db: D1Database, sourceId: string): Promise<boolean> {
  return (await db.prepare(deleteOne).bind(sourceId).first()) !== null;
}

const advance = `update connections set watermark = ?2 where source_id = ?1 and watermark < ?2`;

/** After a complete walk up to `watermark`; it never goes back. */
export async function moveWatermark(db: D1Database, sourceId: string, watermark: Instant): Promise<void> {
  await db.prepare(advance).bind(sourceId, watermark).run();
}

const note = `update connections set failure = ?2, updated_at = ?3 where source_id = ?1 and failure is not ?2`;

/** Why the last call failed, or with null that all is well again. True when that is news. */
export async function noteFailure(db: D1Database, sourceId: string, reason: string | null, now: Instant): Promise<boolean> {
  const { meta } = await db.prepare(note).bind(sourceId, reason, now).run();
  return meta.changes > 0;
}

const reseal = `update connections set sealed = ?2 where source_id = ?1 and sealed = ?3`;

/** Puts credentials that were sealed anew in the place of the same ones, unless they were changed meanwhile. */
export async function resealConnection(db: D1Database, sourceId: string, sealed: string, former: string): Promise<void> {
  await db.prepare(reseal).bind(sourceId, sealed, former).run();
}

function connectionOf(row: Row): Connection {
  return {
    sourceId: textOf(row, "source_id"),
    sealed: textOf(row, "sealed"),
    accountHash: textOf(row, "account_hash"),
    accountHint: textOf(row, "account_hint"),
    campaignIds: jsonOf(row, "campaign_ids"),
    abilities: jsonOf(row, "abilities"),
    origin: textOf(row, "origin"),
    watermark: numberOf(row, "watermark"),
    nextUpdatesAt: numberOf(row, "next_updates_at"),
    nextStatesAt: numberOf(row, "next_states_at"),
    failure: row["failure"] as string | null,
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
