import { hourOf } from "./pulse.ts";
import { type Instant, minute } from "./time.ts";

/** How many times something happened with a source in the hour that begins at `hour`. */
export interface Count {
  sourceId: string;
  hour: Instant;
  count: number;
}

/** What is counted is kept so long before it is to be written down. */
const patienceMs = minute;

/**
 * Counts repeats for an isolate, so that a repeat costs no row of its own: what it holds becomes due once a minute, a row for each source
 * and hour, however many there were. What an isolate holds when it is ended is lost, at most what it counted since it wrote last:
 * good enough for a rate, and for nothing that has to be exact.
 */
export class Tally {
  #counts = new Map<string, Count>();
  #since: Instant | null = null;

  /** Counts one. */
  note(sourceId: string, at: Instant, now: Instant): void {
    this.#add({ sourceId, hour: hourOf(at), count: 1 });
    this.#since ??= now;
  }

  /** Hands out all that was counted when the first of it is a minute old; it is the caller's then. Otherwise nothing. */
  due(now: Instant): Count[] {
    const age = this.#since === null ? 0 : Math.abs(now - this.#since); // a clock that was put back must not stop it
    if (age < patienceMs) return [];
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    this.#since = null;
    return counts;
  }

  /** How many are held and not written down yet, of a source or of all. */
  held(sourceId?: string): number {
    return [...this.#counts.values()].reduce((sum, one) => sum + (sourceId === undefined || one.sourceId === sourceId ? one.count : 0), 0);
  }

  /** Takes back what could not be written; it becomes due once more in a minute. */
  giveBack(counts: Count[], now: Instant): void {
    for (const one of counts) this.#add(one);
    if (counts.length > 0) this.#since ??= now;
  }

  #add({ sourceId, hour, count }: Count): void {
    const key = `${sourceId}/${hour}`;
    const before = this.#counts.get(key)?.count ?? 0;
    this.#counts.set(key, { sourceId, hour, count: before + count });
  }
}
