import { hour, type Instant, minute } from "../domain/time.ts";
import { numberOf, type Row } from "./rows.ts";

/**
 * One call more in the present hour (?2). The first of an hour, and the first after impact.com had closed the account for a while,
 * finds the usual ceiling (?3) again.
 */
const take = `
  insert into api_budgets (account_hash, hour, calls, ceiling) values (?1, ?2, 1, ?3)
  on conflict (account_hash) do update set
    calls = iif(hour = excluded.hour, calls + 1, 1),
    ceiling = iif(hour = excluded.hour and closed_until = 0, min(ceiling, excluded.ceiling), excluded.ceiling),
    hour = excluded.hour,
    closed_until = 0
  where closed_until <= ?4 and (
    hour <> excluded.hour
    or calls < iif(closed_until = 0, min(ceiling, excluded.ceiling), excluded.ceiling)
  )
  returning account_hash`;

const findBudget = `select ceiling, closed_until from api_budgets where account_hash = ?1`;

/** Where impact.com has left us less than usual, its hour may end before ours does: so often that is looked at again. */
const againMs = minute;

/**
 * Takes one call of impact.com's API from what an account may make in an hour, for all who make them; `ceiling` is what is usual. Who
 * gets none is told when to ask again.
 */
export async function takeCall(
  db: D1Database,
  accountHash: string,
  now: Instant,
  ceiling: number,
): Promise<{ ok: true } | { ok: false; retryAt: Instant }> {
  const thisHour = Math.floor(now / hour);
  const [taken, found] = await db.batch<Row>([
    db.prepare(take).bind(accountHash, thisHour, ceiling, now),
    db.prepare(findBudget).bind(accountHash),
  ]);
  if (taken?.results.length) return { ok: true };
  const row = found?.results[0] as Row;
  const nextHour = (thisHour + 1) * hour;
  const closedUntil = numberOf(row, "closed_until");
  if (closedUntil > now) return { ok: false, retryAt: closedUntil };
  return { ok: false, retryAt: numberOf(row, "ceiling") < ceiling ? Math.min(nextHour, now + againMs) : nextHour };
}

const lower = `
  update api_budgets set ceiling = min(ceiling, calls + ?2), closed_until = max(closed_until, ?3)
  where account_hash = ?1 and (ceiling > calls + ?2 or closed_until < ?3)`;

/** What an answer of impact.com says of our limits, as far as it counts here. */
export interface Told {
  remaining: number | null;
  resetAt: Instant | null;
  retryAt: Instant | null;
}

/**
 * Obeys what an answer says: no call before `retryAt`; no more than `remaining` in this hour; and where none remains, none before
 * `resetAt` (the next hour, if it does not say).
 */
export async function noteLimits(db: D1Database, accountHash: string, { remaining, resetAt, retryAt }: Told, now: Instant): Promise<void> {
  if (remaining === null && retryAt === null) return;
  const hourEnd = resetAt ?? (Math.floor(now / hour) + 1) * hour;
  const closedUntil = Math.max(retryAt ?? 0, remaining === 0 ? hourEnd : 0);
  await db
    .prepare(lower)
    .bind(accountHash, remaining ?? Number.MAX_SAFE_INTEGER - 1e9, closedUntil)
    .run();
}
