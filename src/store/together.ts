import { TimeLimit, within } from "../domain/limit.ts";
import type { Instant } from "../domain/time.ts";

/** What it takes to store something: of a D1 database, or of one that is shared. */
export type Batching = Pick<D1Database, "prepare" | "batch">;

/** So many statements go together at the most. Source: an invocation of a Worker on the Free plan may ask D1 fifty. */
const mostStatements = 48;

/** Whether it was a statement that D1 would not do, and not D1 that was away. Source: D1's errors end with SQLite's name for them. */
export function isRefused(error: unknown): boolean {
  return String(error).includes("SQLITE_");
}

/** Statements that wait for the batch under way; they get their results, are to lead the next batch, or are to go alone. */
interface Share {
  statements: D1PreparedStatement[];
  resolve(fate: D1Result[] | "lead" | "alone"): void;
  reject(error: unknown): void;
}

/**
 * D1 does one thing at a time, and many small transactions cost it more than a large one. So what an isolate wants to store while a batch
 * of its own is on its way goes together in the next: one transaction, each part's statements in a row. Nobody waits who is alone, and
 * nobody has an answer before the transaction is committed.
 */
export class Together {
  #waiting: Share[] = [];
  #busySince: Instant | null = null;
  readonly #db: Batching;
  readonly #now: () => Instant;
  readonly #limitMs: number;

  /** `limitMs` is how long others wait for a batch before they go alone. */
  constructor(db: Batching, now: () => Instant, limitMs: number) {
    this.#db = db;
    this.#now = now;
    this.#limitMs = limitMs;
  }

  /** As D1's own `batch`. */
  async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const isBusy = this.#busySince !== null && this.#now() - this.#busySince < this.#limitMs;
    const fate = isBusy ? await this.#wait(statements) : "lead";
    if (fate === "lead") return (await this.#lead(statements)) as D1Result<T>[];
    return fate === "alone" ? await this.#db.batch<T>(statements) : (fate as D1Result<T>[]);
  }

  async #wait(statements: D1PreparedStatement[]): Promise<D1Result[] | "lead" | "alone"> {
    const { promise, resolve, reject } = Promise.withResolvers<D1Result[] | "lead" | "alone">();
    const share = { statements, resolve, reject };
    this.#waiting.push(share);
    try {
      return await within(this.#limitMs, promise);
    } catch (error) {
      if (!(error instanceof TimeLimit)) throw error;
    }
    const isOnItsWay = !this.#waiting.includes(share); // in the hands of D1, by another: then it must not be done twice
    this.#waiting = this.#waiting.filter((other) => other !== share);
    return isOnItsWay ? await promise : "alone";
  }

  /** Its own statements, and as many of those that wait as go along. When a statement fails, nothing was done, and each goes alone. */
  async #lead(own: D1PreparedStatement[]): Promise<D1Result[]> {
    this.#busySince = this.#now();
    const others = this.#companions(mostStatements - own.length);
    try {
      const results = await this.#db.batch([own, ...others.map(({ statements }) => statements)].flat());
      const mine = results.splice(0, own.length);
      for (const { statements, resolve } of others) resolve(results.splice(0, statements.length));
      return mine;
    } catch (error) {
      const isOfOne = others.length > 0 && isRefused(error);
      for (const { resolve, reject } of others) isOfOne ? resolve("alone") : reject(error);
      if (!isOfOne) throw error;
      return await this.#db.batch(own);
    } finally {
      this.#handOver();
    }
  }

  #companions(room: number): Share[] {
    let size = 0;
    const tooMany = this.#waiting.findIndex(({ statements }) => {
      size += statements.length;
      return size > room;
    });
    return this.#waiting.splice(0, tooMany < 0 ? this.#waiting.length : tooMany);
  }

  /** To the first that waits: a batch is made in the invocation that leads it. */
  #handOver(): void {
    const next = this.#waiting.shift();
    this.#busySince = next ? this.#now() : null;
    next?.resolve("lead");
  }
}
