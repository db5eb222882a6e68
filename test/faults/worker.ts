import { AsyncLocalStorage } from "node:async_hooks";
import edge from "../../src/index.ts";
import { type Answer, isAt, type Machine, type Order } from "./fault.ts";

/**
 * The real Worker with its border to the platform wrapped, and nothing else: D1, the queues, `fetch`, the clock, and how batches are
 * handed over. At each named point of the border it asks the controller (FAULT_CONTROL) what happens there. Each machine (door,
 * desk, consumer, sweep) has an isolate's memory and a clock of its own.
 */

const platform = { fetch: globalThis.fetch.bind(globalThis), now: Date.now, warn: console.warn };

interface Invocation {
  on: Machine;
  control: string;
  skewMs: number;
  /** Null before it has asked for the first time. */
  watched: string[] | null;
  hasPerished: boolean;
  perish(): void;
}
const invocations = new AsyncLocalStorage<Invocation>();

Date.now = () => platform.now() + (invocations.getStore()?.skewMs ?? 0);
globalThis.fetch = ((input: RequestInfo, init?: RequestInit) =>
  around("request", () => platform.fetch(input, init))) as typeof globalThis.fetch;
for (const level of ["log", "info", "debug"] as const) console[level] = (...words: unknown[]) => platform.warn(level, ...words);

/** Stops at a point. What befalls messages is given back, for the caller to do. */
async function point(at: string): Promise<Order | null> {
  const invocation = invocations.getStore();
  if (!invocation) return null;
  if (invocation.hasPerished) return await never();
  if (invocation.watched?.some((wanted) => isAt(wanted, at)) === false) return null;
  const answer = await platform.fetch(invocation.control, { method: "POST", body: JSON.stringify({ at, on: invocation.on }) });
  const { skewMs, order, watched } = (await answer.json()) as Answer;
  invocation.skewMs = skewMs;
  invocation.watched = watched;
  if (order?.do === "throw") throw new Error(order.error);
  if (order?.do === "stall") await sleep(order.ms ?? 0);
  if (order?.do === "perish") {
    invocation.perish();
    return await never();
  }
  return order;
}

async function around<T>(what: string, work: (order: Order | null) => Promise<T>, [before, after] = ["before", "after"]): Promise<T> {
  const result = await work(await point(`${before} ${what}`));
  await point(`${after} ${what}`);
  return result;
}

/** What a call to D1 is about, by its statements; the first that fits. */
const subjects: [name: string, statement: RegExp][] = [
  ["store", /insert into events\b/],
  ["claim", /update deliveries set\s+next_at\b/],
  ["record", /insert into attempts\b/],
  ["quarantine", /insert into quarantine\b/],
  ["sweep", /update deliveries set ring_at\b/],
  ["catalog", /select \* from (sources|destinations) order\b/],
];

function subjectOf(statements: string[]): string {
  return subjects.find(([, pattern]) => statements.some((text) => pattern.test(text)))?.[0] ?? "other";
}

const originals = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>();

function faultyStatement(statement: D1PreparedStatement, sql: string): D1PreparedStatement {
  const run =
    (method: "first" | "run" | "all" | "raw") =>
    (...args: unknown[]) =>
      aroundD1([sql], () => (statement[method] as (...args: unknown[]) => Promise<unknown>)(...args));
  const faulty = {
    bind: (...values: unknown[]) => faultyStatement(statement.bind(...values), sql),
    first: run("first"),
    run: run("run"),
    all: run("all"),
    raw: run("raw"),
  } as unknown as D1PreparedStatement;
  originals.set(faulty, { statement, sql });
  return faulty;
}

function faultyD1(db: D1Database): D1Database {
  const batch = (statements: D1PreparedStatement[]) => {
    const known = statements.map((one) => originals.get(one) as { statement: D1PreparedStatement; sql: string });
    return aroundD1(
      known.map(({ sql }) => sql),
      () => db.batch(known.map(({ statement }) => statement)),
    );
  };
  return { prepare: (sql: string) => faultyStatement(db.prepare(sql), sql), batch } as unknown as D1Database;
}

function aroundD1<T>(statements: string[], work: () => Promise<T>): Promise<T> {
  return around(subjectOf(statements), work, ["D1 before", "D1 after"]);
}

