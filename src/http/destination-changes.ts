import type { App } from "../app.ts";
import type { Auth, Destination, Secrets } from "../domain/destination.ts";
import { type Mistake, Problem } from "../domain/problem.ts";
import { authorizationOf } from "../forward/auth.ts";
import { checkForm } from "../forward/build.ts";
import { compileFilter } from "../forward/filter.ts";
import { hidden } from "../forward/mask.ts";
import { presets } from "../forward/presets.ts";
import { isLiteral } from "../forward/template.ts";
import { checkUrl } from "../forward/url.ts";
import { checkAddress } from "../guard.ts";
import { SealBroken, SealedElsewhere } from "../store/seal.ts";
import { type Changes, splitAuth } from "./destination-settings.ts";

/**
 * A destination with new settings and its secrets, held to everything a destination must be; not saved yet. A secret that is sent
 * as `[hidden]` stays as it was. Throws `invalid_input`, and `conflict` when its present secrets cannot be read.
 */
export async function changed(
  app: App,
  destination: Destination,
  secrets: Secrets,
  input: Changes,
): Promise<{ destination: Destination; secrets: Secrets }> {
  const { auth, secret } = input.auth ? splitAuth(input.auth) : { auth: destination.auth, secret: secrets.auth };
  const opened: Secrets = {
    signing: secrets.signing,
    headers: kept("headers", input.headers, secrets.headers),
    values: kept("secrets", input.secrets, secrets.values),
    auth: secret === hidden ? staysAs(destination.auth.type === auth.type ? secrets.auth : null) : secret,
  };
  const preset = input.preset ?? destination.preset;
  const usualMethod = input.preset === undefined ? destination.method : presets[preset].method;
  const body = input.body === undefined ? destination.body : input.body;
  const next: Destination = {
    ...destination,
    name: input.name ?? destination.name,
    url: input.url ?? destination.url,
    method: input.method ?? usualMethod,
    preset,
    body,
    version: destination.version + (preset === destination.preset && body === destination.body ? 0 : 1),
    filter: input.filter ?? destination.filter,
    via: input.via === undefined ? destination.via : input.via,
    auth,
    timeout: input.timeout ?? destination.timeout,
    retrySchedule: input.retry_schedule ?? destination.retrySchedule,
    rateLimit: input.rate_limit === undefined ? destination.rateLimit : input.rate_limit,
    concurrency: input.concurrency === undefined ? destination.concurrency : input.concurrency,
    ordered: input.ordered ?? destination.ordered,
    oncePerAction: input.once_per_action ?? destination.oncePerAction,
    headerNames: Object.keys(opened.headers),
    secretNames: Object.keys(opened.values),
    state: input.state ?? destination.state,
    stateReason: input.state === undefined ? destination.stateReason : input.state === "active" ? null : `${input.state} by the operator`,
    updatedAt: app.now(),
  };
  await check(app, next, opened);
  return { destination: next, secrets: opened };
}

async function check(app: App, destination: Destination, secrets: Secrets): Promise<void> {
  const { url, via, auth } = destination;
  if (via !== null && !Object.hasOwn(app.bindings, via)) throw unknownBinding(via, Object.keys(app.bindings));
  if (!isLiteral(url)) checkUrl(destination, destination.secretNames); // of Liquid in a host the guard would only say that it is no URL
  if (via === null) await checkAddress(app, url);
  if (via !== null && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)))
    throw invalid("url", "is not a URL, like http://ledger.internal/hooks/impact");
  if (auth.type === "oauth2") await checkAddress(app, auth.tokenUrl).catch((problem) => rethrow(problem, "auth.token_url"));
  if (auth.type !== "none" && destination.headerNames.some((name) => name.toLowerCase() === "authorization"))
    throw invalid("headers.authorization", "is set by auth already; leave one of them out");
  checkAuthorization(auth, secrets.auth);
  compileFilter(destination.filter);
  checkForm(destination, secrets.headers, destination.secretNames);
}

/** What cannot stand in the header is refused now, not at each attempt; under the names that our input has for it. */
function checkAuthorization(auth: Auth, secret: string | null): void {
  try {
    authorizationOf(auth, secret);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const named = auth.type === "basic" ? "auth.password" : "auth.token";
    throw problemOf(problem.mistakes.map(({ field, reason }) => ({ field: field === "auth.secret" ? named : field, reason })));
  }
}

/** Opens a destination's secrets. Throws `conflict` when they are sealed under a key that is not here. */
export async function openSecrets(app: App, { sealed }: Destination): Promise<Secrets> {
  try {
    return await app.seal.open(sealed);
  } catch (error) {
    if (!(error instanceof SealedElsewhere || error instanceof SealBroken)) throw error;
    throw new Problem("conflict", `${error.message} Or delete the destination and create it anew.`);
  }
}

/** The values that were sent, with those that are to stay as they were put in. */
function kept(field: string, sent: Record<string, string> | undefined, before: Record<string, string>): Record<string, string> {
  if (sent === undefined) return before;
  const known = new Map(Object.entries(before));
  const values = Object.entries(sent).map(([name, value]) => [name, value === hidden ? known.get(name) : value] as const);
  const missing = values.flatMap(([name, value]) =>
    value === undefined ? [{ field: `${field}.${name}`, reason: "has no value yet that could stay" }] : [],
  );
  if (missing.length > 0) throw problemOf(missing);
  return Object.fromEntries(values) as Record<string, string>;
}

function staysAs(secret: string | null): string {
  if (secret !== null) return secret;
  throw invalid("auth", "has no secret yet that could stay; send it");
}

function unknownBinding(via: string, known: string[]): Problem {
  const there = known.length > 0 ? `there are: ${known.join(", ")}` : "it has none that can be sent through; see docs/destinations.md";
  return invalid("via", `names no binding of this Worker ("${via}"); ${there}`);
}

/** A problem as one of another field. */
export function rethrow(problem: unknown, field: string): never {
  if (!(problem instanceof Problem)) throw problem;
  throw new Problem(
    problem.code,
    `${field}: ${problem.message}`,
    problem.mistakes.map((mistake) => ({ ...mistake, field })),
  );
}

function invalid(field: string, reason: string): Problem {
  return problemOf([{ field, reason }]);
}

function problemOf(mistakes: Mistake[]): Problem {
  return new Problem("invalid_input", mistakes.map(({ field, reason }) => `${field} ${reason}`).join("; "), mistakes);
}
