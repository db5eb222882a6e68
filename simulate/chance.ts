/** Chance that can be repeated: all of it follows from a seed. */
export interface Chance {
  /** From 0 (included) to 1 (excluded). */
  next(): number;
  /** True in a share of the cases: 0 is never, 1 always. */
  is(share: number): boolean;
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
  /** The same things in another order. */
  shuffle<T>(list: readonly T[]): T[];
  /** A stream of its own, so that what is drawn here does not move what is drawn there. */
  fork(name: string): Chance;
}

/** A stream of chance (Mulberry32): good enough to look like life, and the same on every machine. */
export function newChance(seed: number | string): Chance {
  let state = hash(String(seed));
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    is: (share) => next() < share,
    pick: (list) => {
      if (list.length === 0) throw new RangeError("there is nothing to pick from");
      return list[int(0, list.length - 1)] as (typeof list)[number];
    },
    shuffle: (list) => {
      const result = [...list];
      for (let last = result.length - 1; last > 0; last--) {
        const other = int(0, last);
        [result[last], result[other]] = [result[other] as (typeof list)[number], result[last] as (typeof list)[number]];
      }
      return result;
    },
    fork: (name) => newChance(`${seed}/${name}`),
  };
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
