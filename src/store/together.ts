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

/** What becomes of statements that wait: their results, or that they are to lead the next batch, or to go alone. */
type Fate = D1Result[] | "lead" | "alone";

interface Share {
  statements: D1PreparedStatement[];
  isUrgent: boolean;
  fate: PromiseWithResolvers<Fate>;
}

/**
 * D1 does one thing at a time, and many small transactions cost it more than a large one. So what an isolate wants to store while a batch
 * of its own is on its way goes together in the next: one transaction, each part's statements in a row. Who is alone does not wait,
 * unless it is patient, and nobody has an answer before the transaction is committed.
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

  /** As D1's own `batch`. With `patienceMs`, what is not urgent waits so long for somebody to go with, before it goes itself. */
  async batch<T>(statements: D1PreparedStatement[], patienceMs = 0): Promise<D1Result<T>[]> {
    const isUrgent = patienceMs === 0;
    if (isUrgent && !this.#isBusy()) return (await this.#lead(statements)) as D1Result<T>[];
    const share = { statements, isUrgent, fate: Promise.withResolvers<Fate>() };
    this.#waiting.push(share);
    const fate = (isUrgent ? null : await this.#patiently(share, patienceMs)) ?? (await this.#urgently(share));
    if (fate === "lead") return (await this.#lead(statements)) as D1Result<T>[];
    return fate === "alone" ? await this.#db.batch<T>(statements) : (fate as D1Result<T>[]);
  }

  /** Null when patience is over while another batch is on its way. */
  async #patiently(share: Share, patienceMs: number): Promise<Fate | null> {
    const fate = await unlessLate(patienceMs, share.fate.promise);
    if (fate !== null) return fate;
    share.isUrgent = true;
    return !this.#isBusy() && this.#leaves(share) ? "lead" : null;
  }

  /** What is in the hands of D1 already, in another's batch, must not be done twice: that is waited for. */
  async #urgently(share: Share): Promise<Fate> {
    const fate = await unlessLate(this.#limitMs, share.fate.promise);
    return fate ?? (this.#leaves(share) ? "alone" : await share.fate.promise);
  }

  /** Whether it was still waiting. */
  #leaves(share: Share): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((other) => other !== share);
    return this.#waiting.length < before;
  }

  /** A batch that began in the future (the clock was put back) is one that nobody waits for. */
  #isBusy(): boolean {
    const age = this.#busySince === null ? this.#limitMs : this.#now() - this.#busySince;
    return age >= 0 && age < this.#limitMs;
  }

  /** Its own statements, and as many of those that wait as go along. When a statement fails, nothing was done, and each goes alone. */
  async #lead(own: D1PreparedStatement[]): Promise<D1Result[]> {
    this.#busySince = this.#now();
    const others = this.#companions(mostStatements - own.length);
    try {
      const results = await this.#db.batch([own, ...others.map(({ statements }) => statements)].flat());
      const mine = results.splice(0, own.length);
      for (const { statements, fate } of others) fate.resolve(results.splice(0, statements.length));
      return mine;
    } catch (error) {
      const isOfOne = others.length > 0 && isRefused(error);
      for (const { fate } of others) isOfOne ? fate.resolve("alone") : fate.reject(error);
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

  /** To the first that cannot wait: a batch is made in the invocation that leads it. */
  #handOver(): void {
    const next = this.#waiting.find(({ isUrgent }) => isUrgent);
    this.#busySince = next ? this.#now() : null;
    if (next && this.#leaves(next)) next.fate.resolve("lead");
  }
}

/** The value of `work`, or null after `ms`. */
async function unlessLate<T>(ms: number, work: Promise<T>): Promise<T | null> {
  try {
    return await within(ms, work);
  } catch (error) {
    if (error instanceof TimeLimit) return null;
    throw error;
  }
}
