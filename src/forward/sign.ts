import { createHmac } from "node:crypto";
import type { Instant } from "../domain/time.ts";

/**
 * The three headers of Standard Webhooks, `v1` (HMAC-SHA256), one signature for each secret.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 */
export function sign(id: string, at: Instant, body: string, secrets: string[]): Record<string, string> {
  const timestamp = Math.floor(at / 1000).toString();
  const signatures = secrets.map((secret) => `v1,${hmac(secret, `${id}.${timestamp}.${body}`)}`);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

/** A secret for a destination: `whsec_` and 32 random bytes in base64. */
export function newSigningSecret(): string {
  return `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`;
}

function hmac(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return createHmac("sha256", key).update(content).digest("base64");
}
