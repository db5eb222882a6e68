import { createHmac, sign as signWith } from "node:crypto";
import type { SignatureVersion } from "../domain/destination.ts";
import type { Instant } from "../domain/time.ts";
import { bytesOf, privateKeyOf, versionOf } from "./keys.ts";

/**
 * The headers of Standard Webhooks, with one signature for each key, in the order of the keys: `v1` for `whsec_…` and for base64
 * without a prefix, `v1a` for `whsk_…`. Without keys there is no `webhook-signature`; no body is signed like an empty one.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 * Throws an Error, without the key in it, for a key that cannot be read.
 */
export function sign(id: string, at: Instant, body: string | Uint8Array | null, keys: string[]): Record<string, string> {
  const timestamp = Math.floor(at / 1000).toString();
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), typeof body === "string" ? Buffer.from(body) : (body ?? Buffer.of())]);
  const signatures = keys.map((key) => `${versionOf(key)},${signers[versionOf(key)](key, content).toString("base64")}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    ...(signatures.length > 0 ? { "webhook-signature": signatures.join(" ") } : {}),
  };
}

const signers: Record<SignatureVersion, (key: string, content: Uint8Array) => Buffer> = {
  v1: (key, content) => createHmac("sha256", bytesOf(key)).update(content).digest(),
  v1a: (key, content) => signWith(null, content, privateKeyOf(key)),
};
