import { foldKey } from "./fields.ts";

/** Stands where a secret stood. */
export const removed = "[removed]";

/** Keys that name a secret of the receiver's, put into a URL or body for lack of a signature. Never click ids or tokens of impact's. */
const secretKeys = new Set(["token", "secret", "authtoken", "accesstoken", "apikey", "password", "securitytoken", "sharedsecret"]);

/** True for a key whose value must not be listed, forwarded or shown. */
export function isSecretKey(key: string): boolean {
  return secretKeys.has(foldKey(key));
}

/** Raw text, for people, with the values of secret keys replaced: in a query, a form, JSON and XML. */
export function redact(raw: string): string {
  return raw
    .replace(/([?&]|^)([^=&\s"<>]{1,60})=([^&\s"<>]+)/g, (whole, lead, key, _value) =>
      isSecretKey(key) ? `${lead}${key}=${removed}` : whole,
    )
    .replace(/"([^"\\]{1,60})"(\s{0,20}:\s{0,20})("(?:[^"\\]|\\.)*(?:"|$)|[\w.+-]+)/gs, (whole, key, colon) =>
      isSecretKey(key) ? `"${key}"${colon}"${removed}"` : whole,
    )
    .replace(/<([\w-]{1,60})>([^<]+)(?=<)/g, (whole, key) => (isSecretKey(key) ? `<${key}>${removed}` : whole));
}
