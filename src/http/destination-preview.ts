import * as z from "zod";
import type { App } from "../app.ts";
import type { Destination, Secrets } from "../domain/destination.ts";
import type { Event } from "../domain/event.ts";
import { newEventId } from "../domain/id.ts";
import { Problem } from "../domain/problem.ts";
import { build, needsReceipt } from "../forward/build.ts";
import { hidden, maskWith } from "../forward/mask.ts";
import { presetCatalogue } from "../forward/presets.ts";
import { sampleEvent, sampleReceipt } from "../forward/sample.ts";
import { select } from "../forward/select.ts";
import { findEvent } from "../store/events.ts";
import type { StoredReceipt } from "../store/receipts.ts";
import { listEvents } from "../store/search.ts";
import type { Typed } from "../ui/form.ts";
import type { Page } from "../ui/layout.ts";
import { presetsPage } from "../ui/presets.ts";
import { type Preview, previewPage } from "../ui/preview.ts";
import { changed, openSecrets } from "./destination-changes.ts";
import { previewOf } from "./destination-form.ts";
import { formPage } from "./destination-pages.ts";
import { changes } from "./destination-settings.ts";
import { viewDestination } from "./destination-view.ts";
import { blankDestination, findDestination } from "./destinations.ts";
import { endpoint } from "./endpoint.ts";

/** Among how many of the latest events one is looked for that the filter selects. */
const latest = 200;

export const previewDestination = endpoint({
  isSafe: true,
  summary: "What a request would look like: of a destination, with changes, about an event; nothing is saved or sent",
  body: changes.extend({
    destination: z.string().optional().describe("A destination's id, to try changes of it."),
    event: z.string().optional().describe("An event's id; else the latest that the filter selects, else a sample."),
  }),
  run: async ({ app, body: { destination: id, event: eventId, ...input } }) => {
    const { destination, secrets } = await draft(app, id, input);
    const { event, receipt, isSample } = await eventFor(app, destination, eventId);
    const { sources } = await app.catalog.current(app.db);
    const sourceName = sources.find((source) => source.id === event.sourceId)?.name ?? event.sourceId;
    const material = { event, sourceName, secrets: secrets.values, headers: secrets.headers };
    const built = build(destination, { ...material, receipt: needsReceipt(destination) ? receipt : null });
    const mask = maskWith([...Object.values(secrets.values), ...Object.values(secrets.headers)]);
    const kept = new Set(Object.keys(secrets.headers).filter((name) => (input.headers?.[name] ?? hidden) === hidden)); // also what a mask misses
    const body = built.body === null ? null : typeof built.body === "string" ? built.body : new TextDecoder().decode(built.body);
    return {
      body: {
        event: event.id,
        is_sample: isSample,
        is_selected: select(event, sourceName, [destination]).length > 0,
        request: {
          method: built.method,
          url: mask(built.url),
          headers: Object.fromEntries(Object.entries(built.headers).map(([name, value]) => [name, kept.has(name) ? hidden : mask(value)])),
          body: body && mask(body),
        },
      },
    };
  },
  form: previewOf,
  again: ({ app, typed }) => previewIn(app, typed, undefined),
  page: ({ app, typed, answer }) => previewIn(app, typed, answer),
});

export const listPresets = endpoint({
  summary: "The ready-made forms of requests, with their templates",
  run: async () => ({ body: { data: presetCatalogue, next: null } }),
  page: ({ answer }) => presetsPage(answer.data),
});

export const showPreview = endpoint({
  summary: "What a destination would be sent",
  isPage: true,
  query: z.strictObject({ event: z.string().optional() }),
  run: async ({ app, params }) => ({ body: viewDestination(await findDestination(app, params["id"])) }),
  page: ({ answer, query: { event } }) => previewPage(null, { destination: answer.id, event }),
});

/** A preview in the form that asked for it. */
async function previewIn(app: App, typed: Typed, preview: Preview | undefined): Promise<Page> {
  const { form, destination, event } = typed.values;
  if (form === "whole") return await formPage(app, typed, destination, { preview });
  return previewPage(preview ?? null, { destination, event, typed });
}

async function draft(app: App, id: string | undefined, input: z.infer<typeof changes>) {
  if (id !== undefined) {
    const destination = await findDestination(app, id);
    return await changed(app, destination, await openSecrets(app, destination), input);
  }
  const blank = { ...blankDestination(app.now()), name: "preview", url: input.url ?? "https://example.com/" };
  const none: Secrets = { signing: [], headers: {}, values: {}, auth: null };
  return await changed(app, blank, none, { preset: "standard-webhooks", ...input });
}

async function eventFor(
  app: App,
  destination: Destination,
  id: string | undefined,
): Promise<{ event: Event; receipt: StoredReceipt | null; isSample: boolean }> {
  if (id !== undefined) {
    const found = await findEvent(app.db, id);
    if (!found) throw new Problem("not_found", "There is no event with this id.");
    return { ...found, isSample: false };
  }
  const { events } = await listEvents(app.db, { limit: latest });
  const names = new Map((await app.catalog.current(app.db)).sources.map((source) => [source.id, source.name]));
  const fitting = events.find((event) => select(event, names.get(event.sourceId) ?? event.sourceId, [destination]).length > 0);
  const found = fitting && (await findEvent(app.db, fitting.id));
  return found
    ? { ...found, isSample: false }
    : { event: sampleEvent(newEventId(app.now()), app.now()), receipt: sampleReceipt, isSample: true };
}
