import { postback } from "./postback.ts";
import { percentile } from "./stats.ts";

/** What a number of calls, all of them accepted, took. Times in ms, `rate` in calls a second. */
export interface Load {
  accepted: number;
  seconds: number;
  rate: number;
  p50: number;
  p95: number;
  p99: number;
}

/** Sends `amount` postbacks by GET, each its own, over so many connections that stay open. Throws unless each one gets a 2xx. */
export async function load(url: string, connections: number, amount: number): Promise<Load> {
  const { default: autocannon } = (await import("autocannon" as string)) as { default: Autocannon };
  const times: number[] = [];
  const refused = new Map<number, number>();
  const start = performance.now();
  let end = start;
  await new Promise<void>((resolve, reject) => {
    const run = autocannon(
      {
        url,
        connections,
        amount: Math.max(amount, connections),
        timeout: 60,
        headers: { "user-agent": "Impact-Postback-Client/1.0" },
        requests: [{ setupRequest: (request) => ({ ...request, path: `${new URL(url).pathname}?${postback()}` }) }],
      },
      (error, result) => {
        if (error) reject(error);
        else if (result.errors > 0) reject(new Error(`${result.errors} calls got no answer, ${result.timeouts} of them in time`));
        else resolve();
      },
    );
    run.on("response", (_client, status, _bytes, time) => {
      end = performance.now();
      if (status >= 200 && status < 300) times.push(time);
      else refused.set(status, (refused.get(status) ?? 0) + 1);
    });
  });
  if (refused.size > 0) throw new Error(`not every call was accepted: ${JSON.stringify([...refused])} (status and how often)`);
  const seconds = (end - start) / 1000;
  times.sort((a, b) => a - b);
  const [p50, p95, p99] = [50, 95, 99].map((percent) => percentile(times, percent)) as [number, number, number];
  return { accepted: times.length, seconds, rate: times.length / seconds, p50, p95, p99 };
}

type Autocannon = (
  options: { requests: { setupRequest(request: object): object }[] } & Record<string, unknown>,
  done: (error: Error | null, result: { errors: number; timeouts: number }) => void,
) => { on(event: "response", heard: (client: unknown, status: number, bytes: number, ms: number) => void): void };
