import { hour, second } from "./clock.ts";

export interface Counted {
  isWithin: boolean;
  headers: Record<string, string>;
}

/** Counts the calls of an account in an hour of the clock, refused ones too. */
export interface Limit {
  count(now: number): Counted;
  /** Refuses everything for this long from now on, whatever was counted. */
  close(now: number, ms: number): void;
}

/** `perHour` is asked at each call, so that a test can change it in between. Partners have 500 for actions, brands 1,000. */
export function newLimit(perHour: () => number): Limit {
  let hourStart = 0;
  let used = 0;
  let closedUntil = 0;
  return {
    close: (now, ms) => {
      closedUntil = now + ms;
    },
    count: (now) => {
      if (Math.floor(now / hour) * hour !== hourStart) {
        hourStart = Math.floor(now / hour) * hour;
        used = 0;
      }
      used++;
      const limit = perHour();
      const isWithin = used <= limit && now >= closedUntil;
      const reset = Math.ceil(Math.max(hourStart + hour - now, now < closedUntil ? closedUntil - now : 0) / second);
      const wait = used <= limit ? Math.ceil((closedUntil - now) / second) : reset;
      const headers = {
        "X-RateLimit-Limit-hour": String(limit),
        "X-RateLimit-Remaining-hour": String(isWithin ? limit - used : 0),
        "RateLimit-Reset": String(reset),
      };
      return { isWithin, headers: isWithin ? headers : { ...headers, "Retry-After": String(wait) } };
    },
  };
}
