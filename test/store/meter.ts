/** What D1 was asked and what it cost, as D1 itself counts. */
export interface Bill {
  roundTrips: number;
  rowsWritten: number;
  rowsRead: number;
  statements: { sql: string; values: unknown[] }[];
}

/** A database that goes on to the real one, and keeps the bill. */
export function metered(db: D1Database): { db: D1Database; bill: Bill } {
  const bill: Bill = { roundTrips: 0, rowsWritten: 0, rowsRead: 0, statements: [] };
  const known = new WeakMap<D1PreparedStatement, { real: D1PreparedStatement; sql: string; values: unknown[] }>();

  return {
    bill,
    db: {
      prepare: (sql: string) => wrap(db.prepare(sql), sql, []),
      batch: async (statements: D1PreparedStatement[]) => await ask(statements, (real) => db.batch(real)),
    } as unknown as D1Database,
  };

  function wrap(real: D1PreparedStatement, sql: string, values: unknown[]): D1PreparedStatement {
    const one = async () => (await ask([outer], async ([only]) => [await (only as D1PreparedStatement).all()]))[0] as D1Result;
    const outer = {
      bind: (...given: unknown[]) => wrap(real.bind(...given), sql, given),
      run: one,
      all: one,
      first: async () => (await one()).results[0] ?? null,
    } as unknown as D1PreparedStatement;
    known.set(outer, { real, sql, values });
    return outer;
  }

  async function ask(statements: D1PreparedStatement[], send: (real: D1PreparedStatement[]) => Promise<D1Result[]>): Promise<D1Result[]> {
    const asked = statements.map((statement) => known.get(statement) ?? { real: statement, sql: "", values: [] });
    bill.roundTrips++;
    bill.statements.push(...asked.map(({ sql, values }) => ({ sql, values })));
    const results = await send(asked.map(({ real }) => real));
    for (const { meta } of results) {
      bill.rowsWritten += meta.rows_written;
      bill.rowsRead += meta.rows_read;
    }
    return results;
  }
}
