import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";

/** How many times as much as usual: `FUZZ=100 npm test`. */
const fuzz = Number((env as unknown as { FUZZ?: string }).FUZZ ?? 1);

/** How often a property is tried: `usual` times, and FUZZ times as often. */
export function runs(usual = 100): { numRuns: number } {
  return { numRuns: Math.ceil(usual * fuzz) };
}

/** The same for what is measured in time: the first failure is told as it is, since making it smaller would take its time again and again. */
export function timedRuns(usual: number): { numRuns: number; endOnFailure: boolean } {
  return { ...runs(usual), endOnFailure: true };
}

/** The time limit of a test that waits for something in each run: a machine that is busy with something else makes each wait a second. */
export const patience = { timeout: 180_000 * Math.max(1, fuzz) };

/** How long a piece of work takes, in milliseconds. A Worker's clock goes on only while it waits. */
export async function millisOf(work: () => unknown): Promise<number> {
  await scheduler.wait(1);
  const start = Date.now();
  work();
  await scheduler.wait(1);
  return Date.now() - start;
}

/**
 * Does a piece of work take no more than `times` the time of another, which is measured at the same moment (3 ms at the least)? It has
 * three tries, since others may be at work here too.
 */
export async function isWithin(times: number, yardstick: () => unknown, work: () => unknown): Promise<boolean> {
  for (let tries = 0; tries < 3; tries++) {
    const pace = Math.max(3, await millisOf(yardstick));
    if ((await millisOf(work)) <= times * pace) return true;
  }
  return false;
}

const fourMegabytes = new Uint8Array(4 * 2 ** 20);

/** A yardstick: the hash of 4 MB. */
export function hashing(): string {
  return createHash("sha256").update(fourMegabytes).digest("hex");
}
