import type { Cell, Counted, Grouping, Order, Place } from "../domain/report.ts";
import type { Bucket } from "../domain/span.ts";
import { type Dimension, dimensions, nameFields } from "../domain/standing.ts";
import { type Condition, when } from "./page.ts";
import { numberOf, type Row, textOf } from "./rows.ts";

/** What a report is to be made of. */
export interface ReportSearch {
  by: Grouping;
  /** What totals count. */
  whole: Counted[];
  /** Where the actions themselves are counted. */
  cut: Bucket[];
  source?: string | undefined;
  currency?: string | undefined;
  state?: string | undefined;
  filters: Partial<Record<Dimension, string>>;
  /** One line for a value, whatever the currencies. */
  isTogether: boolean;
  order: Order;
  after?: Place | undefined;
  /** How many lines. */
  limit: number;
}

/** The cells of one page, line by line in its order, and the sums of all lines by currency and state. */
export interface Report {
  cells: Cell[];
  sums: Cell[];
}

const million = 1_000_000n;
const moneyColumns = ["payout_units", "payout_micros", "amount_units", "amount_micros"];
const sums = ["actions", ...moneyColumns].map((column) => `sum(${column}) as ${column}`).join(", ");
const moneyOut = moneyColumns.map((column) => `cast(${column} as text) as ${column}`).join(", ");

/** ?: whole buckets, and then each condition's value. */
const selectWhole = (label: string, fitting: string) => `
    select ${label} as label, t.currency, t.state, t.actions, t.payout_units, t.payout_micros, t.amount_units, t.amount_micros
    from json_each(?) b cross join totals t on t.dimension = b.value ->> 3 and t.at >= b.value ->> 1 and t.at < b.value ->> 2
    where ${fitting}`;

/** ?: cut buckets, and then each condition's value. */
const selectCut = (label: string, fitting: string) => `
    select ${label} as label, coalesce(a.currency, '') as currency, coalesce(a.state, '') as state, 1 as actions,
      coalesce(a.payout, 0) / 1000000, coalesce(a.payout, 0) % 1000000, coalesce(a.amount, 0) / 1000000, coalesce(a.amount, 0) % 1000000
    from json_each(?) b cross join actions a on a.event_date >= b.value ->> 1 and a.event_date < b.value ->> 2
    where a.is_test = 0 and ${fitting}`;

/** A line is sorted by whole units, and by the millionths above them: together they can be larger than an integer. */
const ranks: Record<Order, [high: string, low: string]> = {
  value: ["0", "0"],
  actions: ["sum(actions)", "0"],
  payout: [units("payout"), micros("payout")],
  amount: [units("amount"), micros("amount")],
};

/** Everything at once, so that a line, its states and the sums tell of the same moment. */
const selectReport = (parts: string, line: string, [high, low]: [string, string], after: string) => `
  with parts as (${parts}
  ), cells as materialized (
    select label, currency, state, ${sums} from parts group by label, currency, state having sum(actions) <> 0
  ), lines as (
    select label, ${line} as line, ${high} as high, ${low} as low from cells group by 1, 2
  ), page as materialized (
    select label, line, row_number() over (order by high desc, low desc, label, line) as nth from lines
    where ${after} order by high desc, low desc, label, line limit ?
  )
  select p.nth, p.label, c.currency, c.state, c.actions, ${moneyOut}, n.name
  from cells c cross join page p on p.label = c.label and ${line === "''" ? "true" : "p.line = c.currency"}
  left join names n on n.dimension = ? and n.value = p.label
  union all
  select 0, '', currency, state, ${sums.replaceAll(/sum\((\w+)\) as \w+_(units|micros)/g, "cast(sum($1) as text)")}, null
  from cells group by currency, state
  order by 1, 3, 4`;

const isAfter = `(high < cast(? as integer) or (high = cast(? as integer) and (low < ? or (low = ? and (label, line) > (?, ?)))))`;

