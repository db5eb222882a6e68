import type { Instant } from "./time.ts";

/** What arrived, before anybody looked into it. Travels through the intake Queue as it is. */
export interface Receipt {
  /** `evt_` and a UUIDv7: the id its event will have. */
  id: string;
  receivedAt: Instant;
  /** SHA-256 of the token in the URL, hex; the token itself goes no further. */
  tokenHash: string;
  /** The last part of the URL, whether or not it names one of our kinds. */
  kind: string;
  method: string;
  /** The query string as it came, without its question mark. */
  query: string;
  /** Header names in lower case; only `keptHeaders` are stored. */
  headers: Record<string, string>;
  /** The caller's address, empty when unknown. */
  ip: string;
  body: Uint8Array;
  /** True when the call was larger than `largestReceipt` and only its beginning was kept. */
  truncated: boolean;
}

/** Query and body together, in bytes. An intake message (128 KB at most) must hold it. */
export const largestReceipt = 100 * 1024;

/** The headers that are stored with a receipt: what says how to read it, and who wrote it; never a secret. */
export const keptHeaders = ["content-type", "content-length", "content-encoding", "user-agent", "cf-ray"] as const;

/** The answer to a receipt, in the words of `x-event-status`. */
export type ReceiptStatus = "accepted" | "duplicate" | "quarantined" | "deferred";
