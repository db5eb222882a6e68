import * as z from "zod";
import type { App } from "../app.ts";
import { forgetToken } from "../authorize.ts";
import type { Destination, Secrets, SignatureVersion } from "../domain/destination.ts";
import { newEventId, newShortId } from "../domain/id.ts";
import { Problem } from "../domain/problem.ts";
import { defaultRetrySchedule } from "../forward/backoff.ts";
import { checkSigningKey, newSigningKey, versionOf } from "../forward/keys.ts";
import { sampleEvent } from "../forward/sample.ts";
import { request } from "../request.ts";
import { drain } from "../ring.ts";
import { eraseFormerBodies, readDestination, saveDestination } from "../store/destinations.ts";
import { sweep } from "../sweep.ts";
import { testPage } from "../ui/destination-test.ts";
import { changed, openSecrets, rethrow } from "./destination-changes.ts";
import { destinationChanges, newDestinationOf } from "./destination-form.ts";
import { formPage, saidOf, showDestinations, showOne, toDestination } from "./destination-pages.ts";
import { changes, settings } from "./destination-settings.ts";
import { viewDestination, viewKeys } from "./destination-view.ts";
import { endpoint } from "./endpoint.ts";
import { latestOf, paging } from "./input.ts";

export const createDestination = endpoint({
  summary: "Create a destination: the answer holds its signing secret, this once",
  body: settings.extend({
    secret: z.string().optional().describe("A v1 signing secret of your own, whsec_… or base64; else one is made."),
  }),
  success: 201,
  run: async ({ app, body: { signatures, secret, ...input } }) => {
    const now = app.now();
    const keys = keysFor([...new Set(signatures)], secret);
    const blank: Secrets = {
      signing: keys.map((key) => ({ key, createdAt: now, until: null })),
      headers: {},
      values: {},
      auth: null,
    };
    const { destination, secrets } = await changed(app, blankDestination(now), blank, { preset: "standard-webhooks", ...input });
    const saved = await save(app, { ...destination, version: 1 }, secrets);
    return { status: 201, body: { ...viewDestination(saved), ...viewKeys(secrets, keys) } };
  },
  form: newDestinationOf,
  again: ({ app, typed }) => formPage(app, typed, undefined),
  next: (shown) => toDestination(shown, shown.answer, "The destination was created. Send it a test."),
});

export const listDestinations = endpoint({
  summary: "Destinations, the latest first, without their secrets",
  query: z.strictObject(paging),
  run: async ({ app, query }) => {
    const { destinations } = await app.catalog.anew(app.db);
    const { data, next } = latestOf(destinations, ({ state }) => state !== "deleted", query);
    return { body: { data: data.map(viewDestination), next } };
  },
  page: (shown) => showDestinations(shown),
});

export const showDestination = endpoint({
  summary: "One destination, without its secrets: of its signing keys only since when and until when they count, and public ones",
  run: async ({ app, params }) => {
    const destination = await findDestination(app, params["id"]);
    const secrets = await openSecrets(app, destination).catch(() => null);
    return { body: { ...viewDestination(destination), ...(secrets ? viewKeys(secrets, []) : {}) } };
  },
  page: showOne,
});

export const updateDestination = endpoint({
  summary: "Change a destination; what is left out stays. Making it active again drains what it held, as fast as its limits let it",
  body: changes,
  run: async ({ app, params, body }) => {
    const before = await findDestination(app, params["id"]);
    const { destination, secrets } = await changed(app, before, await openSecrets(app, before), body);
    const saved = await save(app, destination, secrets, before);
    if (body.auth) await forgetToken(app, saved);
    if (body.state === "active") app.later(drain(app, saved));
    return { body: { ...viewDestination(saved), ...viewKeys(secrets, []) } };
  },
  form: destinationChanges,
  again: ({ app, params, typed }) => formPage(app, typed, params["id"]),
  next: (shown) => toDestination(shown, { id: shown.answer.id }, saidOf(shown.body)),
});

