import type { Mistake, Problem, ProblemCode } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Instant } from "../domain/time.ts";
import { listPage, when } from "./page.ts";
import { receiptCells, receiptColumns, receiptOf, type StoredReceipt } from "./receipts.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";
import { spanOf } from "./search.ts";

/** An authenticated call that could not become an event, and why. */
export interface Quarantined {
  id: string;
  sourceId: string;
  kind: string;
  receivedAt: Instant;
  code: ProblemCode;
  detail: string;
  mistakes: Mistake[];
  receipt: StoredReceipt;
  truncated: boolean;
  /** When it was re-ingested, and as which event; no event where it was set aside. */
  resolvedAt: Instant | null;
  eventId: string | null;
}

const insert = `
  insert into quarantine (id, source_id, kind, received_at, code, detail, mistakes, truncated, ${receiptColumns})
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
  on conflict (id) do update set kind = excluded.kind, code = excluded.code, detail = excluded.detail, mistakes = excluded.mistakes`;

/** A receipt that could not become an event, and what is wrong with it. */
export interface Refusal {
  receipt: Receipt;
  sourceId: string;
  problem: Problem;
}

/** Keeps a receipt with its raw bytes and the reason; the same receipt again only renews the reason. */
export async function saveQuarantined(db: D1Database, refusal: Refusal): Promise<void> {
  await quarantining(db, refusal).run();
}

/** The statement of `saveQuarantined`, for a batch. */
export function quarantining(db: Pick<D1Database, "prepare">, { receipt, sourceId, problem }: Refusal): D1PreparedStatement {
  const { id, kind, receivedAt, truncated } = receipt;
  const { code, message, mistakes } = problem;
  return db
    .prepare(insert)
    .bind(id, sourceId, kind, receivedAt, code, message, JSON.stringify(mistakes), truncated ? 1 : 0, ...receiptCells(receipt));
}

const find = `select * from quarantine where id = ?1`;

export async function findQuarantined(db: D1Database, id: string): Promise<Quarantined | null> {
  const row = await db.prepare(find).bind(id).first<Row>();
  return row && quarantinedOf(row);
}

const listing = { table: "quarantine", columns: "*", key: ["id"] };

/** What is in quarantine, newest first; what was re-ingested or set aside only when `resolved` asks for it. What waits has an index of its own. */
export async function listQuarantined(
  db: D1Database,
  search: { source?: string | undefined; code?: string | undefined; resolved: boolean; cursor?: string | undefined; limit: number },
): Promise<{ quarantined: Quarantined[]; next: string | null }> {
  const state = { sql: search.resolved ? "resolved_at is not null" : "resolved_at is null", values: [] };
  const within = [...spanOf(search), ...(search.resolved ? [] : [state])];
  const fitting = [
    ...(search.resolved ? [state] : []),
    ...when(search.code, "code = ?"),
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
  ];
  const { rows, next } = await listPage(db, listing, within, fitting, search.limit);
  return { quarantined: rows.map(quarantinedOf), next: next?.[0] ?? null };
}

const resolve = `update quarantine set resolved_at = ?2, event_id = ?3 where id = ?1`;

/** Notes that a receipt left quarantine, and as which event. */
export async function resolveQuarantined(db: D1Database, id: string, eventId: string, now: Instant): Promise<void> {
  await db.prepare(resolve).bind(id, now, eventId).run();
}

const dismiss = `update quarantine set resolved_at = coalesce(resolved_at, ?2) where id = ?1 and event_id is null returning *`;

/** Sets a call aside: it no longer waits, and stays as it is. Null when there is none, or when it became an event. */
export async function dismissQuarantined(db: D1Database, id: string, now: Instant): Promise<Quarantined | null> {
  const row = await db.prepare(dismiss).bind(id, now).first<Row>();
  return row && quarantinedOf(row);
}

/** A call in quarantine from its row. */
export function quarantinedOf(row: Row): Quarantined {
  return {
    id: textOf(row, "id"),
    sourceId: textOf(row, "source_id"),
    kind: textOf(row, "kind"),
    receivedAt: numberOf(row, "received_at"),
    code: textOf(row, "code") as ProblemCode,
    detail: textOf(row, "detail"),
    mistakes: jsonOf(row, "mistakes"),
    receipt: receiptOf(row),
    truncated: row["truncated"] === 1,
    resolvedAt: row["resolved_at"] as number | null,
    eventId: row["event_id"] as string | null,
  };
}
