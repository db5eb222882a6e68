import type { Cell, Row } from "./rows.ts";

/** A part of a `where`, with one parameter for each `?`. Its text is always a constant of this folder. */
export interface Condition {
  sql: string;
  values: Cell[];
}

/** A table to leaf through, newest first: its key sorts by time. */
export interface Listing {
  table: string;
  columns: string;
  key: string[];
}

/** One page. `next` is the key to go on from, null at the end; a page may be short and still have a next. */
export interface Page {
  rows: Row[];
  next: string[] | null;
}

/** How many rows a page looks through for those that fit: keeps every page fast, however seldom a filter fits. */
const scanLimit = 2_500;

/** The rows that fulfil all conditions. `within` bounds the walk and must be served by the key; `fitting` is checked row by row. */
export async function listPage(db: D1Database, listing: Listing, within: Condition[], fitting: Condition[], limit: number): Promise<Page> {
  const { table, columns, key } = listing;
  const order = key.map((column) => `${column} desc`).join(", ");
  const walk = `from ${table} where ${all(within)} order by ${order} limit ${fitting.length > 0 ? scanLimit : limit}`;
  const bounds = within.flatMap(({ values }) => values);

  const [found, walked] = await db.batch<Row>([
    db
      .prepare(`select ${columns} from (select * ${walk}) where ${all(fitting)} limit ${limit}`)
      .bind(...bounds, ...fitting.flatMap(({ values }) => values)),
    db.prepare(`select ${key.join(", ")} from (select ${key.join(", ")} ${walk}) limit 1 offset ${scanLimit - 1}`).bind(...bounds),
  ]);
  const rows = found?.results ?? [];
  const last = rows.length === limit ? rows.at(-1) : walked?.results[0];
  return { rows, next: last ? key.map((column) => last[column] as string) : null };
}

/** A condition that holds when `value` is given. */
export function when(value: string | undefined, sql: string): Condition[] {
  return value === undefined ? [] : [{ sql, values: Array(sql.split("?").length - 1).fill(value) as Cell[] }];
}

function all(conditions: Condition[]): string {
  return conditions.map(({ sql }) => `(${sql})`).join(" and ") || "true";
}
