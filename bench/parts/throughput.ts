import type { Options } from "../options.ts";
import { startBare, startFarSide, startFastify, startOurs } from "../server.ts";
import { interleave, type Slice, type Variant } from "../slice.ts";
import { ratios, spread } from "../stats.ts";
import { figures, ratio, table } from "../table.ts";

const connections = [1, 10, 50];

/** What can be asked for, by letter. All Workers run in the same Miniflare with the same settings, each in a process of its own. */
export const variants: Record<string, { says: string; start(): Promise<Omit<Variant, "name">> }> = {
  a: { says: "a bare Worker that answers", start: async () => ({ server: await startBare(false) }) },
  b: { says: "a bare Worker with one D1 insert", start: async () => ({ server: await startBare(true) }) },
  c: { says: "Postback Edge, no destination", start: async () => ({ server: await startOurs() }) },
  d: { says: "Postback Edge, one destination, delivering", start: async () => await delivering({}) },
  "d′": {
    says: "the same, its destination paused",
    start: async () => ({ server: await startOurs({ destinations: [{ url: "http://127.0.0.1:9", state: "paused" }] }) }),
  },
  e: { says: "Fastify and better-sqlite3", start: async () => ({ server: await startFastify() }) },
  f: { says: "Postback Edge, queue first, no destination", start: async () => ({ server: await startOurs({ vars: queueFirst }) }) },
};

export const queueFirst = { INGEST_MODE: "queue" };

async function delivering(vars: Record<string, string>) {
  const far = await startFarSide();
  return { server: await startOurs({ vars, destinations: [{ url: far.url }] }), far };
}

/** Starts the variants named by letters. */
export async function start(letters: string[]): Promise<{ started: Variant[]; stop(): Promise<void> }> {
  const started: Variant[] = [];
  const stop = async () => void (await Promise.all(started.flatMap(({ server, far }) => [server.stop(), far?.stop()])));
  for (const name of letters) started.push({ name, ...(await (variants[name] as (typeof variants)[string]).start()) });
  return { started, stop };
}

/** Accepted postbacks a second and how long an answer takes, of each variant at 1, 10 and 50 connections. */
export async function throughput({ rounds, seconds, say }: Options): Promise<string> {
  const { started, stop } = await start(Object.keys(variants));
  try {
    const parts: string[] = [];
    const budgets: (string | number)[][] = [];
    for (const open of connections) {
      say(`${open} connections`);
      const slices = await interleave(started, open, rounds, seconds);
      parts.push(`At ${open} connection${open === 1 ? "" : "s"}:`, rates(slices));
      budgets.push([open, ...["c", "d", "d′", "f"].map((name) => ratio(against(slices, name)))]);
    }
    parts.push(
      "Against (b), round by round:",
      table(["connections", "c / b (budget ≥ 0.80)", "d / b (budget ≥ 0.65)", "d′ / b", "f / b"], budgets),
    );
    return parts.join("\n\n");
  } finally {
    await stop();
  }
}

function rates(slices: Map<string, Slice[]>): string {
  const rows = [...slices].map(([name, ones]) => {
    const figureOf = (key: keyof Slice) => (Number.isFinite(ones[0]?.[key]) ? figures(spread(ones.map((one) => one[key]))) : "");
    const isQueued = name === "f";
    return [
      `(${name}) ${variants[name]?.says}`,
      figureOf("rate"),
      isQueued ? figureOf("storedPerSecond") : "",
      figureOf("deliveredPerSecond"),
      figureOf("p50"),
      figureOf("p95"),
      figureOf("p99"),
    ];
  });
  return table(["", "accepted/s", "stored/s", "delivered/s", "p50 ms", "p95 ms", "p99 ms"], rows);
}

function against(slices: Map<string, Slice[]>, name: string) {
  const rateOf = (one: string) => (slices.get(one) ?? []).map(({ rate }) => rate);
  return ratios(rateOf(name), rateOf("b"));
}
