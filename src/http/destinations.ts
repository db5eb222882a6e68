import type { App } from "../app.ts";
import { request } from "../deliver.ts";
import type { Destination } from "../domain/destination.ts";
import { newEventId, newShortId } from "../domain/id.ts";
import { Problem } from "../domain/problem.ts";
import { defaultRetrySchedule } from "../forward/backoff.ts";
import { sampleEvent } from "../forward/sample.ts";
import { newSigningSecret } from "../forward/sign.ts";
import { saveDestination } from "../store/destinations.ts";
import { sweep } from "../sweep.ts";
import { changed, changes, hidden, settings } from "./destination-settings.ts";
import { endpoint } from "./endpoint.ts";
import { instant } from "./input.ts";

export const createDestination = endpoint({
  summary: "Create a destination: the answer holds its signing secret, this once",
  body: settings,
  success: 201,
  run: async ({ app, body }) => {
    const secret = newSigningSecret();
    const now = app.now();
    const blank: Destination = {
      id: newShortId("dst"),
      name: body.name,
      url: body.url,
      method: "POST",
      filter: "",
      timeout: 15,
      retrySchedule: defaultRetrySchedule,
      headerNames: [],
      sealed: await app.seal.seal({ signing: [secret], headers: {} }),
      state: "active",
      stateReason: null,
      createdAt: now,
      updatedAt: now,
    };
    const destination = await changed(app, blank, body);
    await save(app, destination);
    return { status: 201, body: { ...view(destination), secret } };
  },
});

export const listDestinations = endpoint({
  summary: "All destinations, without their secrets",
  run: async ({ app }) => {
    const { destinations } = await app.catalog.anew(app.db);
    return { body: { data: destinations.filter(({ state }) => state !== "deleted").map(view), next: null } };
  },
});

export const showDestination = endpoint({
  summary: "One destination, without its secrets",
  run: async ({ app, params }) => ({ body: view(await find(app, params["id"])) }),
});

export const updateDestination = endpoint({
  summary: "Change a destination; what is left out stays. Making it active again drains what it held",
  body: changes,
  run: async ({ app, params, body }) => {
    const destination = await changed(app, await find(app, params["id"]), body);
    await save(app, destination);
    if (body.state === "active") app.later(sweep(app));
    return { body: view(destination) };
  },
});

export const deleteDestination = endpoint({
  summary: "Delete a destination: its secrets are erased, what it still had to get is cancelled, its history stays",
  success: 204,
  run: async ({ app, params }) => {
    const destination = await find(app, params["id"]);
    await save(app, {
      ...destination,
      url: new URL(destination.url).origin, // the rest may hold a key
      state: "deleted",
      stateReason: "deleted by the operator",
      sealed: "",
      headerNames: [],
      updatedAt: app.now(),
    });
    app.later(sweep(app));
    return { status: 204, body: null };
  },
});

export const testDestination = endpoint({
  summary: "Send a sample event to a destination now, signed as always, and tell how it went",
  run: async ({ app, params }) => {
    const destination = await find(app, params["id"]);
    const now = app.now();
    const { delivered, status, reason, latencyMs, headers, body } = await request(app, destination, sampleEvent(newEventId(now), now));
    return { body: { delivered, status, reason, latency_ms: latencyMs, response: { headers, body } } };
  },
});

async function find(app: App, id: string | undefined): Promise<Destination> {
  const destination = (await app.catalog.anew(app.db)).destinations.find(
    (candidate) => candidate.id === id && candidate.state !== "deleted",
  );
  if (destination) return destination;
  throw new Problem("not_found", "There is no destination with this id. GET /destinations lists them.");
}

async function save(app: App, destination: Destination): Promise<void> {
  await saveDestination(app.db, destination);
  app.catalog.forget();
}

function view(destination: Destination) {
  return {
    id: destination.id,
    name: destination.name,
    url: destination.url,
    method: destination.method,
    filter: destination.filter,
    headers: Object.fromEntries(destination.headerNames.map((header) => [header, hidden])),
    timeout: destination.timeout,
    retry_schedule: destination.retrySchedule,
    state: destination.state,
    state_reason: destination.stateReason,
    created_at: instant(destination.createdAt),
    updated_at: instant(destination.updatedAt),
  };
}
