import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type DestinationPulse, latencyBoundsMs } from "../../src/domain/destination-pulse.ts";
import { hour, minute } from "../../src/domain/time.ts";
import { listDestinationPulses } from "../../src/store/destination-pulses.ts";
import { recordAttempt } from "../../src/store/outcomes.ts";
import { runs } from "../fuzz.ts";
import { aDelivery, anActive, anEvent, claimed, conclude, failure, retireAll, save, success } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-05-13T08:00:00Z");

afterAll(retireAll);

/** The hours of a destination, counted again from its attempts. */
async function recount(destination: string): Promise<DestinationPulse[]> {
  const { results } = await db
    .prepare("select at, delivered, latency_ms from attempts where destination_id = ?")
    .bind(destination)
    .all<any>();
  const hours = Map.groupBy(results, ({ at }) => at - (at % hour));
  return [...hours].map(([at, rows]) => ({
    destinationId: destination,
    hour: at,
    delivered: rows.filter(({ delivered }) => delivered === 1).length,
    failed: rows.filter(({ delivered }) => delivered === 0).length,
    latencyMs: rows.reduce((sum, { latency_ms }) => sum + latency_ms, 0),
    latencies: [...latencyBoundsMs, Number.POSITIVE_INFINITY].map((bound, index) => {
      const above = latencyBoundsMs[index - 1] ?? -1;
      return rows.filter(({ latency_ms }) => latency_ms > above && latency_ms <= bound).length;
    }),
  }));
}

test("the hours of a destination are those that a recount finds, whatever happened", async () => {
  const latency = fc.oneof(
    fc.constantFrom(...latencyBoundsMs.flatMap((bound) => [bound, bound + 1]), 0),
    fc.integer({ min: 0, max: 20_000 }),
  );
  const attempt = fc.record({ isDelivered: fc.boolean(), latencyMs: latency, after: fc.integer({ min: 0, max: 40 * minute }) });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 8 }), async (attempts) => {
      const { id: destination } = await anActive();
      let now = start;
      for (const { isDelivered, latencyMs, after } of attempts) {
        const event = anEvent({ receivedAt: now });
        await save(event, { to: [destination] });
        const outcome = { ...(isDelivered ? success : failure), latencyMs };
        await conclude(await claimed(`${event.id}:${destination}`, now), outcome, now);
        now += after;
      }
      const found = await listDestinationPulses(db, { destination, since: start, until: now + hour });
      expect(found).toEqual((await recount(destination)).sort((one, other) => one.hour - other.hour));
    }),
    runs(10),
  );
});

test("an attempt whose record was lost and written again counts once", async () => {
  const { id, destinationId: destination } = await aDelivery({ receivedAt: start });
  const delivery = { ...(await claimed(id, start)), state: "delivered" as const, updatedAt: start };
  await recordAttempt(db, delivery, success, start, 1);
  await recordAttempt(db, delivery, success, start, 1, { isSecondTry: true });
  const [pulse] = await listDestinationPulses(db, { destination, since: start, until: start + 1 });
  expect(pulse).toMatchObject({ delivered: 1, failed: 0 });
});

test("what was not sent is no request", async () => {
  const { id, destinationId: destination } = await aDelivery({ receivedAt: start });
  await conclude(await claimed(id, start), { ...failure, isSent: false }, start);
  expect(await listDestinationPulses(db, { destination, since: start, until: start + hour })).toEqual([]);
});

test("a span of time has the hour that it begins in, and not the one that begins at its end", async () => {
  const { id: destination } = await anActive();
  for (const now of [start - 1, start + 30 * minute, start + hour]) {
    const event = anEvent({ receivedAt: now });
    await save(event, { to: [destination] });
    await conclude(await claimed(`${event.id}:${destination}`, now), success, now);
  }
  const found = await listDestinationPulses(db, { destination, since: start + 40 * minute, until: start + hour });
  expect(found.map((pulse) => pulse.hour)).toEqual([start]);
  const all = await listDestinationPulses(db, { since: start, until: start + hour });
  expect(all.filter(({ destinationId }) => destinationId === destination)).toEqual(found);
});
