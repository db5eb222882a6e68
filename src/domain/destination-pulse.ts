import type { Instant } from "./time.ts";

/** How a destination answered in the hour that begins at `hour`: requests that were sent, and how long it took. */
export interface DestinationPulse {
  destinationId: string;
  hour: Instant;
  delivered: number;
  failed: number;
  /** Of all requests together, in milliseconds. */
  latencyMs: number;
  /** How many requests took up to each of `latencyBoundsMs`, and longer than the last of them. */
  latencies: number[];
}

/** Where the classes of latency end, each included. */
export const latencyBoundsMs = [50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/**
 * The latency in milliseconds that a share of the requests did not exceed: the upper bound of its class. Null without requests; the
 * last bound also for what took longer.
 */
export function percentile(pulses: Pick<DestinationPulse, "latencies">[], share: number): number | null {
  const classes = [...latencyBoundsMs, Number.POSITIVE_INFINITY].map((_, index) =>
    pulses.reduce((sum, { latencies }) => sum + (latencies[index] ?? 0), 0),
  );
  const all = classes.reduce((sum, size) => sum + size, 0);
  if (all === 0) return null;
  const found = classes.findIndex((_, index) => classes.slice(0, index + 1).reduce((sum, size) => sum + size, 0) >= share * all);
  return latencyBoundsMs[Math.min(found, latencyBoundsMs.length - 1)] ?? null;
}
