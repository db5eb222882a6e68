import ip from "ipaddr.js";
import { Problem } from "../domain/problem.ts";

/**
 * A destination's URL, held to what may be called from here: `https:` to a public name or address. A Worker cannot pin the
 * address that a name resolves to, so names are checked by their spelling only. `allowLoopback` (development) admits
 * `http:` and `https:` to this machine.
 * Throws `invalid_input`.
 */
export function checkTarget(text: string, allowLoopback: boolean): URL {
  if (!URL.canParse(text)) throw refuse("is not a URL, like https://example.com/hooks/impact");
  const url = new URL(text);
  if (url.username || url.password) throw refuse("holds a user name or password; send them as a header");
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  if (allowLoopback && isLoopback(host) && /^https?:$/.test(url.protocol)) return url;
  if (url.protocol !== "https:") throw refuse("must begin with https://");
  const reason = refusal(host);
  if (reason) throw refuse(reason);
  return url;
}

function refusal(host: string): string | null {
  const literal = host.replace(/^\[|\]$/g, "");
  if (ip.isValid(literal)) {
    const address = ip.parse(literal);
    const range = address.kind() === "ipv6" && !address.match(globalUnicast as never) ? "reserved" : address.range();
    return range === "unicast" ? null : `leads to ${literal}, a ${spell(range)} address; only public addresses may be called`;
  }
  if (host === "" || !host.includes(".")) return `leads to "${host}", which is no public name`;
  if (privateNames.test(host)) return `leads to ${host}, a name for private networks`;
  return null;
}

/** All of IPv6 that is handed out to the public (RFC 4291 §2.4); ipaddr.js takes what has no name for unicast. */
const globalUnicast = ip.parseCIDR("2000::/3");

/** Names that never leave a private network (RFC 6761, 6762, 8375, 9476). */
const privateNames = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa|test|invalid|onion)$/;

function isLoopback(host: string): boolean {
  const literal = host.replace(/^\[|\]$/g, "");
  return host === "localhost" || (ip.isValid(literal) && ip.parse(literal).range() === "loopback");
}

function spell(range: string): string {
  return range.replace(/([A-Z])/g, " $1").toLowerCase();
}

function refuse(reason: string): Problem {
  return new Problem("invalid_input", `The URL ${reason}.`, [{ field: "url", reason }]);
}
