/** Which side of impact.com's marketplace the account is on. */
export type Account = "partner" | "brand";

/** What becomes of a call from an address that is not listed. */
export const ipPolicies = ["off", "log", "enforce"] as const;
export type IpPolicy = (typeof ipPolicies)[number];

/** A place that postbacks come from: one impact.com account (or one part of it) with a token of its own. */
export interface Source {
  id: string;
  name: string;
  account: Account;
  tokenHash: string;
  /** The token before the last rotation, good until `previousTokenUntil`. */
  previousTokenHash: string | null;
  previousTokenUntil: number | null;
  /** The sender's key → impact's macro name: `{ cid: "SubId1" }`. */
  mapping: Record<string, string>;
  /** How long any earlier twin makes a repeat, in seconds. */
  dedupeWindow: number;
  /** What an accepted call is answered; impact.com can be set to look for a text. */
  successStatus: number;
  successBody: string;
  /** What an invalid call is answered: the truth, or a 202 that stops the sender from repeating it. */
  invalidStatus: 422 | 202;
  /** A header every call must carry; its value is kept hashed. */
  requiredHeader: { name: string; valueHash: string } | null;
  /** CIDR ranges or single addresses. */
  allowedIps: string[];
  ipPolicy: IpPolicy;
  /** Whether its access to impact.com's API reaches jobs: then a job completion is a hint, and the result is fetched before it is told. */
  fetchesJobs: boolean;
  createdAt: number;
  updatedAt: number;
}
