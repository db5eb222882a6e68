import { foldKey } from "./fields.ts";

/** Stands where a secret stood. */
export const removed = "[removed]";

/** Keys that name a secret of the receiver's, put into a URL or body for lack of a signature. Never click ids or tokens of impact's. */
const secretKeys = new Set(["token", "secret", "authtoken", "accesstoken", "apikey", "password", "securitytoken", "sharedsecret"]);

/** True for a key (the last part of a dotted one) whose value must not be listed, forwarded or shown. */
export function isSecretKey(key: string): boolean {
  return secretKeys.has(foldKey(key.split(".").at(-1) ?? ""));
}

/** A list or object without the values of its secret keys, at any depth. */
export function withoutSecrets<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutSecrets) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, isSecretKey(key) ? removed : withoutSecrets(inner)])) as T;
}

/** Where a secret can stand in raw text: a pair of a query or form, of JSON, an XML element, a part of a multipart form,
 * an XML attribute. Each captures what stays before it, the key, what stands between, and the value. */
const places = [
  /([?&]|^)([^=&\s"<>]{1,60})(=)([^&\s"<>]+)/g,
  /(")([^"\\]{1,60})("\s{0,20}:\s{0,20})("(?:[^"\\]|\\.)*(?:"|\\?$)|[\w.+-]+)/gs,
  /(<)([\w.-]{1,60})((?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?)([^<\]]+)/g,
  /(name=")([^"\r\n]{1,60})("[^\n]{0,200}\r?\n(?:[^\r\n]{1,200}\r?\n){0,5}\r?\n)([^\r\n]+)/gi,
  /([<\s])([\w.-]{1,60})(\s{0,5}=\s{0,5}["'])([^"'<]+)/g,
];

/** Raw text, for people, with the values of secret keys replaced. */
export function redact(raw: string): string {
  return places.reduce((text, place) => text.replace(place, hide), raw);
}

function hide(whole: string, before: string, key: string, between: string): string {
  if (!isSecretKey(plain(key))) return whole;
  const isJson = /^"\s*:/.test(between);
  return before + key + between + (isJson ? `"${removed}"` : removed);
}

/** A key without percent-encoding. */
function plain(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}