/** Adds up a report from the totals, and at the edges of what they count from the actions, in one round trip. */
export async function readReport(db: D1Database, search: ReportSearch): Promise<Report> {
  const { by, whole, cut, order, after, limit } = search;
  const [ofTotals, ofActions] = [conditions(search, totalColumns), conditions(search, actionColumns, sought(search))];
  const isByTime = by === "day" || by === "month";
  const parts = [
    selectWhole(isByTime ? "b.value ->> 0" : by === "state" ? "t.state" : "t.value", all(ofTotals)),
    selectCut(isByTime ? "b.value ->> 0" : actionColumns(by), all(ofActions)),
  ].join("\n    union all");
  const sql = selectReport(parts, search.isTogether ? "''" : "currency", ranks[order], after ? isAfter : "true");
  const { results } = await db
    .prepare(sql)
    .bind(
      spans(whole),
      ...ofTotals.flatMap(({ values }) => values),
      spans(cut),
      ...ofActions.flatMap(({ values }) => values),
      ...(after ? placed(after, order) : []),
      limit,
      by in nameFields ? by : "",
    )
    .all<Row>();
  const [sumsFirst, cells] = [results.filter((row) => row["nth"] === 0), results.filter((row) => row["nth"] !== 0)];
  return { cells: cells.map(cellOf), sums: sumsFirst.map(cellOf) };
}

type Columns = (name: "source" | "currency" | "state" | Dimension) => string;

const totalColumns: Columns = (name) => (name === "source" ? "t.source_id" : name in dimensions ? "t.value" : `t.${name}`);

const actionColumns = (name: string) => {
  if (name === "source") return "+a.source_id"; // the + keeps SQLite from looking through all of a source instead of the span
  return `coalesce(a.${name}${name in nameFields ? "_id" : ""}, '')`;
};

/** Dimensions with an index of the actions by value and date, the one with the most values first. */
const indexed = ["sub_id1", "sub_id2", "sub_id3", "shared_id", "promo_code", "campaign"] as const satisfies Dimension[];

/** The dimension by which actions are looked up: one index is of use at a time, and what an action does not have is in none. */
function sought({ filters }: ReportSearch): Dimension | null {
  return indexed.find((name) => filters[name]) ?? null;
}

/**
 * What is asked for of sources, currencies, states and values; campaigns and action trackers are found by their names as well. `sought` is
 * compared in a way that an index serves.
 */
function conditions({ source, currency, state, filters }: ReportSearch, column: Columns, sought: Dimension | null = null): Condition[] {
  return [
    ...when(source, `${column("source")} = ? or ${column("source")} in (select id from sources where name = ?)`),
    ...when(currency?.toUpperCase(), `${column("currency")} = ?`),
    ...when(state?.toUpperCase(), `${column("state")} = ?`),
    ...(Object.keys(dimensions) as Dimension[]).flatMap((name) => {
      const ofName = `select value from names where dimension = '${name}' and name = ?`;
      if (name === sought)
        return when(filters[name], name in nameFields ? `a.${name}_id in (select ? union all ${ofName})` : `a.${name} = ?`);
      return when(filters[name], `${column(name)} = ?${name in nameFields ? ` or ${column(name)} in (${ofName})` : ""}`);
    }),
  ];
}

function all(conditions: Condition[]): string {
  return conditions.map(({ sql }) => `(${sql})`).join(" and ") || "true";
}

function spans(buckets: (Bucket & Partial<Counted>)[]): string {
  return JSON.stringify(buckets.map(({ label, since, until, dimension }) => [label, since, until, dimension]));
}

/** What `isAfter` asks for. */
function placed({ rank, value, currency }: Place, order: Order): (string | number)[] {
  const isMoney = order === "payout" || order === "amount";
  const low = isMoney ? Number(((rank % million) + million) % million) : 0;
  const high = (isMoney ? (rank - BigInt(low)) / million : rank).toString();
  return [high, high, low, low, value, currency];
}

function units(money: string): string {
  return `sum(${money}_units) + (sum(${money}_micros) - ${micros(money)}) / 1000000`;
}

function micros(money: string): string {
  return `((sum(${money}_micros) % 1000000 + 1000000) % 1000000)`;
}

function cellOf(row: Row): Cell {
  const money = (name: string) => BigInt(textOf(row, `${name}_units`)) * million + BigInt(textOf(row, `${name}_micros`));
  return {
    value: textOf(row, "label"),
    name: row["name"] as string | null,
    currency: textOf(row, "currency"),
    state: textOf(row, "state"),
    actions: numberOf(row, "actions"),
    payout: money("payout"),
    amount: money("amount"),
  };
}
