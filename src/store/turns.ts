import type { Reconciliation } from "../domain/reconciliation.ts";
import type { Instant } from "../domain/time.ts";
import { valuesOf } from "./reconciliations.ts";

const columns = { updates: "next_updates_at", states: "next_states_at" };

/** A task that is planned, when it was due, and when it is due the next time. */
export interface Turn {
  task: keyof typeof columns;
  due: Instant;
  next: Instant;
}

const insertDue = (column: string) => `
  insert into reconciliations (id, source_id, task, origin, since, until, cursor, next_at, created_at, updated_at)
  select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9 from connections where source_id = ?2 and ${column} = ?10
  returning id`;

const moveDue = (column: string) => `update connections set ${column} = ?3 where source_id = ?1 and ${column} = ?2`;

/** Begins a reconciliation whose turn it is, and plans the next one; one transaction. False when somebody else has had this turn. */
export async function takeTurn(db: D1Database, one: Reconciliation, { task, due, next }: Turn): Promise<boolean> {
  const [begun] = await db.batch([
    db.prepare(insertDue(columns[task])).bind(...valuesOf(one), due),
    db.prepare(moveDue(columns[task])).bind(one.sourceId, due, next),
  ]);
  return (begun?.results.length ?? 0) > 0;
}
