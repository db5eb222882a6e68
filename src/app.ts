import { type Config, readConfig } from "./config.ts";
import type { Receipt } from "./domain/receipt.ts";
import { Tally } from "./domain/tally.ts";
import type { Instant } from "./domain/time.ts";
import { newResolver, type Resolver } from "./forward/resolve.ts";
import { Catalog } from "./store/catalog.ts";
import { newSeal, type Seal } from "./store/seal.ts";
import { type Batching, Together } from "./store/together.ts";

/** A ring at the door of the consumer: the id of a delivery, of a destination with a backlog, or of a recovery; nothing else. */
export type Ring = string;

/** All that the rest of the program may know of the world it runs in. */
export interface App {
  config: Config;
  db: D1Database;
  /**
   * `db`, for what has to be stored: in one transaction with whatever else this isolate is storing at the time. Who is patient waits
   * a moment for that.
   */
  joint(urgency?: "urgent" | "patient"): Batching;
  queues: { deliveries: Queue<Ring>; intake: Queue<Receipt> };
  catalog: Catalog;
  seal: Seal;
  fetch: typeof fetch;
  /** Looks up where names lead; null where no DNS_OVER_HTTPS is set. */
  resolver: Resolver | null;
  /** What destinations may be reached through besides the public network, by name: service bindings, VPC services, mTLS certificates. */
  bindings: Record<string, Fetcher>;
  /** The R2 bucket that keeps what is older than RETENTION_DAYS, and the results of jobs; null where none is bound as ARCHIVE. */
  archive: R2Bucket | null;
  /** Counts the repeats that this isolate recognises. */
  tally: Tally;
  /** Until when a destination counts as slow in this isolate. */
  slow: Map<string, Instant>;
  /** OAuth2 access tokens that are being asked for by this invocation: promises do not cross from one to another. */
  asking: Map<string, Promise<string>>;
  /** OAuth2 access tokens that this isolate knows. */
  tokens: Map<string, { token: string; expiresAt: Instant }>;
  now(): Instant;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** Goes on with `work` after the answer is out. */
  later(work: Promise<unknown>): void;
}

type Lasting = { together: Together } & Pick<
  App,
  "config" | "catalog" | "seal" | "resolver" | "bindings" | "archive" | "tally" | "slow" | "tokens"
>;

/** Claims and outcomes have so long to find a postback's transaction to go with. */
const patienceMs = 5;

/** Whether an invocation may wait for a promise that another one keeps. Source: workerd's flag of this name, on since 2024-10-14. */
const mayWaitForOthers = Cloudflare.compatibilityFlags["handle_cross_request_promise_resolution"] === true;

/** What one isolate keeps from one request to the next. */
const isolates = new WeakMap<Env, Lasting>();

/** The Worker's environment as an App. Throws `ConfigError`. */
export function appOf(env: Env, context: Pick<ExecutionContext, "waitUntil">): App {
  const lasting = isolates.get(env) ?? lastingOf(env);
  isolates.set(env, lasting);
  const { together, ...shared } = lasting;
  return {
    ...shared,
    db: env.DB,
    joint(urgency = "urgent") {
      if (this.db !== env.DB || !mayWaitForOthers) return this.db;
      const batch = <T>(statements: D1PreparedStatement[]) => {
        const storing = together.batch<T>(statements, urgency === "patient" ? patienceMs : 0);
        context.waitUntil(storing.catch(() => {})); // others may depend on it, should this caller hang up
        return storing;
      };
      return { prepare: (sql) => env.DB.prepare(sql), batch };
    },
    queues: { deliveries: env.DELIVERIES, intake: env.INTAKE },
    fetch: outside,
    asking: new Map(),
    now: Date.now,
    random: Math.random,
    later: (work) => context.waitUntil(work),
  };
}

function lastingOf(env: Env): Lasting {
  const config = readConfig(env);
  const readLimitMs = (config.storeTimeLimitMs * 2) / 3; // reading is followed by storing, within the same limit
  return {
    config,
    together: new Together(env.DB, Date.now, config.storeTimeLimitMs / 2),
    catalog: new Catalog(Date.now, readLimitMs),
    seal: newSeal(config.encryptionKey, config.nextEncryptionKey),
    resolver: config.dnsOverHttps === null ? null : newResolver(outside, config.dnsOverHttps, Date.now),
    bindings: Object.fromEntries(Object.entries(env).filter(([, binding]) => isFetcher(binding))),
    archive: (env as { ARCHIVE?: R2Bucket }).ARCHIVE ?? null,
    tally: new Tally(),
    slow: new Map(),
    tokens: new Map(),
  };
}

/** The public network. Called by name each time, since what stands in for it in tests comes later. */
const outside: typeof fetch = (input, init) => fetch(input, init);

/** D1 and Queues have no `fetch`; what has one can be sent through. */
function isFetcher(binding: unknown): binding is Fetcher {
  return typeof binding === "object" && binding !== null && typeof (binding as Fetcher).fetch === "function";
}
