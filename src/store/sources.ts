import type { Account, IpPolicy, Source } from "../domain/source.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

export const selectSources = `
  select sources.*, coalesce(abilities ->> 'jobs' = 'ok', 0) as fetches_jobs
  from sources left join connections on source_id = sources.id order by sources.created_at, sources.id`;

const upsert = `
  insert into sources (
    id, name, account, token_hash, previous_token_hash, previous_token_until, mapping, dedupe_window, success_status, success_body,
    invalid_status, required_header, required_header_hash, allowed_ips, ip_policy, created_at, updated_at
  )
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
  on conflict (id) do update set
    name = excluded.name, account = excluded.account, token_hash = excluded.token_hash,
    previous_token_hash = excluded.previous_token_hash, previous_token_until = excluded.previous_token_until,
    mapping = excluded.mapping, dedupe_window = excluded.dedupe_window, success_status = excluded.success_status,
    success_body = excluded.success_body, invalid_status = excluded.invalid_status, required_header = excluded.required_header,
    required_header_hash = excluded.required_header_hash, allowed_ips = excluded.allowed_ips, ip_policy = excluded.ip_policy,
    updated_at = excluded.updated_at`;

/** Creates or changes a source. */
export async function saveSource(db: D1Database, source: Source): Promise<void> {
  const { id, name, account, tokenHash, previousTokenHash, previousTokenUntil, requiredHeader } = source;
  await db
    .prepare(upsert)
    .bind(
      id,
      name,
      account,
      tokenHash,
      previousTokenHash,
      previousTokenUntil,
      JSON.stringify(source.mapping),
      source.dedupeWindow,
      source.successStatus,
      source.successBody,
      source.invalidStatus,
      requiredHeader?.name ?? null,
      requiredHeader?.valueHash ?? null,
      JSON.stringify(source.allowedIps),
      source.ipPolicy,
      source.createdAt,
      source.updatedAt,
    )
    .run();
}

export function sourceOf(row: Row): Source {
  const header = row["required_header"] as string | null;
  return {
    id: textOf(row, "id"),
    name: textOf(row, "name"),
    account: textOf(row, "account") as Account,
    tokenHash: textOf(row, "token_hash"),
    previousTokenHash: row["previous_token_hash"] as string | null,
    previousTokenUntil: row["previous_token_until"] as number | null,
    mapping: jsonOf(row, "mapping"),
    dedupeWindow: numberOf(row, "dedupe_window"),
    successStatus: numberOf(row, "success_status"),
    successBody: textOf(row, "success_body"),
    invalidStatus: numberOf(row, "invalid_status") as Source["invalidStatus"],
    requiredHeader: header === null ? null : { name: header, valueHash: textOf(row, "required_header_hash") },
    allowedIps: jsonOf(row, "allowed_ips"),
    ipPolicy: textOf(row, "ip_policy") as IpPolicy,
    fetchesJobs: row["fetches_jobs"] === 1,
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
