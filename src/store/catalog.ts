import type { Destination } from "../domain/destination.ts";
import { within } from "../domain/limit.ts";
import type { Source } from "../domain/source.ts";
import { type Instant, second } from "../domain/time.ts";
import { destinationOf, selectDestinations } from "./destinations.ts";
import type { Row } from "./rows.ts";
import { selectSources, sourceOf } from "./sources.ts";

/** Sources and destinations as they were read at one time, each as they were made: the latest is the last. */
export interface Copy {
  sources: Source[];
  destinations: Destination[];
  at: number;
}

/** Younger than this, the copy is used as it is. */
const freshMs = 3 * second;
/** Up to this age it may be used while somebody else is reading it anew. */
const usableMs = 5 * second;

/**
 * Sources and destinations as this isolate knows them, so that a postback costs one round trip to D1 and not two.
 * A change made here counts at once (`forget`), elsewhere within five seconds. When D1 does not answer, the old copy serves.
 */
export class Catalog {
  #copy: Copy | null = null;
  #isOld = false;
  #readingSince = 0;
  #version = 0;
  readonly #now: () => Instant;
  readonly #readLimitMs: number;

  /** `readLimitMs` is how long D1 may take for one reading. */
  constructor(now: () => Instant, readLimitMs: number) {
    this.#now = now;
    this.#readLimitMs = readLimitMs;
  }

  async current(db: D1Database): Promise<Copy> {
    const copy = this.#copy;
    const age = this.#age();
    if (copy && age < freshMs) return copy;
    const isBeingRead = this.#now() - this.#readingSince < this.#readLimitMs;
    if (copy && age < usableMs && isBeingRead) return copy;
    this.#readingSince = this.#now();
    return await this.#read(db).catch((error) => {
      if (copy) return copy;
      throw error;
    });
  }

  /** Reads anew, unless that happened within the last second: for what nobody here knows yet. */
  async anew(db: D1Database): Promise<Copy> {
    if (this.#copy && this.#age() < second) return this.#copy;
    return await this.#read(db);
  }

  /** Whatever is known, without asking anybody. */
  lastKnown(): Pick<Copy, "sources" | "destinations"> {
    return this.#copy ?? { sources: [], destinations: [] };
  }

  /** Something was changed here: what is known, or being read right now, is old, and serves only when D1 does not answer. */
  forget(): void {
    this.#isOld = true;
    this.#version++;
  }

  /** Of the copy, in ms. One that is old, or from a time that has not come yet (the clock was put back), is as old as can be. */
  #age(): number {
    const age = this.#copy && !this.#isOld ? this.#now() - this.#copy.at : Number.POSITIVE_INFINITY;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }

  async #read(db: D1Database): Promise<Copy> {
    const at = this.#now();
    const version = this.#version;
    const [sources, destinations] = await within(
      this.#readLimitMs,
      db.batch<Row>([db.prepare(selectSources), db.prepare(selectDestinations)]),
    );
    const copy = { sources: (sources?.results ?? []).map(sourceOf), destinations: (destinations?.results ?? []).map(destinationOf), at };
    if (version === this.#version) {
      this.#copy = copy;
      this.#isOld = false;
    }
    return copy;
  }
}
