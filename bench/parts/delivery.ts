import type { Options } from "../options.ts";
import { postback } from "../postback.ts";
import { type FarSide, type Ours, startFarSide, startOurs } from "../server.ts";
import { slice } from "../slice.ts";
import { percentile, spread } from "../stats.ts";
import { figures, table } from "../table.ts";

/** How many postbacks one after the other, and how many ms apart, so that no delivery waits for another postback's. */
const quiet: Record<number, { postbacks: number; everyMs: number }> = {
  1: { postbacks: 40, everyMs: 60 },
  10: { postbacks: 16, everyMs: 200 },
  50: { postbacks: 6, everyMs: 800 },
};

/** How many deliveries a burst makes. */
const burst = 600;

interface Fan {
  destinations: number;
  far: FarSide;
  ours: Ours;
}

/** From acceptance to the first attempt, and deliveries a second to a fast far side, for 1, 10 and 50 destinations. */
export async function delivery({ rounds, say }: Options): Promise<string> {
  const fans: Fan[] = [];
  for (const destinations of [1, 10, 50]) fans.push(await start(destinations));
  const found = new Map(fans.map(({ destinations }) => [destinations, { p50: [], p95: [], last: [], perSecond: [] } as Found]));
  for (let round = 0; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const fan of fans) {
      const waits = (await waitsOf(fan)).sort((a, b) => a - b);
      const perSecond = await perSecondOf(fan);
      if (round === 0) continue;
      const of = found.get(fan.destinations) as Found;
      of.p50.push(percentile(waits, 50));
      of.p95.push(percentile(waits, 95));
      of.last.push(waits.at(-1) as number);
      of.perSecond.push(perSecond);
    }
  }
  await Promise.all(fans.flatMap(({ ours, far }) => [ours.stop(), far.stop()]));
  return table(
    ["destinations", "accepted → first attempt: p50 ms", "p95 ms", "longest ms", "deliveries/s"],
    [...found].map(([destinations, of]) => [
      destinations,
      ...[of.p50, of.p95, of.last, of.perSecond].map((values) => figures(spread(values))),
    ]),
  );
}

type Found = Record<"p50" | "p95" | "last" | "perSecond", number[]>;

async function start(destinations: number): Promise<Fan> {
  const far = await startFarSide();
  const urls = Array.from({ length: destinations }, (_, number) => ({ url: `${far.url}/${number}` }));
  return { destinations, far, ours: await startOurs({ destinations: urls }) };
}

/** For each delivery of a few postbacks in peace: the ms from the answer, as its sender sees it, to the arrival of its first attempt. */
async function waitsOf({ destinations, far, ours }: Fan): Promise<number[]> {
  const { postbacks, everyMs } = quiet[destinations] as (typeof quiet)[number];
  await far.forget();
  const accepted = new Map<string, number>();
  for (let sent = 0; sent < postbacks; sent++) {
    const next = new Promise((resolve) => setTimeout(resolve, everyMs));
    const answer = await fetch(`${ours.url}?${postback()}`);
    accepted.set(answer.headers.get("x-event-id") ?? "", performance.timeOrigin + performance.now());
    await answer.arrayBuffer();
    await next;
  }
  const heard = await all(far, postbacks * destinations);
  return heard.map(([event, , at]) => Math.max(0, at - (accepted.get(event) ?? Number.NaN)));
}

/** A burst of postbacks at ten connections, until the far side has heard of all: deliveries a second from its first to its last. */
async function perSecondOf({ destinations, far, ours }: Fan): Promise<number> {
  await far.forget();
  const { accepted } = await slice(
    { name: `${destinations} destinations`, server: ours },
    10,
    Math.max(20, Math.round(burst / destinations)),
  );
  const times = (await all(far, accepted * destinations)).map(([, , at]) => at);
  return ((times.length - 1) / (Math.max(...times) - Math.min(...times))) * 1000;
}

async function all(far: FarSide, wanted: number) {
  const end = performance.now() + 120_000;
  while ((await far.count()) < wanted) {
    if (performance.now() > end) throw new Error(`only ${await far.count()} of ${wanted} deliveries arrived within two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const heard = await far.heard();
  const distinct = new Set(heard.map(([event, path]) => `${event} ${path}`)).size;
  if (distinct !== wanted) throw new Error(`${wanted} deliveries were due and ${distinct} different ones arrived`);
  return heard;
}
