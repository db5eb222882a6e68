import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Config } from "./config.ts";
import { day, type Instant, second } from "./domain/time.ts";

/** What a link opens, and until when: the result that this hint (an event's id) led to. */
export interface Linked {
  jobId: string;
  hintEventId: string;
  expiresAt: Instant;
}

/** A link is good for so long. */
export const linkLifeMs = 7 * day;

type Keys = Pick<Config, "encryptionKey" | "nextEncryptionKey">;

/**
 * A link to our own download route, which opens without the operator's token until `expiresAt` (whole seconds count). While
 * ENCRYPTION_KEY is being changed it is signed with the next one, so that it outlives the change.
 */
export function linkTo(keys: Keys, origin: string, linked: Linked): string {
  const signature = signed(keys.nextEncryptionKey ?? keys.encryptionKey, linked).toString("base64url");
  const parameters = { file: linked.hintEventId, expires: String(Math.floor(linked.expiresAt / second)), signature };
  return `${origin}/jobs/${encodeURIComponent(linked.jobId)}/download?${new URLSearchParams(parameters)}`;
}

/** Whether we made this signature, with one of the keys that are here; compared in constant time. It says nothing of the expiry. */
export function isSigned({ encryptionKey, nextEncryptionKey }: Keys, linked: Linked, signature: string): boolean {
  const given = Buffer.from(signature, "base64url");
  return [encryptionKey, nextEncryptionKey].some((key) => {
    const right = key && signed(key, linked);
    return right !== null && given.length === right.length && timingSafeEqual(given, right);
  });
}

function signed(key: Uint8Array, { jobId, hintEventId, expiresAt }: Linked): Buffer {
  const own = Buffer.from(hkdfSync("sha256", key, "", "postback-edge download link v1", 32));
  return createHmac("sha256", own)
    .update(JSON.stringify([jobId, hintEventId, Math.floor(expiresAt / second)]))
    .digest();
}
