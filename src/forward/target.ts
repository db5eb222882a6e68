import ip from "ipaddr.js";
import { Problem } from "../domain/problem.ts";

/** What may be called besides `https:` at public names and addresses. */
export interface Guard {
  /** Development: `localhost` and the loopback addresses. */
  allowLoopback: boolean;
  /** The hosts an operator vouches for, each as `parseAllowed` spells it. */
  allowed: readonly string[];
}

/**
 * A destination's URL, held to what may be called from here: `https:` to a public name or address, whatever its spelling, and
 * `http:` or `https:` to what the guard admits. Names are judged by their spelling; where they lead is `newResolver`'s to check.
 * Throws `invalid_input`.
 */
export function checkTarget(text: string, guard: Guard): URL {
  if (/[\t\n\r\\]/.test(text.trim().replace(/[?#].*/s, ""))) throw refusal("holds a tab, a line break or a backslash; write it without");
  if (!URL.canParse(text)) throw refusal("is not a URL, like https://example.com/hooks/impact");
  const url = new URL(text);
  if (url.username || url.password) throw refusal("holds a user name or password; send them as a header");
  const host = bareHost(url.hostname);
  if (/^https?:$/.test(url.protocol) && isAllowed(host, guard)) return url;
  if (url.protocol !== "https:") throw refusal("must begin with https://");
  const reason = reasonAgainst(host);
  if (reason) throw refusal(`leads to ${host}, ${reason}`);
  return url;
}

/** `invalid_input` in the field `url`. */
export function refusal(reason: string): Problem {
  return new Problem("invalid_input", `The URL ${reason}.`, [{ field: "url", reason }]);
}

/** The host of a URL without what makes no difference: the brackets of IPv6, and one trailing dot. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$|\.$/g, "");
}

/** Does the guard vouch for this host (bare), or for the address it spells? An IPv4-mapped address counts as its IPv4 address. */
export function isAllowed(host: string, guard: Guard): boolean {
  const address = ip.isValid(host) ? ip.process(host) : null;
  if (guard.allowLoopback && (host === "localhost" || address?.range() === "loopback")) return true;
  const spelt = address?.toString() ?? host;
  return guard.allowed.some((entry) => {
    if (entry.includes("/")) return address !== null && isWithin(address, entry);
    return entry === spelt || (entry.startsWith("*.") && spelt.endsWith(entry.slice(1)));
  });
}

/**
 * One entry of an allow-list in the spelling that `Guard` wants: a host name, `*.suffix` (every name below the suffix, not the
 * suffix itself), an address, or a CIDR range. Null when it is none of them, or when a range has bits set behind its prefix.
 */
export function parseAllowed(text: string): string | null {
  if (text.includes("/")) return parseRange(text);
  const [, star = "", host = ""] = /^(\*\.)?([^\s/?#@%*\\]+)$/.exec(text) ?? [];
  const url = `https://${/^[^[].*:/.test(host) ? `[${host}]` : host}`;
  if (!URL.canParse(url)) return null;
  const spelt = bareHost(new URL(url).hostname);
  if (ip.isValid(spelt)) return star ? null : ip.process(spelt).toString();
  return nameShape.test(spelt) ? star + spelt : null;
}

/** What makes an address no public one, like "a private address"; null for the public ones. */
export function kindOfSpecial(literal: string): string | null {
  const address = ip.parse(literal);
  const kind = address instanceof ip.IPv6 ? kindOfIPv6(address) : literal === azureWireServer ? "private" : address.range();
  return kind === "unicast" ? null : `${wordsFor[kind] ?? `a ${kind}`} address`;
}

function reasonAgainst(host: string): string | null {
  if (ip.isValid(host)) {
    const kind = kindOfSpecial(host);
    return kind && `${kind}; ${wayOut}`;
  }
  if (!nameShape.test(host) || !host.includes(".")) return `which is no public name; ${wayOut}`;
  if (isBelow(host, privateNames)) return `a name for private networks; ${wayOut}`;
  if (isBelow(host, metadataNames)) return `the name of a cloud's metadata; ${wayOut}`;
  if (isBelow(host, anywhereNames)) return `a name that can stand for any address; ${wayOut}`;
  return null;
}

/** The end of a sentence that refuses an address. */
export const wayOut = "call a public one, or add it to ALLOWED_TARGETS";

/** Labels of RFC 1035 with the underscore that is seen in practice, 253 characters in all. */
const nameShape = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/**
 * Never delegated, or not for hosts: RFC 6761 and 6762 (with its appendix G), 7686 (onion), 9476 (alt), ICANN's `internal`,
 * `corp` and `home`; all of `arpa`, where home.arpa, service.arpa and ipv4only.arpa are; and Kubernetes' `svc`.
 */
const privateNames = setOf(`localhost local internal intranet lan home corp private localdomain arpa test invalid onion alt svc`);

/** As the clouds' manuals name them: Google, Tencent, IBM, Exoscale, Equinix Metal. AWS and Azure use addresses or `internal`. */
const metadataNames = setOf(`metadata.goog metadata.tencentyun.com api.metadata.cloud.ibm.com metadata.exoscale.com
  metadata.packet.net metadata.platformequinix.com`);

/** Public DNS zones in which a name spells the address it leads to, or always leads to 127.0.0.1. Not complete: that is what DNS_OVER_HTTPS is for. */
const anywhereNames = setOf(`nip.io sslip.io xip.io xip.name traefik.me backname.io local-ip.sh local-ip.co plex.direct 1u.ms rbndr.us
  localtest.me lvh.me vcap.me lacolhost.com yoogle.com fbi.com fuf.me local.gd localho.st localh.st smackaho.st 127-0-0-1.org.uk
  localhost.direct localhost.tv localhst.co.uk localdev.me lcl.host ddev.site lndo.site localhost.domaincontrol.com`);

/** Serves Azure's virtual machines their settings and keys, at a public address ("What is IP address 168.63.129.16", learn.microsoft.com). */
const azureWireServer = "168.63.129.16";

/** ipaddr.js's names of IANA's special-purpose ranges, and our `isatap`, where they need better words. */
const wordsFor: Record<string, string> = {
  unspecified: "an unspecified",
  linkLocal: "a link-local",
  carrierGradeNat: "a carrier-grade NAT",
  as112: "an AS112",
  as112v6: "an AS112",
  amt: "an AMT relay",
  uniqueLocal: "a unique local",
  ipv4Mapped: "an IPv4-mapped",
  rfc6145: "an IPv4-translated",
  rfc6052: "a NAT64",
  teredo: "a Teredo",
  isatap: "an ISATAP",
  deprecatedOrchid: "an ORCHID",
  orchid2: "an ORCHID",
  droneRemoteIdProtocolEntityTags: "a drone identity",
  segmentRouting: "a segment routing",
  deprecatedSiteLocal: "a site-local",
};

/**
 * ipaddr.js takes what has no name for unicast. Public are only those of 2000::/3 (RFC 4291 §2.4, IANA's IPv6 address space),
 * and of them not ISATAP's, which embed an IPv4 address behind 0000:5efe or 0200:5efe (RFC 5214 §6.1).
 */
function kindOfIPv6(address: ip.IPv6): string {
  const named = address.range();
  const [first = 0, , , , fifth = 0, sixth = 0] = address.parts;
  if (named !== "unicast") return named;
  if (first >> 13 !== 1) return "reserved";
  return (fifth & 0xfcff) === 0 && sixth === 0x5efe ? "isatap" : "unicast";
}

function isBelow(host: string, suffixes: ReadonlySet<string>): boolean {
  const labels = host.split(".");
  return labels.some((_, at) => suffixes.has(labels.slice(at).join(".")));
}

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/));
}

function isWithin(address: ip.IPv4 | ip.IPv6, range: string): boolean {
  const [network, bits] = ip.parseCIDR(range);
  return network.kind() === address.kind() && address.match(network, bits);
}

function parseRange(text: string): string | null {
  if (!ip.isValidCIDR(text)) return null;
  const [address, bits] = ip.parseCIDR(text);
  if (address instanceof ip.IPv6 && address.isIPv4MappedAddress()) return null;
  const network = (address instanceof ip.IPv6 ? ip.IPv6 : ip.IPv4).networkAddressFromCIDR(text).toString();
  return network === address.toString() ? `${network}/${bits}` : null;
}
