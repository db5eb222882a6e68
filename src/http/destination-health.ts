import * as z from "zod";
import type { App } from "../app.ts";
import { type DestinationPulse, percentile } from "../domain/destination-pulse.ts";
import { day } from "../domain/time.ts";
import { listDestinationPulses } from "../store/destination-pulses.ts";
import { destinationHealthPage } from "../ui/destination-health.ts";
import { viewDestination } from "./destination-view.ts";
import { findDestination } from "./destinations.ts";
import { endpoint } from "./endpoint.ts";
import { instant } from "./input.ts";

export const showDestinationHealth = endpoint({
  summary: "How a destination answered, by the hour: requests delivered and failed, and how long they took. Hours without any are left out",
  query: z.strictObject({ days: z.coerce.number().int().min(1).max(30).default(1).describe("How far back.") }),
  run: async ({ app, params, query: { days } }) => {
    const { pulses } = await healthOf(app, params["id"], days);
    return { body: { data: pulses.map(viewPulse), next: null } };
  },
  page: async ({ app, params, query: { days }, view }) => {
    const { destination, pulses } = await healthOf(app, params["id"], days);
    return destinationHealthPage(view, viewDestination(destination), pulses, days);
  },
});

async function healthOf(app: App, id: string | undefined, days: number) {
  const span = { since: app.now() - days * day, until: app.now() + 1 };
  const [destination, pulses] = await Promise.all([
    findDestination(app, id),
    listDestinationPulses(app.db, { destination: id ?? "", ...span }),
  ]);
  return { destination, pulses };
}

/** An hour as our API tells it. Shares of latency are the upper bounds of their classes. */
function viewPulse(pulse: DestinationPulse) {
  const { hour, delivered, failed, latencyMs } = pulse;
  const mean = Math.round(latencyMs / Math.max(1, delivered + failed));
  return { hour: instant(hour), delivered, failed, latency_ms: { mean, p50: percentile([pulse], 0.5), p95: percentile([pulse], 0.95) } };
}
