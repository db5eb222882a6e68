import { env } from "cloudflare:workers";

/** How many times as much as usual: `FUZZ=100 npm test`. */
const fuzz = Number((env as unknown as { FUZZ?: string }).FUZZ ?? 1);

/** How often a property is tried: `usual` times, and FUZZ times as often. */
export function runs(usual = 100): { numRuns: number } {
  return { numRuns: Math.ceil(usual * fuzz) };
}

/** The time limit of a test that waits for something in each run. */
export const patience = { timeout: 20_000 * Math.max(1, fuzz) };

/** How long a piece of work takes, in milliseconds. A Worker's clock goes on only while it waits. */
export async function millisOf(work: () => unknown): Promise<number> {
  await scheduler.wait(1);
  const start = Date.now();
  work();
  await scheduler.wait(1);
  return Date.now() - start;
}
