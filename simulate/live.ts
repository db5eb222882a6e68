import { setTimeout as sleep } from "node:timers/promises";
import { newChance } from "./chance.ts";
import { hour, minute, second } from "./clock.ts";
import { newPopulation, type Population, type PopulationOptions } from "./population.ts";
import { type Plan, type PostbackFaults, planPostbacks, type Templates } from "./postbacks.ts";
import { add, newSent, type SendOptions, type Sent, send } from "./send.ts";

/**
 * Where simulated time meets real time, and the only place: Postback Edge runs on the real clock, so a simulated day is the one that has
 * just ended. Its dates lie in the past `hours`, its clock starts there and is moved to the present while the postbacks are sent now.
 * Locking and clearing, which take weeks in life, are so quick here that some of both falls into the day.
 */
export function populationOfPast(
  hours: number,
  rest: Pick<PopulationOptions, "seed" | "actions" | "inquiries" | "jobs" | "updateNumbers">,
): Population {
  const until = Math.floor(Date.now() / second) * second;
  const since = until - hours * hour;
  const ways = { changeWithin: hours * hour, lockAfter: [0, 4 * hours * hour] as const, clearAfter: [0, 6 * hour] as const };
  const population = newPopulation({ ...ways, ...rest, since, until });
  population.clock.set(since);
  return population;
}

export interface LifeOptions extends SendOptions {
  until: number;
  templates: Templates;
  faults: PostbackFaults;
  seed: number | string;
  /** Simulated seconds in a second; 0 is as fast as possible. */
  speed: number;
  /** Called once for each simulated quarter of an hour in which something was sent. */
  onProgress?: (now: number, sent: Sent) => void;
}

/**
 * Lives until an instant: moves the clock and sends each postback when it is due. What is planned for later than `until` is sent at the
 * end, so that everything that is not lost has arrived.
 */
export async function live(population: Population, options: LifeOptions): Promise<{ plan: Plan; sent: Sent }> {
  const { clock } = population;
  const { until, speed } = options;
  const start = clock.now();
  const realStart = Date.now();
  const chance = newChance(options.seed).fork("postbacks");
  const plan = planPostbacks(population.happened(start - 1, until), options.templates, options.faults, chance);
  const sent = newSent();
  let next = 0;
  for (let now = start; now < until; ) {
    now = Math.min(now + 15 * minute, until);
    if (speed > 0) await sleep(Math.max(0, realStart + (now - start) / speed - Date.now()));
    clock.set(now);
    const first = next;
    while (next < plan.calls.length && ((plan.calls[next]?.sendAt ?? 0) <= now || now === until)) next++;
    add(sent, await send(plan.calls.slice(first, next), options));
    if (next > first) options.onProgress?.(now, sent);
  }
  return { plan, sent };
}
