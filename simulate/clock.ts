/** The simulator's time, in milliseconds since 1970. It stands still until it is moved. */
export interface Clock {
  now(): number;
  set(ms: number): void;
  advance(ms: number): void;
}

export function newClock(start: number): Clock {
  let now = start;
  return {
    now: () => now,
    set: (ms) => {
      now = ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
