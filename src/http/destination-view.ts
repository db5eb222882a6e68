import type { Auth, Destination, Secrets } from "../domain/destination.ts";
import { publicKeyOf, versionOf } from "../forward/keys.ts";
import { hidden } from "../forward/mask.ts";
import { instant } from "./input.ts";

/** A destination as our API tells it. */
export function viewDestination(destination: Destination) {
  const { rateLimit, health } = destination;
  return {
    id: destination.id,
    name: destination.name,
    url: destination.url,
    preset: destination.preset,
    method: destination.method,
    body: destination.body,
    filter: destination.filter,
    headers: hiddenValues(destination.headerNames),
    secrets: hiddenValues(destination.secretNames),
    auth: viewAuth(destination.auth),
    via: destination.via,
    timeout: destination.timeout,
    retry_schedule: destination.retrySchedule,
    rate_limit: rateLimit,
    concurrency: destination.concurrency,
    ordered: destination.ordered,
    once_per_action: destination.oncePerAction,
    state: destination.state,
    state_reason: destination.stateReason,
    health: {
      failures_in_a_row: health.failures,
      failing_since: instant(health.failingSince),
      breaker_open_until: instant(health.openUntil),
    },
    created_at: instant(destination.createdAt),
    updated_at: instant(destination.updatedAt),
  };
}

/** Its signing keys, without their secrets, but for those in `told`: they are new, and told this once. */
export function viewKeys({ signing }: Secrets, told: string[]) {
  const secret = told.find((key) => versionOf(key) === "v1");
  return {
    signing_keys: signing.map(({ key, createdAt, until }) => ({
      version: versionOf(key),
      public_key: publicKeyOf(key),
      created_at: instant(createdAt),
      until: instant(until),
    })),
    ...(secret ? { secret } : {}),
  };
}

function viewAuth(auth: Auth) {
  switch (auth.type) {
    case "none":
      return auth;
    case "basic":
      return { ...auth, password: hidden };
    case "bearer":
      return { ...auth, token: hidden };
    case "oauth2": {
      const { type, tokenUrl, clientId, scope, audience, clientAuth } = auth;
      return { type, token_url: tokenUrl, client_id: clientId, client_secret: hidden, scope, audience, client_auth: clientAuth };
    }
  }
}

function hiddenValues(names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, hidden]));
}
