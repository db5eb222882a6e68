import type { Instant } from "./time.ts";

/** What of impact.com's API reconciliation asks for. Without the first two there is none; the others are left out where refused. */
export const abilities = ["actions", "updates", "inquiries", "jobs"] as const;
export type Ability = (typeof abilities)[number];

/** A source's access to impact.com's API, and how far reconciliation has come with it. */
export interface Connection {
  sourceId: string;
  /** `{accountSid, authToken}` as JSON, sealed. */
  sealed: string;
  /** Stands for the account where calls are counted: SHA-256 of the API's origin and the AccountSID. */
  accountHash: string;
  /** As much of the AccountSID as people need to tell it from another: `IR…G3t8`. */
  accountHint: string;
  /** The campaigns that are read; empty for all, which only partners can ask for. */
  campaignIds: string[];
  /** `ok`, or in words why impact.com refuses it. */
  abilities: Record<Ability, string>;
  /** Where this Worker was reached when the credentials were saved: `https://postback-edge.example.workers.dev`. */
  origin: string;
  /** Until then all updates have been read. */
  watermark: Instant;
  nextUpdatesAt: Instant;
  nextStatesAt: Instant;
  /** Why the last call failed for good, in words; null while all is well. */
  failure: string | null;
  createdAt: Instant;
  updatedAt: Instant;
}
