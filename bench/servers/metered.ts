/**
 * The real Worker with a meter between it and D1 and its Queues, for exact counts from the running thing. `GET /bench/bill` tells what was
 * asked since the last time; `POST /bench/sweep` is the cron; `POST /bench/fail?sql=…` lets D1 refuse, so many times, what begins so.
 */
import edge from "../../src/index.ts";

/** One round trip to D1, and the rows that it counted. `isCatalog`: it read sources and destinations, which happens by time. */
export interface RoundTrip {
  isCatalog: boolean;
  statements: number;
  rowsRead: number;
  rowsWritten: number;
}

export interface Bill {
  roundTrips: RoundTrip[];
  /** Queue operations: each message written, read and deleted is one, for every 64 KB. */
  written: number;
  read: number;
  deleted: number;
  /** Round trips that calls waited for before they were answered, other than for the catalog. */
  beforeAnswers: number;
  /** How often the Worker was called: by postbacks, and by batches of messages. */
  calls: number;
  batches: number;
  /** How many of the batches were of postbacks. */
  intakes: number;
}

let bill = newBill();
let failing = { sql: "", times: 0 };
const metered = new WeakMap<object, Env>();

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/bench/bill") return Response.json(taken());
    if (pathname === "/bench/sweep") {
      await edge.scheduled({} as ScheduledController, meteredEnv(env), context);
      return new Response(null);
    }
    if (pathname === "/bench/fail") {
      failing = { sql: searchParams.get("sql") ?? "", times: Number(searchParams.get("times")) };
      return new Response(null);
    }
    bill.calls++;
    const before = bill.roundTrips.length;
    const answer = await edge.fetch(request, meteredEnv(env), context);
    bill.beforeAnswers += bill.roundTrips.slice(before).filter(({ isCatalog }) => !isCatalog).length;
    return answer;
  },

  async queue(batch: MessageBatch<never>, env, context) {
    bill.batches++;
    if (batch.queue.endsWith("-intake")) bill.intakes++;
    bill.read += batch.messages.length;
    const again = new Set<string>();
    for (const message of batch.messages) {
      const retry = message.retry.bind(message);
      message.retry = (options) => {
        again.add(message.id);
        retry(options);
      };
    }
    await edge.queue(batch, meteredEnv(env), context);
    bill.deleted += batch.messages.length - again.size;
  },
} satisfies ExportedHandler<Env, never>;

function newBill(): Bill {
  return { roundTrips: [], beforeAnswers: 0, written: 0, read: 0, deleted: 0, calls: 0, batches: 0, intakes: 0 };
}

function taken(): Bill {
  const last = bill;
  bill = newBill();
  return last;
}

/** The same object for one environment, since the Worker keeps things by it. */
function meteredEnv(env: Env): Env {
  const own = metered.get(env) ?? ({ ...env, DB: database(env.DB), DELIVERIES: queue(env.DELIVERIES), INTAKE: queue(env.INTAKE) } as Env);
  metered.set(env, own);
  return own;
}

function queue<T>(real: Queue<T>): Queue<T> {
  return {
    send: async (body: T, options?: QueueSendOptions) => {
      bill.written++;
      return await real.send(body, options);
    },
    sendBatch: async (messages: Iterable<MessageSendRequest<T>>, options?: QueueSendBatchOptions) => {
      const all = [...messages];
      bill.written += all.length;
      return await real.sendBatch(all, options);
    },
    metrics: async () => await real.metrics(),
  } as Queue<T>;
}

function database(db: D1Database): D1Database {
  const known = new WeakMap<object, { real: D1PreparedStatement; sql: string }>();
  const one = async (statement: D1PreparedStatement) =>
    (await ask([statement], async ([only]) => [await (only as D1PreparedStatement).all()]))[0] as D1Result;
  return {
    prepare: (sql: string) => wrap(db.prepare(sql), sql),
    batch: async (statements: D1PreparedStatement[]) => await ask(statements, (real) => db.batch(real)),
  } as unknown as D1Database;

  function wrap(real: D1PreparedStatement, sql: string): D1PreparedStatement {
    const outer = {
      bind: (...values: unknown[]) => wrap(real.bind(...values), sql),
      run: () => one(outer),
      all: () => one(outer),
      first: async (column?: string) => {
        const row = ((await one(outer)).results[0] as Record<string, unknown>) ?? null;
        return column === undefined ? row : (row?.[column] ?? null);
      },
    } as unknown as D1PreparedStatement;
    known.set(outer, { real, sql: sql.trim().replace(/\s+/g, " ") });
    return outer;
  }

  async function ask(statements: D1PreparedStatement[], send: (real: D1PreparedStatement[]) => Promise<D1Result[]>): Promise<D1Result[]> {
    const asked = statements.map((statement) => known.get(statement) as { real: D1PreparedStatement; sql: string });
    if (failing.times > 0 && asked.some(({ sql }) => sql.startsWith(failing.sql))) {
      failing.times--;
      bill.roundTrips.push({ isCatalog: false, statements: asked.length, rowsRead: 0, rowsWritten: 0 });
      throw new Error("D1_ERROR: the bench lets it fail");
    }
    const results = await send(asked.map(({ real }) => real));
    bill.roundTrips.push({
      isCatalog: asked[0]?.sql.startsWith("select * from sources order by") ?? false,
      statements: asked.length,
      rowsRead: results.reduce((sum, { meta }) => sum + meta.rows_read, 0),
      rowsWritten: results.reduce((sum, { meta }) => sum + meta.rows_written, 0),
    });
    return results;
  }
}
