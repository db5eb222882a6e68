import type { App } from "./app.ts";
import { authorize, forgetToken } from "./authorize.ts";
import type { Outcome } from "./domain/delivery.ts";
import type { Destination, Form, Secrets } from "./domain/destination.ts";
import type { Event } from "./domain/event.ts";
import { Problem } from "./domain/problem.ts";
import { second } from "./domain/time.ts";
import { version as ownVersion } from "./domain/version.ts";
import { TokenRefused } from "./forward/auth.ts";
import { build, needsReceipt } from "./forward/build.ts";
import { usableAt } from "./forward/keys.ts";
import { hidden, maskWith } from "./forward/mask.ts";
import { sampleReceipt, sampleSource } from "./forward/sample.ts";
import { type Answer, send } from "./forward/send.ts";
import { sign } from "./forward/sign.ts";
import { checkAddress } from "./guard.ts";
import { findFormerBody } from "./store/destinations.ts";
import { findEvent } from "./store/events.ts";
import type { StoredReceipt } from "./store/receipts.ts";
import { SealBroken, SealedElsewhere } from "./store/seal.ts";

/** All of an attempt, with looking up names and asking for a token: what goes on after an invocation is cut off after 30 s. */
const longestMs = 27 * second;

/**
 * Builds a request about an event, signs it and sends it to a destination, now. `version` is that of the body it was first sent
 * with; null takes today's. What keeps it from being sent at all is an outcome like any other.
 */
export async function request(app: App, destination: Destination, event: Event, version: number | null): Promise<Outcome> {
  const end = app.now() + longestMs;
  const timeLeft = () => Math.max(1, Math.min(destination.timeout, Math.floor((end - app.now()) / second)));
  const form = await formOf(app, destination, version);
  const receipt = needsReceipt(form) ? await receiptOf(app, event) : null;
  const sourceName = await sourceNameOf(app, event);
  try {
    const secrets = await app.seal.open(destination.sealed);
    const built = build(form, { event, sourceName, secrets: secrets.values, headers: secrets.headers, receipt });
    const parcel = { ...built, event, secrets, fetcher: await fetcherOf(app, destination.via, built.url) };
    const authorization = await authorize(app, destination, secrets.auth);
    const outcome = await dispatch(app, parcel, authorization, timeLeft());
    if (outcome.status !== 401 || authorization === null || destination.auth.type !== "oauth2") return outcome;
    await forgetToken(app, destination, authorization);
    const renewed = await authorize(app, destination, secrets.auth);
    return await dispatch(app, parcel, renewed, timeLeft());
  } catch (error) {
    return undone(error);
  }
}

interface Parcel extends ReturnType<typeof build> {
  event: Event;
  secrets: Secrets;
  fetcher: typeof fetch;
}

async function dispatch(app: App, parcel: Parcel, authorization: string | null, timeout: number): Promise<Outcome> {
  const { event, secrets, fetcher, url, method, body } = parcel;
  const headers: Record<string, string> = {
    "user-agent": `Postback-Edge/${ownVersion}`,
    ...parcel.headers,
    ...(authorization === null ? {} : { authorization }),
    ...sign(event.id, app.now(), body, usableAt(secrets.signing, app.now())),
  };
  const answer = await send(fetcher, { url, method, headers, body, timeout }, app.now);
  return masked(answer, headers, secrets, authorization);
}

/** Secrets are hidden in what is kept: also where the far side says them back to us. */
function masked(answer: Answer, headers: Record<string, string>, secrets: Secrets, authorization: string | null): Outcome {
  const own = new Set(["authorization", ...Object.keys(secrets.headers).map((name) => name.toLowerCase())]);
  const ownValues = Object.entries(headers).flatMap(([name, value]) => (own.has(name.toLowerCase()) ? [value] : []));
  const mask = maskWith([
    ...ownValues,
    ...Object.values(secrets.headers),
    ...Object.values(secrets.values),
    ...secrets.signing.map(({ key }) => key),
    ...[secrets.auth, authorization, authorization?.split(" ").at(-1)].filter((secret) => typeof secret === "string"),
  ]);
  const shown = Object.entries(headers).map(([name, value]) => [name, own.has(name.toLowerCase()) ? hidden : mask(value)]);
  const heard = Object.entries(answer.headers).map(([name, value]) => [name, mask(value)]);
  return {
    ...answer,
    isSent: true,
    requestHeaders: Object.fromEntries(shown),
    headers: Object.fromEntries(heard),
    body: mask(answer.body),
    reason: mask(answer.reason),
  };
}

/** The public network, held to the guard; or a binding, which decides itself where it leads. */
async function fetcherOf(app: App, via: string | null, url: string): Promise<typeof fetch> {
  if (via === null) {
    await checkAddress(app, url);
    return app.fetch;
  }
  const binding = app.bindings[via];
  if (!binding)
    throw new Problem("invalid_input", `This Worker has no binding "${via}" any more, through which the destination is reached.`);
  return (input, init) => binding.fetch(input, init);
}

async function formOf(app: App, destination: Destination, version: number | null): Promise<Form> {
  if (version === null || version === destination.version) return destination;
  return { ...destination, ...(await findFormerBody(app.db, destination.id, version)) };
}

/** A sample is not stored. */
async function receiptOf(app: App, { id, sourceId }: Event): Promise<StoredReceipt | null> {
  if (sourceId === sampleSource) return sampleReceipt;
  return (await findEvent(app.db, id))?.receipt ?? null;
}

async function sourceNameOf(app: App, { sourceId }: Event): Promise<string> {
  const { sources } = await app.catalog.current(app.db);
  return sources.find(({ id }) => id === sourceId)?.name ?? sourceId;
}

/** What was not sent, in words. An authorization server that refuses is the far side's failure, all else is ours. */
function undone(error: unknown): Outcome {
  const isTold =
    error instanceof Problem || error instanceof SealedElsewhere || error instanceof SealBroken || error instanceof TokenRefused;
  if (!isTold) console.error("request: it could not be built", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  return {
    isSent: error instanceof TokenRefused,
    delivered: false,
    status: null,
    reason: isTold ? error.message : "Our own code failed on it; the log says how. Report it.",
    latencyMs: 0,
    requestHeaders: {},
    headers: {},
    body: "",
    retryAfterMs: null,
  };
}
