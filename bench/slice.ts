import { type Load, load } from "./load.ts";
import type { FarSide, Server, Worker } from "./server.ts";

/** A server under measurement. `far` is where its deliveries end. */
export interface Variant {
  name: string;
  server: Server | Worker;
  far?: FarSide;
}

/** One go at one variant: the load, and how long it took until all of it was stored, and delivered where there is a destination. */
export interface Slice extends Load {
  storedPerSecond: number;
  deliveredPerSecond: number;
  /** What workerd used of processors for each accepted postback, in ms, until all was stored and delivered. NaN outside workerd. */
  cpuMs: number;
}

const patienceMs = 120_000;
const glanceMs = 50;

/** Loads a variant, waits until nothing is left of it, and throws unless exactly what was accepted is stored and delivered. */
export async function slice({ name, server, far }: Variant, connections: number, amount: number): Promise<Slice> {
  const cpuSeconds = async () => ("cpuSeconds" in server ? await server.cpuSeconds() : Number.NaN);
  const before = await server.stored();
  const heardBefore = (await far?.count()) ?? 0;
  const used = await cpuSeconds();
  const start = performance.now();

  const result = await load(server.url, connections, amount);
  const isStored = Number.isNaN(before) || (await reached(server.stored, before + result.accepted));
  const storedAt = performance.now();
  const isDelivered = !far || (await reached(far.count, heardBefore + result.accepted));
  const deliveredAt = performance.now();
  if (!isStored || !isDelivered)
    throw new Error(`${name}: of ${result.accepted} accepted, not all were ${isStored ? "delivered" : "stored"} in time`);
  const stored = (await server.stored()) - before;
  if (!Number.isNaN(before) && stored !== result.accepted)
    throw new Error(`${name}: ${result.accepted} were accepted and ${stored} stored`);

  const cpuMs = ((await cpuSeconds()) - used) * (1000 / result.accepted);
  const perSecond = (end: number) => (result.accepted / (end - start)) * 1000;
  return { ...result, storedPerSecond: perSecond(storedAt), deliveredPerSecond: far ? perSecond(deliveredAt) : Number.NaN, cpuMs };
}

async function reached(count: () => Promise<number>, wanted: number): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while ((await count()) < wanted) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, glanceMs));
  }
  return true;
}

/**
 * Rounds of slices, one variant after the other in each, with a first one that does not count. Each slice is about `seconds` long, by
 * the rate that the variant had before. The answer has the slices of each variant by its name, in the order of rounds.
 */
export async function interleave(variants: Variant[], connections: number, rounds: number, seconds: number): Promise<Map<string, Slice[]>> {
  const rates = new Map<string, number>();
  const slices = new Map<string, Slice[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const variant of turned(variants, round)) {
      const amount = Math.round(Math.max(connections * 2, (rates.get(variant.name) ?? 100) * seconds));
      const one = await slice(variant, connections, amount);
      rates.set(variant.name, one.rate);
      if (round > 0) slices.get(variant.name)?.push(one);
    }
  }
  return slices;
}

/** Each round begins with another variant, so that none always follows the same one. */
function turned<T>(items: T[], by: number): T[] {
  const place = by % items.length;
  return [...items.slice(place), ...items.slice(0, place)];
}
