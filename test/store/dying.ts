import { env } from "cloudflare:workers";

/** A D1 that is gone when it is asked this. */
export function dyingAt(statement: string): D1Database {
  return {
    prepare: (sql: string) => {
      if (sql.includes(statement)) throw new Error("dead");
      return env.DB.prepare(sql);
    },
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database;
}
