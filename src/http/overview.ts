import * as z from "zod";
import type { App } from "../app.ts";
import { book } from "../book.ts";
import { reasonOf } from "../domain/alert.ts";
import { percentile } from "../domain/destination-pulse.ts";
import { formatMoney } from "../domain/money.ts";
import { day, hour, type Instant } from "../domain/time.ts";
import { listAlerts } from "../store/alerts.ts";
import { listDestinationPulses } from "../store/destination-pulses.ts";
import { readCapture } from "../store/gaps.ts";
import { mostCounted, type Overview, readOverview } from "../store/overview.ts";
import { type Around, overviewPage } from "../ui/overview.ts";
import { bookingMs } from "./actions.ts";
import { endpoint } from "./endpoint.ts";
import { instant } from "./input.ts";

const ranges = { "24h": { ms: day, step: hour }, "7d": { ms: 7 * day, step: hour }, "30d": { ms: 30 * day, step: day } } as const;
type Range = keyof typeof ranges;

export const showOverview = endpoint({
  summary: "All at a glance: calls, deliveries and payout over time, what is open, and how destinations are",
  query: z.strictObject({ range: z.enum(Object.keys(ranges) as [Range, ...Range[]]).default("24h") }),
  run: async ({ app, query: { range } }) => {
    await book(app, bookingMs);
    const now = app.now();
    const { ms, step } = ranges[range];
    const since = now - ms - ((now - ms) % step);
    const { sources, destinations } = await app.catalog.current(app.db);
    const there = destinations.filter(({ state }) => state !== "deleted");
    const [overview, pulses, { alerts }, days] = await Promise.all([
      readOverview(app.db, since, now, step),
      listDestinationPulses(app.db, { since: now - day, until: now }),
      listAlerts(app.db, { state: "open", limit: 5 }),
      readCapture(
        app.db,
        sources.map(({ id }) => id),
        now - day,
        now,
      ),
    ]);
    const names = new Map(sources.map(({ id, name }) => [id, name]));
    return {
      body: {
        range,
        step: step === day ? ("day" as const) : ("hour" as const),
        since: instant(since),
        until: instant(now),
        calls: withHeld(overview.calls, app, now - (now % step)).map(({ at, ...counts }) => ({ at: instant(at), ...counts })),
        deliveries: overview.requests.map(({ at, ...counts }) => ({ at: instant(at), ...counts })),
        payouts: overview.payouts.map(({ at, currency, actions, payout }) => ({
          at: instant(at),
          currency,
          actions,
          payout: formatMoney(payout),
        })),
        payout: totalsOf(overview.payouts),
        capture: {
          captured: days.reduce((sum, { captured }) => sum + captured, 0),
          repaired: days.reduce((sum, { repaired }) => sum + repaired, 0),
        },
        open: {
          alerts: alerts.map((alert) => ({
            id: alert.id,
            source: names.get(alert.sourceId) ?? alert.sourceId,
            kind: alert.kind,
            reason: reasonOf(alert),
          })),
          deliveries_pending: overview.pending,
          deliveries_exhausted: overview.exhausted,
          quarantine_waiting: overview.waiting,
          counted_up_to: mostCounted,
        },
        destinations: there.map(({ id, name, state, health }) => {
          const own = pulses.filter(({ destinationId }) => destinationId === id);
          return {
            id,
            name,
            state,
            failures_in_a_row: health.failures,
            delivered: own.reduce((sum, { delivered }) => sum + delivered, 0),
            failed: own.reduce((sum, { failed }) => sum + failed, 0),
            latency_p95_ms: percentile(own, 0.95),
          };
        }),
        first_steps: {
          source: sources.length > 0,
          postback: overview.hasPostback,
          destination: there.length > 0,
          delivery: overview.hasDelivery,
        },
      },
    };
  },
  page: async ({ app, answer, view }) => overviewPage(view, answer, await around(app)),
});

/** What the page tells besides: since when destinations fail, and the latest source and destination. */
async function around(app: App): Promise<Around> {
  const { sources, destinations } = await app.catalog.current(app.db);
  const there = destinations.filter(({ state }) => state !== "deleted");
  return {
    failingSince: new Map(there.map(({ id, health }) => [id, instant(health.failingSince)])),
    source: sources.at(-1)?.id ?? null,
    destination: there.at(-1)?.id ?? null,
  };
}

/** Repeats that this isolate has counted and not written down yet are of late. */
function withHeld(calls: Overview["calls"], { tally }: Pick<App, "tally">, latest: Instant): Overview["calls"] {
  const held = tally.held();
  if (held === 0) return calls;
  const last = calls.find(({ at }) => at === latest) ?? { at: latest, received: 0, duplicates: 0, quarantined: 0 };
  return [...calls.filter((one) => one !== last), { ...last, duplicates: last.duplicates + held }];
}

/** The payout of a whole span, by currency. */
function totalsOf(payouts: { currency: string; payout: bigint }[]) {
  const sums = new Map<string, bigint>();
  for (const { currency, payout } of payouts) sums.set(currency, (sums.get(currency) ?? 0n) + payout);
  return [...sums].map(([currency, payout]) => ({ currency, payout: formatMoney(payout) }));
}