function faultyQueue<T>(queue: Queue<T>, what: string, words: [string, string]): Queue<T> {
  const since = platform.now();
  const sendBatch = (messages: Iterable<MessageSendRequest<T>>, options: QueueSendBatchOptions = {}) =>
    around(
      what,
      async (order) => {
        const delaySeconds = (options.delaySeconds ?? 0) + delayOf(order, platform.now() - since);
        if (order?.do === "twice") await queue.sendBatch(messages, options);
        return await queue.sendBatch(messages, { ...options, ...(delaySeconds > 0 ? { delaySeconds } : {}) });
      },
      words,
    );
  const send = (body: T, { delaySeconds, ...options }: QueueSendOptions = {}) =>
    sendBatch([{ body, ...options }], delaySeconds === undefined ? {} : { delaySeconds });
  return { send, sendBatch, metrics: () => queue.metrics() } as unknown as Queue<T>;
}

/** How much later a message comes, in seconds. In reverse: within each span of four seconds, the earlier it is sent the later. */
function delayOf(order: Order | null, ageMs: number): number {
  if (order?.do === "late") return Math.ceil((order.ms ?? 0) / 1000);
  if (order?.do === "reverse") return 2 * (4 - Math.floor((ageMs / 1000) % 4));
  return 0;
}

const environments = new Map<Machine, Env>();

/** One for each machine, since an isolate's memory hangs on it. */
function environmentOf(on: Machine, env: Env): Env {
  const known = environments.get(on);
  if (known) return known;
  const faulty = {
    ...env,
    DB: faultyD1(env.DB),
    DELIVERIES: faultyQueue(env.DELIVERIES, "ring", ["queue before", "queue after"]),
    INTAKE: faultyQueue(env.INTAKE, "send", ["intake before", "intake after"]),
  } as Env;
  environments.set(on, faulty);
  return faulty;
}

async function invoke<T>(on: Machine, at: string, env: Env, work: (env: Env, order: Order | null) => Promise<T> | T): Promise<T> {
  const control = (env as unknown as { FAULT_CONTROL: string }).FAULT_CONTROL;
  let perish = () => {};
  const end = new Promise<never>((_, reject) => {
    perish = () => reject(new Error("this invocation has ended before its time"));
  });
  const invocation: Invocation = {
    on,
    control,
    skewMs: 0,
    watched: null,
    hasPerished: false,
    perish() {
      invocation.hasPerished = true;
      perish();
    },
  };
  return await invocations.run(invocation, async () => {
    const done = (async () => {
      const result = await work(environmentOf(on, env), await point(at));
      await point(`end of ${at}`);
      return result;
    })();
    return await Promise.race([done, end]);
  });
}

/** The same messages for a second consumer; what becomes of them the first one decides. */
function copyOf(batch: MessageBatch<any>): MessageBatch<any> {
  const quiet = { ack() {}, retry() {} };
  const messages = batch.messages.map(({ id, timestamp, body, attempts }) => ({ id, timestamp, body, attempts, ...quiet }));
  return { ...handed(batch, messages), ackAll() {}, retryAll() {} } as MessageBatch<any>;
}

function handed(batch: MessageBatch<any>, messages: readonly Message<any>[]): MessageBatch<any> {
  const own = { ackAll: () => batch.ackAll(), retryAll: (options?: QueueRetryOptions) => batch.retryAll(options) };
  return { queue: batch.queue, messages, metadata: batch.metadata, ...own } as MessageBatch<any>;
}

const batches: Record<string, string> = { deliveries: "batch of rings", intake: "batch of receipts", dead: "batch of dead letters" };

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname.startsWith("/in/")) return invoke("door", "call", env, (own) => edge.fetch(request, own, context));
    return invoke("desk", "operator", env, (own) => edge.fetch(request, own, context));
  },

  queue(batch, env, context) {
    const at = batches[batch.queue.split("-").at(-1) ?? ""] ?? batch.queue;
    return invoke("consumer", at, env, async (own, order) => {
      if (order?.do === "reverse") return await edge.queue(handed(batch, batch.messages.toReversed()), own, context);
      if (order?.do === "twice") await Promise.all([edge.queue(copyOf(batch), own, context), edge.queue(batch, own, context)]);
      else await edge.queue(batch, own, context);
    });
  },

  scheduled(controller, env, context) {
    return invoke("sweep", "cron", env, (own) => edge.scheduled(controller, own, context));
  },
} satisfies ExportedHandler<Env, any>;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function never(): Promise<never> {
  return new Promise(() => {});
}
