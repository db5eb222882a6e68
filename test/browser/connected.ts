import { day, hour } from "../../simulate/clock.ts";
import { reconcile } from "../../simulate/edge.ts";
import type { Population } from "../../simulate/population.ts";
import type { Pulse } from "../../src/domain/pulse.ts";
import { judgeSilence } from "../../src/domain/silence.ts";
import { hours, lived } from "../flow/impact.ts";
import type { House } from "./house.ts";

/** An account with access to the API, whose day was reconciled: it lost a tenth of its postbacks. Returns the source's id. */
export async function connected(house: House, name: string, disguise?: (population: Population) => void): Promise<string> {
  const faults = { loss: 0.1, repeat: 0.05, delay: 0, reorder: 0.1 };
  const life = await lived(house, { seed: 9, name, actions: 40, jobs: 3, faults, ...(disguise ? { disguise } : {}) });
  const walk = await reconcile(house.operator, life.source, life.until - (hours + 1) * hour, life.until, 60_000);
  if (walk.state !== "finished" || walk.repaired === 0) throw new Error(`Nothing was repaired: ${JSON.stringify(walk)}`);
  return life.source.id;
}

/** A source that called twenty times an hour for weeks, and has been silent for five hours: as the watch would tell it, and one alert that is over. */
export function silenced(house: House, sourceId: string): void {
  const now = Date.now();
  const last = Math.floor(now / hour) * hour - 5 * hour;
  const pulses: Pulse[] = Array.from({ length: 30 * 24 }, (_, n) => {
    return { hour: last - n * hour, received: 20 + (n % 7), reversed: 0, unknown: 0, duplicates: n % 3, quarantined: 0 };
  });
  const { isFar, figures } = judgeSilence(pulses, null, now);
  if (!isFar) throw new Error("Five hours of silence should be told.");
  const rows = pulses.map(({ hour, received, duplicates }) => `('${sourceId}', ${hour}, ${received}, ${duplicates})`);
  const alert = (id: string, openedAt: number, closedAt: number | null) =>
    `('${id}', '${sourceId}', 'silence', '${JSON.stringify(figures)}', ${openedAt}, ${closedAt})`;
  house.write(`insert into pulses (source_id, hour, received, duplicates) values ${rows.join()};
insert into alerts (id, source_id, kind, figures, opened_at, closed_at) values
${alert("alr_2", now - hour, null)}, ${alert("alr_1", now - 3 * day, now - 2 * day)};`);
}
