import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Config } from "../config.ts";
import { Problem } from "../domain/problem.ts";
import { hour, type Instant } from "../domain/time.ts";

/** So long somebody stays signed in. A new OPERATOR_TOKEN or ENCRYPTION_KEY signs everybody out at once. */
export const sessionMs = 12 * hour;

type Keys = Pick<Config, "operatorToken" | "encryptionKey">;

/** What a browser shows to be let in: until when it counts, and our signature of that. There is nothing in it to read or to change. */
export function newSession(keys: Keys, now: Instant): string {
  const until = String(now + sessionMs);
  return `${until}.${signatureOf(until, keys)}`;
}

/** Whether a request brings a session that counts. */
export function hasSession(request: Request, keys: Keys, now: Instant): boolean {
  const [until = "", signature = ""] = (readCookie(request, "session") ?? "").split(".");
  return isEqual(signature, signatureOf(until, keys)) && Number(until) > now;
}

/** Whether a text is the operator's token; compared in constant time. */
export function isOperatorToken(given: string, { operatorToken }: Keys): boolean {
  return isEqual(given, operatorToken);
}

/**
 * A browser sends its cookies along with what other sites make it send. Throws `cross_origin` for a request that one of our own pages did
 * not make: by Sec-Fetch-Site, which browsers set and pages cannot, else by Origin.
 */
export function checkSameOrigin(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const isOurs = site === null ? request.headers.get("origin") === new URL(request.url).origin : site === "same-origin";
  if (!isOurs)
    throw new Problem("cross_origin", "It was not made by a page of this Worker. Open the page here, and press the button there.");
}

/** A cookie of ours, decoded; null where there is none. */
export function readCookie(request: Request, name: string): string | null {
  const wanted = `${prefixOf(request.url)}${name}=`;
  const found = (request.headers.get("cookie") ?? "").split(/;\s*/).find((one) => one.startsWith(wanted));
  if (!found) return null;
  try {
    return decodeURIComponent(found.slice(wanted.length));
  } catch {
    return null;
  }
}

/** A `Set-Cookie` for this host alone, out of reach of scripts. `seconds` 0 takes it away. */
export function cookie(url: string, name: string, value: string, seconds: number): string {
  const isSecure = url.startsWith("https:");
  return `${prefixOf(url)}${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}

/** No other host and no plain connection can set a cookie that begins so. Plain HTTP is for this machine only, and cannot have it. */
function prefixOf(url: string): string {
  return url.startsWith("https:") ? "__Host-" : "";
}

function signatureOf(until: string, { operatorToken, encryptionKey }: Keys): string {
  return createHmac("sha256", encryptionKey).update(`session ${until} `).update(operatorToken).digest("base64url");
}

function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
