/**
 * Does one destination that hangs until its time limit delay another's first attempt? The same load for two destinations, the second of
 * which answers in one round and hangs in the next: the first one's p95 time from acceptance to arrival, and the ratio.
 * `npm run bench:isolation`
 */
import { farSide } from "../test/flow/far-side.ts";

process.env["WRANGLER_LOG"] ??= "error";
const { startEdge, until } = await import("../test/flow/edge.ts");

const rounds = 5;
const postbacks = 120;

const edge = await startEdge();
const far = await farSide((response, { path }) => (path === "/hanging" ? undefined : response.end()));
const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
await edge.operate("/destinations", { name: "well", url: `${far.url}/well` });
const second = await edge.operate("/destinations", { name: "second", url: `${far.url}/second`, timeout: 25 });

const figures: { answering: number; hanging: number }[] = [];
await round(false, "warm-up");
for (let number = 0; number < rounds; number++)
  figures.push({ answering: await round(false, `a${number}`), hanging: await round(true, `b${number}`) });

const ratios = figures.map(({ answering, hanging }) => hanging / answering).sort((a, b) => a - b);
console.table(figures);
console.log(
  `p95 beside one that hangs / beside one that answers, median of ${rounds}: ${middle(ratios).toFixed(2)} (${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)})`,
);
await edge.close();
await far.close();
process.exit(0);

/** The p95 in ms from the answer to a postback to its arrival at the destination that is well. */
async function round(isHanging: boolean, name: string): Promise<number> {
  await edge.operate(`/destinations/${second.id}`, { url: far.url + (isHanging ? "/hanging" : "/second") }, "PATCH");
  const before = far.arrivals.length;
  const accepted = new Map<string, number>();
  for (let number = 0; number < postbacks; number++) {
    const answer = await fetch(`${urls["action-lifecycle"]}?action_id=${name}.${number}&status=PENDING`);
    accepted.set(answer.headers.get("x-event-id") ?? "", Date.now());
  }
  const heard = () => far.arrivals.slice(before).filter(({ path }) => path === "/well");
  await until(() => heard().length === postbacks, 60_000);
  const times = heard().map(({ at, headers }) => at - (accepted.get(headers["webhook-id"] ?? "") ?? at));
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;
}

function middle(sorted: number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
