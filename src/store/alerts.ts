import type { Alert, AlertKind, Figures } from "../domain/alert.ts";
import { firstEventId } from "../domain/id.ts";
import { day, type Instant } from "../domain/time.ts";
import { listPage, when } from "./page.ts";
import { jsonOf, numberOf, type Row, textOf } from "./rows.ts";

const insert = `
  insert into alerts (id, source_id, kind, figures, opened_at) values (?1, ?2, ?3, ?4, ?5)
  on conflict (source_id, kind) where closed_at is null do nothing`;

/** Opens an alert; false when the source has an open one of its kind already. */
export async function openAlert(db: D1Database, { id, sourceId, kind, figures, openedAt }: Alert): Promise<boolean> {
  const { meta } = await db.prepare(insert).bind(id, sourceId, kind, JSON.stringify(figures), openedAt).run();
  return meta.changes > 0;
}

const close = `update alerts set closed_at = ?2, figures = json_set(figures, '$.closing', json(?3)) where id = ?1 and closed_at is null`;

/** Closes an alert that is open. */
export async function closeAlert(db: D1Database, id: string, closing: Figures, now: Instant): Promise<void> {
  await db.prepare(close).bind(id, now, JSON.stringify(closing)).run();
}

/** After so long nobody is told of the opening any more; the event that told of it may be in the archive. */
const newsMs = day;

const selectOpen = `
  select *, opened_at < ?1 or exists (
    select 1 from events where source_id = 'operational' and subject = 'operational.alert_opened:' || alerts.id
  ) as is_told from alerts where closed_at is null`;

/** All that are open. `isTold`: whether there is news of it. */
export async function listOpenAlerts(db: D1Database, now: Instant): Promise<(Alert & { isTold: boolean })[]> {
  const { results } = await db
    .prepare(selectOpen)
    .bind(now - newsMs)
    .all<Row>();
  return results.map((row) => ({ ...alertOf(row), isTold: row["is_told"] === 1 }));
}

/** So long a closed alert is there to be looked up; so many are deleted at once. */
const keptMs = 400 * day;
const mostPruned = 1000;

const pruneClosed = `
  delete from alerts where id in (select id from alerts where id < ?1 and closed_at < ?2 order by id limit ${mostPruned})`;

/** Forgets alerts that were closed long ago, some at a time. */
export async function pruneAlerts(db: D1Database, now: Instant): Promise<void> {
  const before = now - keptMs;
  await db.prepare(pruneClosed).bind(firstAlertId(before), before).run();
}

const listing = { table: "alerts", columns: "*", key: ["id"] };

/** Alerts, the one that was opened last first. */
export async function listAlerts(
  db: D1Database,
  search: {
    state: "open" | "closed" | "all";
    source?: string | undefined;
    kind?: AlertKind | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{ alerts: Alert[]; next: string | null }> {
  const state = { open: [{ sql: "closed_at is null", values: [] }], closed: [{ sql: "closed_at is not null", values: [] }], all: [] };
  const fitting = [
    ...state[search.state],
    ...when(search.kind, "kind = ?"),
    ...when(search.source, "source_id = ? or source_id in (select id from sources where name = ?)"),
  ];
  const { rows, next } = await listPage(db, listing, when(search.cursor, "id < ?"), fitting, search.limit);
  return { alerts: rows.map(alertOf), next: next?.[0] ?? null };
}

function firstAlertId(at: Instant): string {
  return firstEventId(at).replace("evt_", "alr_");
}

function alertOf(row: Row): Alert {
  const { closing = null, ...figures } = jsonOf<Figures & { closing?: Figures }>(row, "figures");
  return {
    id: textOf(row, "id"),
    sourceId: textOf(row, "source_id"),
    kind: textOf(row, "kind") as AlertKind,
    figures,
    closing,
    openedAt: numberOf(row, "opened_at"),
    closedAt: row["closed_at"] as Instant | null,
  };
}
