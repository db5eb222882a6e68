import type { Matter, MatterKind } from "../domain/matter.ts";
import { listPage, when } from "./page.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

const listing = { table: "matters", columns: "*", key: ["last_event"] };

/** Inquiries, requests or jobs, the one that was heard of last first. */
export async function listMatters(
  db: D1Database,
  kind: MatterKind,
  search: { status?: string | undefined; source?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ matters: Matter[]; next: string | null }> {
  const within = [...when(kind, "kind = ?"), ...when(search.cursor, "last_event < ?")];
  const fitting = [
    ...when(search.status?.toUpperCase(), "status = ?"),
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
  ];
  const { rows, next } = await listPage(db, listing, within, fitting, search.limit);
  return { matters: rows.map(matterOf), next: next?.[0] ?? null };
}

const selectOpen = `
  select subject from matters where source_id = ?1 and kind = 'action-inquiry' and status = 'UNRESOLVED' and subject > ?2
  order by subject limit ?3`;

/** Subjects of inquiries of a source that are not resolved, behind `after`. */
export async function listOpenInquiries(db: D1Database, sourceId: string, after: string, limit: number): Promise<string[]> {
  const { results } = await db.prepare(selectOpen).bind(sourceId, after, limit).all<Row>();
  return results.map((row) => textOf(row, "subject"));
}

const ofJobs = `source_id = ?1 and subject >= 'job:' and subject < 'job;' and kind = 'job-completion'`;
const findJob = `select subject from matters where ${ofJobs} union all select subject from events where ${ofJobs} limit 1`;

/** Whether a source has told of any job, lately or long ago. */
export async function hasJobs(db: D1Database, sourceId: string): Promise<boolean> {
  return (await db.prepare(findJob).bind(sourceId).first()) !== null;
}

const inquiriesOfAction = `
  select distinct substr(subject, ${"inquiry:".length + 1}) as id from events where kind = 'action-inquiry' and action_id = ?1 order by 1`;

/** Ids of the inquiries that are about an action, or led to it. */
export async function listInquiriesOf(db: D1Database, actionId: string): Promise<string[]> {
  const { results } = await db.prepare(inquiriesOfAction).bind(actionId).all<Row>();
  return results.map((row) => textOf(row, "id"));
}

function matterOf(row: Row): Matter {
  return {
    sourceId: textOf(row, "source_id"),
    subject: textOf(row, "subject"),
    kind: textOf(row, "kind") as MatterKind,
    status: row["status"] as string | null,
    actionId: row["action_id"] as string | null,
    events: numberOf(row, "events"),
    firstEvent: textOf(row, "first_event"),
    lastEvent: textOf(row, "last_event"),
  };
}
