import type { Instant } from "./time.ts";

/** `deleted` stays as a tombstone, so that history keeps its names. */
export const destinationStates = ["active", "paused", "disabled", "deleted"] as const;
export type DestinationState = (typeof destinationStates)[number];

/** With GET there is no body: the event goes into the URL, by macros. */
export const destinationMethods = ["GET", "POST", "PUT", "PATCH"] as const;
export type DestinationMethod = (typeof destinationMethods)[number];

/** Ready-made forms of a request; what each one sends stands in forward/presets.ts. */
export const presetNames = [
  "standard-webhooks",
  "raw",
  "cloudevents-structured",
  "cloudevents-binary",
  "slack",
  "voluum",
  "redtrack",
  "keitaro",
  "binom",
  "meta-conversions",
  "ga4",
] as const;
export type PresetName = (typeof presetNames)[number];

/** How requests are signed: HMAC-SHA256 with a shared secret, or Ed25519 with a key pair. */
export const signatureVersions = ["v1", "v1a"] as const;
export type SignatureVersion = (typeof signatureVersions)[number];

export const ratePeriods = ["second", "minute", "hour"] as const;

/** At most `limit` requests in any one period. */
export interface RateLimit {
  limit: number;
  period: (typeof ratePeriods)[number];
}

/** How we show who we are. The secret part (password, token, client secret) is in `Secrets.auth`. */
export type Auth =
  | { type: "none" }
  | { type: "basic"; username: string }
  | { type: "bearer" }
  | { type: "oauth2"; tokenUrl: string; clientId: string; scope: string; audience: string; clientAuth: "basic" | "body" };

/** What decides how a request to a destination looks. */
export interface Form {
  preset: PresetName;
  method: DestinationMethod;
  /** May hold Liquid in its path and query. */
  url: string;
  /** A Liquid template in place of the preset's body. */
  body: string | null;
}

/** How a destination has been answering of late. */
export interface Health {
  /** Failures in a row. */
  failures: number;
  /** When the first of them was. */
  failingSince: Instant | null;
  /** Until when its breaker lets nothing through. */
  openUntil: Instant | null;
}

/** A system of our own that wants to hear. */
export interface Destination extends Form {
  id: string;
  name: string;
  /** A CEL expression over the event; empty selects everything but operational news. */
  filter: string;
  /** Counts the changes of preset and body: the same for each attempt at one delivery. */
  version: number;
  /** The name of a binding to send through, in place of the public network. */
  via: string | null;
  auth: Auth;
  /** How long one attempt may take, in seconds. */
  timeout: number;
  /** Pauses between attempts, in seconds. */
  retrySchedule: number[];
  rateLimit: RateLimit | null;
  /** How many requests may be under way at once. */
  concurrency: number | null;
  /** Events of one action arrive in order of effect. */
  ordered: boolean;
  /** Only the first selected event of each action is delivered. */
  oncePerAction: boolean;
  /** The names of its extra headers; their values, which may hold Liquid, are in `sealed`. */
  headerNames: string[];
  /** The names of its template secrets (`{{ secrets.api_key }}`). */
  secretNames: string[];
  /** `Secrets`, encrypted; empty for a deleted destination. */
  sealed: string;
  state: DestinationState;
  /** Why it is not active, in words. */
  stateReason: string | null;
  health: Health;
  createdAt: Instant;
  updatedAt: Instant;
}

/** Does it set a pace of its own? One without limits gets what there is. */
export function hasLimits({ rateLimit, concurrency }: Pick<Destination, "rateLimit" | "concurrency">): boolean {
  return rateLimit !== null || concurrency !== null;
}

/** A key that requests are signed with: `whsec_…` (v1) or `whsk_…` (v1a). */
export interface SigningKey {
  key: string;
  createdAt: Instant;
  /** Null for the newest of its version; an older one is used up to this time. */
  until: Instant | null;
}

/** What a destination has to hide. */
export interface Secrets {
  /** Newest first; every attempt is signed with each that still counts. */
  signing: SigningKey[];
  headers: Record<string, string>;
  /** What templates may use as `{{ secrets.<name> }}`. */
  values: Record<string, string>;
  auth: string | null;
}

/** How many failures in a row open a destination's breaker, for how long, and how many requests then try whether it is back. */
export const breaker = { failures: 5, openMs: 60_000, probes: 2 };
