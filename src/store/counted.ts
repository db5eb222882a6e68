/**
 * D1, and how often it was asked: here each statement is prepared once and asked once. An invocation may ask a thousand times (Cloudflare's
 * limits of D1, paid plans).
 */
export function counted(db: D1Database): { db: D1Database; queries(): number } {
  let queries = 0;
  const prepare = (sql: string) => {
    queries += 1;
    return db.prepare(sql);
  };
  const batch = <T>(statements: D1PreparedStatement[]) => db.batch<T>(statements);
  return { db: { prepare, batch } as D1Database, queries: () => queries };
}
