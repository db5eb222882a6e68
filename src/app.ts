import { type Config, readConfig } from "./config.ts";
import type { Receipt } from "./domain/receipt.ts";
import type { Instant } from "./domain/time.ts";
import { Catalog } from "./store/catalog.ts";
import { newSeal, type Seal } from "./store/seal.ts";

/** A ring at the door of the consumer: the id of a delivery, nothing else. */
export type Ring = string;

/** All that the rest of the program may know of the world it runs in. */
export interface App {
  config: Config;
  db: D1Database;
  queues: { deliveries: Queue<Ring>; intake: Queue<Receipt> };
  catalog: Catalog;
  seal: Seal;
  fetch: typeof fetch;
  now(): Instant;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** Goes on with `work` after the answer is out. */
  later(work: Promise<unknown>): void;
}

type Lasting = Pick<App, "config" | "catalog" | "seal">;

/** What one isolate keeps from one request to the next. */
const isolates = new WeakMap<Env, Lasting>();

/** The Worker's environment as an App. Throws `ConfigError`. */
export function appOf(env: Env, context: Pick<ExecutionContext, "waitUntil">): App {
  const lasting = isolates.get(env) ?? lastingOf(env);
  isolates.set(env, lasting);
  return {
    ...lasting,
    db: env.DB,
    queues: { deliveries: env.DELIVERIES, intake: env.INTAKE },
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    random: Math.random,
    later: (work) => context.waitUntil(work),
  };
}

function lastingOf(env: Env): Lasting {
  const config = readConfig(env);
  const readLimitMs = (config.storeTimeLimitMs * 2) / 3; // reading is followed by storing, within the same limit
  return { config, catalog: new Catalog(Date.now, readLimitMs), seal: newSeal(config.encryptionKey) };
}