export const deleteDestination = endpoint({
  summary: "Delete a destination: its secrets are erased, what it still had to get is cancelled, its history stays",
  success: 204,
  run: async ({ app, params }) => {
    const destination = await findDestination(app, params["id"]);
    const deleted: Destination = {
      ...destination,
      url: URL.canParse(destination.url) ? new URL(destination.url).origin : "", // the rest may hold a key
      state: "deleted",
      stateReason: "deleted by the operator",
      sealed: "",
      body: null,
      auth: { type: "none" },
      headerNames: [],
      secretNames: [],
      updatedAt: Math.max(app.now(), destination.updatedAt + 1),
    };
    await saveDestination(app.db, deleted);
    await eraseFormerBodies(app.db, destination.id);
    await forgetToken(app, destination);
    app.catalog.forget();
    app.later(sweep(app));
    return { status: 204, body: null };
  },
  form: () => ({}),
  next: () => ({ to: "/destinations", said: "The destination was deleted." }),
});

export const testDestination = endpoint({
  summary: "Send a sample event to a destination now, signed as always, and tell how it went",
  run: async ({ app, params }) => {
    const destination = await findDestination(app, params["id"]);
    const now = app.now();
    const outcome = await request(app, destination, sampleEvent(newEventId(now), now), null);
    const { delivered, status, reason, latencyMs, requestHeaders, headers, body } = outcome;
    return {
      body: { delivered, status, reason, latency_ms: latencyMs, request: { headers: requestHeaders }, response: { headers, body } },
    };
  },
  form: () => ({}),
  page: async ({ app, params, answer }) => {
    const [destination, { sources }] = await Promise.all([findDestination(app, params["id"]), app.catalog.current(app.db)]);
    return testPage(viewDestination(destination), answer, sources.at(-1)?.id ?? null);
  },
});

/** A key for each version: for v1 the operator's own one, if it was brought along. */
function keysFor(versions: SignatureVersion[], own: string | undefined): string[] {
  if (own === undefined) return versions.map((version) => newSigningKey(version));
  const key = checkedSecret(own);
  if (versionOf(key) !== "v1" || !versions.includes("v1")) {
    const reason = "must be a v1 key, with v1 among signatures; POST /destinations/:id/secret takes a v1a key of your own";
    throw new Problem("invalid_input", `secret ${reason}.`, [{ field: "secret", reason }]);
  }
  return versions.map((version) => (version === "v1" ? key : newSigningKey(version)));
}

function checkedSecret(text: string): string {
  try {
    return checkSigningKey(text);
  } catch (problem) {
    return rethrow(problem, "secret");
  }
}

/** A destination that was not deleted. Throws `not_found`. */
export async function findDestination(app: App, id: string | undefined): Promise<Destination> {
  const destination = await readDestination(app.db, id ?? "");
  if (destination && destination.state !== "deleted") return destination;
  throw new Problem("not_found", "There is no destination with this id. GET /destinations lists them.");
}

/** Seals the secrets and writes all of it. Throws `conflict` when somebody else has changed it since it was read as `before`. */
export async function save(app: App, destination: Destination, secrets: Secrets, before: Destination | null = null): Promise<Destination> {
  const updatedAt = before ? Math.max(app.now(), before.updatedAt + 1) : destination.updatedAt;
  const saved = { ...destination, sealed: await app.seal.seal(secrets), updatedAt };
  const isSaved = await saveDestination(app.db, saved, before?.updatedAt);
  app.catalog.forget();
  if (isSaved) return saved;
  throw new Problem("conflict", "The destination was changed by somebody else just now. Read it again, then change it.");
}

/** What a destination is where nothing else was asked for. */
export function blankDestination(now: number): Destination {
  return {
    id: newShortId("dst"),
    name: "",
    url: "",
    method: "POST",
    preset: "standard-webhooks",
    body: null,
    version: 1,
    filter: "",
    via: null,
    auth: { type: "none" },
    timeout: 15,
    retrySchedule: defaultRetrySchedule,
    rateLimit: null,
    concurrency: null,
    ordered: false,
    oncePerAction: false,
    headerNames: [],
    secretNames: [],
    sealed: "",
    state: "active",
    stateReason: null,
    health: { failures: 0, failingSince: null, openUntil: null },
    createdAt: now,
    updatedAt: now,
  };
}
