import { arrivalOf } from "../domain/id.ts";
import type { Instant } from "../domain/time.ts";
import { listPage, when } from "./page.ts";
import { jsonOf, type Row, textOf } from "./rows.ts";

/** What an operator changed: never a value, only which fields were given. Its id sorts by time. */
export interface Audit {
  id: string;
  /** By the token itself, or by a browser's session. */
  who: "token" | "session";
  ip: string;
  method: string;
  path: string;
  summary: string;
  fields: string[];
}

const insert = "insert into audit (id, who, ip, method, path, summary, fields) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/** Writes down a change. */
export async function saveAudit(db: D1Database, { id, who, ip, method, path, summary, fields }: Audit): Promise<void> {
  await db.prepare(insert).bind(id, who, ip, method, path, summary, JSON.stringify(fields)).run();
}

const listing = { table: "audit", columns: "*", key: ["id"] };

/** Changes, the latest first. */
export async function listAudit(
  db: D1Database,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ entries: (Audit & { at: Instant })[]; next: string | null }> {
  const { rows, next } = await listPage(db, listing, when(cursor, "id < ?"), [], limit);
  return { entries: rows.map((row) => ({ ...auditOf(row), at: arrivalOf(textOf(row, "id")) })), next: next?.[0] ?? null };
}

function auditOf(row: Row): Audit {
  return {
    id: textOf(row, "id"),
    who: textOf(row, "who") as Audit["who"],
    ip: textOf(row, "ip"),
    method: textOf(row, "method"),
    path: textOf(row, "path"),
    summary: textOf(row, "summary"),
    fields: jsonOf<string[]>(row, "fields"),
  };
}
