import type { Chance } from "./chance.ts";

/** The share (0 to 1) of requests that each fault befalls; at most one befalls a request. */
export interface ApiFaults {
  /** 500, 502, 503 or 504, by turns of chance. */
  error: number;
  /** The answer takes `slowMs`. */
  slow: number;
  slowMs: number;
  /** No answer ever comes. */
  silent: number;
  /** The connection ends in the middle of the answer. */
  cut: number;
  /** The answer ends in its middle, and says that it is whole. */
  truncated: number;
  /** 429, though the limit is not reached. */
  throttled: number;
}

export type Fault = "error" | "slow" | "silent" | "cut" | "truncated" | "throttled";

export const noApiFaults: ApiFaults = { error: 0, slow: 0, slowMs: 2_000, silent: 0, cut: 0, truncated: 0, throttled: 0 };

const order: readonly Fault[] = ["error", "slow", "silent", "cut", "truncated", "throttled"];

/** The fault that befalls a request, or null. Shares add up, so their sum must not be more than 1. */
export function drawFault(faults: ApiFaults, chance: Chance): Fault | null {
  let left = chance.next();
  for (const fault of order) {
    left -= faults[fault];
    if (left < 0) return fault;
  }
  return null;
}

/** How a gateway fails: with a page of its own, not with the API's JSON. */
export function gatewayError(chance: Chance): { status: number; body: string } {
  const status = chance.pick([500, 502, 503, 504]);
  return { status, body: `<html><head><title>${status}</title></head><body>The server could not answer.</body></html>` };
}
