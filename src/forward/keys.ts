import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { SignatureVersion, SigningKey } from "../domain/destination.ts";
import { Problem } from "../domain/problem.ts";
import { day, hour, type Instant } from "../domain/time.ts";

/** For how long an earlier key goes on signing beside the new one, in milliseconds: at the most, and when nothing is said. */
export const grace = { longest: 7 * day, usual: 24 * hour };

/** How Standard Webhooks marks the kinds of keys (spec, "Signature scheme"). */
const prefixes: Record<SignatureVersion, string> = { v1: "whsec_", v1a: "whsk_" };
const publicPrefix = "whpk_";

/** A new random key: `whsec_` and 32 bytes, or `whsk_` and the 64 bytes of an Ed25519 seed and its public key, in base64. */
export function newSigningKey(version: SignatureVersion): string {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  return prefixes[version] + (version === "v1" ? random : pairOf(random)).toString("base64");
}

/** `v1a` for `whsk_…`, `v1` for all else: secrets without a prefix are in use too. */
export function versionOf(key: string): SignatureVersion {
  return key.startsWith(prefixes.v1a) ? "v1a" : "v1";
}

/** What the far side verifies a `v1a` key with: `whpk_…`. Null for `v1`, whose key has no public part. */
export function publicKeyOf(key: string): string | null {
  return versionOf(key) === "v1" ? null : publicPrefix + pairOf(seedOf(key)).subarray(32).toString("base64");
}

/** With a prefix or without, in either alphabet of base64. */
const shape = /^(?:(whsec|whsk|whpk)_)?([A-Za-z0-9+/_-]+)={0,2}$/i;

/**
 * A key that an operator brings along, in the form we keep: with its prefix, in padded base64, and for `whsk_` with the public key.
 * Takes `whsec_…`, `whsk_…`, and base64 or base64url without a prefix, which is a `whsec_` key; 24 to 64 bytes for `v1` (as in the spec),
 * 32 (seed) or 64 (seed and public key) for `v1a`. Throws `invalid_input` for the field `key`, without the key in it.
 */
export function checkSigningKey(text: string): string {
  const [, prefix = "whsec", encoded = ""] = shape.exec(text.trim()) ?? [];
  if (encoded === "" || encoded.length % 4 === 1) throw refuse("is not base64");
  if (prefix.toLowerCase() === "whpk") throw refuse("is a public key, and only the secret key of the pair can sign");
  const bytes = Buffer.from(encoded, "base64url");
  return prefix.toLowerCase() === "whsk" ? checkedPair(bytes) : checkedSecret(bytes);
}

/** The keys that sign at `now`, newest first: those without an end, and those whose end is still to come. */
export function usableAt(keys: SigningKey[], now: Instant): string[] {
  return keys
    .filter(({ until }) => until === null || until > now)
    .sort((one, other) => other.createdAt - one.createdAt)
    .map(({ key }) => key);
}

/**
 * The keys after a change to `key`: it comes first; earlier ones of its version end after `graceMs`, or sooner if they were to; those of
 * the other version stay as they are. What has ended by `now` is left out, so a grace of 0 leaves no earlier one of this version.
 */
export function rotated(keys: SigningKey[], key: string, now: Instant, graceMs: number): SigningKey[] {
  const version = versionOf(key);
  const earlier = keys
    .filter((former) => former.key !== key)
    .map((former) => (versionOf(former.key) === version ? { ...former, until: Math.min(former.until ?? Infinity, now + graceMs) } : former))
    .filter(({ until }) => until === null || until > now);
  return [{ key, createdAt: now, until: null }, ...earlier];
}

/** What is in a key: its base64, decoded. Throws an Error without the key in it. */
export function bytesOf(key: string): Buffer {
  const bytes = Buffer.from(key.replace(/^(whsec|whsk)_/, ""), "base64");
  if (bytes.length === 0) throw new Error("A signing key of this destination is not base64. Give the destination a new key.");
  return bytes;
}

/** A `whsk_` key as Node's crypto takes it. Throws an Error without the key in it. */
export function privateKeyOf(key: string): KeyObject {
  return ed25519(seedOf(key));
}

function seedOf(key: string): Buffer {
  const bytes = bytesOf(key);
  if (bytes.length !== 32 && bytes.length !== 64)
    throw new Error("A v1a signing key of this destination has neither 32 nor 64 bytes. Give the destination a new key.");
  return bytes.subarray(0, 32);
}

/** The DER of an Ed25519 private key up to its 32 bytes (RFC 8410 §7). workerd, unlike Node, would take a JWK with a wrong public key. */
const derHead = Buffer.from("302e020100300506032b657004220420", "hex");

function ed25519(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([derHead, seed]), format: "der", type: "pkcs8" });
}

/** Seed and public key. */
function pairOf(seed: Uint8Array): Buffer {
  const { x = "" } = createPublicKey(ed25519(seed) as never).export({ format: "jwk" });
  return Buffer.concat([seed, Buffer.from(x, "base64url")]);
}

function checkedSecret(bytes: Buffer): string {
  if (bytes.length < 24 || bytes.length > 64) throw refuse(`holds ${bytes.length} bytes, not 24 to 64`);
  return prefixes.v1 + bytes.toString("base64");
}

function checkedPair(bytes: Buffer): string {
  if (bytes.length !== 32 && bytes.length !== 64) throw refuse(`holds ${bytes.length} bytes, not 32 (seed) or 64 (seed and public key)`);
  const pair = pairOf(bytes.subarray(0, 32));
  if (bytes.length === 64 && !pair.equals(bytes)) throw refuse("holds a public key that does not belong to its secret half");
  return prefixes.v1a + pair.toString("base64");
}

function refuse(reason: string): Problem {
  const wayOut = "Give whsec_ or whsk_ followed by the key in base64, or leave the key out to have one made.";
  return new Problem("invalid_input", `The signing key ${reason}. ${wayOut}`, [{ field: "key", reason }]);
}
