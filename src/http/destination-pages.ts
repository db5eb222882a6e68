import * as z from "zod";
import type { App } from "../app.ts";
import { presetNames } from "../domain/destination.ts";
import { day } from "../domain/time.ts";
import { filterNames } from "../forward/filter.ts";
import { presetCatalogue } from "../forward/presets.ts";
import { listDeliveries } from "../store/attempts.ts";
import { countOpen } from "../store/deliveries.ts";
import { listDestinationPulses } from "../store/destination-pulses.ts";
import { destinationPage, type Shown } from "../ui/destination.ts";
import { type Draft, destinationForm } from "../ui/destination-form.ts";
import type { Told } from "../ui/destination-keys.ts";
import type { DestinationView } from "../ui/destination-view.ts";
import { destinationsPage, isFailing } from "../ui/destinations.ts";
import { type Typed, untyped } from "../ui/form.ts";
import type { Listed } from "../ui/list.ts";
import type { Changes } from "./destination-settings.ts";
import { viewDestination } from "./destination-view.ts";
import { findDestination } from "./destinations.ts";
import { endpoint, type Next, type Shown as ShownCall } from "./endpoint.ts";
import { keepOnce, readOnce } from "./once.ts";

export const showNewDestination = endpoint({
  summary: "The form of a new destination",
  isPage: true,
  query: z.strictObject({ preset: z.enum(presetNames).optional() }),
  run: async () => ({ body: null }),
  page: ({ app, query: { preset } }) => formPage(app, { values: preset ? { preset } : {}, mistakes: [] }, undefined),
});

export const showDestinationForm = endpoint({
  summary: "The form of a destination's settings",
  isPage: true,
  run: async () => ({ body: null }),
  page: ({ app, params }) => formPage(app, untyped, params["id"]),
});

/** The form of a destination, a new one or that with this id, with what was typed and what was found out about it. */
export async function formPage(app: App, typed: Typed, id: string | undefined, found: Pick<Draft, "check" | "preview"> = {}) {
  const destination = id === undefined ? null : viewDestination(await findDestination(app, id));
  return destinationForm({ typed, presets: presetCatalogue, filterNames, destination, ...found });
}

/** Destinations, with what became of their last day. */
export async function showDestinations({ app, answer, view }: ShownCall<unknown, Listed<DestinationView>>) {
  return destinationsPage(view, answer, await listDestinationPulses(app.db, { since: app.now() - day, until: app.now() + 1 }));
}

/** So many open deliveries are counted, and no more. */
const most = 1000;

/** A destination with its last day, and with what is told of it once. */
export async function showOne({ app, request, answer, view }: ShownCall<unknown, Shown>) {
  const [pulses, open, reason, told] = await Promise.all([
    listDestinationPulses(app.db, { destination: answer.id, since: app.now() - day, until: app.now() + 1 }),
    countOpen(app.db, answer.id, most),
    isFailing(answer) ? lastReason(app, answer.id) : null,
    readOnce(app, request, `/destinations/${answer.id}`),
  ]);
  return destinationPage(view, answer, { pulses, open: { ...open, most }, reason }, told as Told | null);
}

/** Among so many of a destination's latest deliveries the one is looked for that was tried last. */
const lookedAt = 50;

/** Why the delivery that was tried last did not arrive. */
async function lastReason({ db }: App, destination: string): Promise<string | null> {
  const { deliveries } = await listDeliveries(db, { destination, limit: lookedAt });
  const failed = deliveries.filter(({ state, attempts, reason }) => state !== "delivered" && attempts > 0 && reason !== null);
  return failed.sort((one, other) => other.updatedAt - one.updatedAt)[0]?.reason ?? null;
}

/** On to the destination, which tells its new secret once. */
export async function toDestination(
  { app, request }: { app: App; request: Request },
  { id, secret }: { id: string; secret?: string },
  said: string,
): Promise<Next> {
  const to = `/destinations/${id}`;
  return { to, said, cookies: secret === undefined ? [] : [await keepOnce(app, request, to, { secret })] };
}

/** What is said after a change: of a button, or of the form. */
export function saidOf({ name, state }: Changes): string {
  if (name !== undefined) return "The settings were saved. What is sent from now on follows them.";
  if (state === "active") return "The destination was resumed. What was held is being sent.";
  return "The destination was paused. Its deliveries are held until it is resumed.";
}
