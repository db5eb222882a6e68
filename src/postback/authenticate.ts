import { createHash, timingSafeEqual } from "node:crypto";
import ip from "ipaddr.js";
import type { Warning } from "../domain/fields.ts";
import { Problem } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Source } from "../domain/source.ts";

/** SHA-256 of a secret, hex: what is stored of a token, and what is compared. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/**
 * The source whose token the receipt carries, or null. Every token of every source is compared, each in constant time, so
 * that neither the answer's time nor its order tells how near a guess was.
 */
export function authenticate(receipt: Pick<Receipt, "tokenHash" | "receivedAt">, sources: Source[]): Source | null {
  let found: Source | null = null;
  for (const source of sources) {
    const current = isSame(receipt.tokenHash, source.tokenHash);
    const previous = isSame(receipt.tokenHash, source.previousTokenHash ?? "") && receipt.receivedAt < (source.previousTokenUntil ?? 0);
    if (current || previous) found = source;
  }
  return found;
}

/** Holds a receipt to its source's header and address rules. Throws `header_refused` or `address_refused`; returns what was only noted. */
export function admit(receipt: Receipt, source: Source): Warning[] {
  const required = source.requiredHeader;
  if (required && !isSame(hashSecret(receipt.headers[required.name] ?? ""), required.valueHash)) {
    const reason = receipt.headers[required.name] === undefined ? "is missing" : "has another value than this source expects";
    throw new Problem(
      "header_refused",
      `The header ${required.name} ${reason}. Set it under HTTP Header in impact.com's postback settings.`,
    );
  }
  if (source.ipPolicy === "off" || isListed(receipt.ip, source.allowedIps)) return [];
  const detail = `The address ${receipt.ip || "(unknown)"} is not in the list of this source.`;
  if (source.ipPolicy === "log") return [{ code: "address_not_listed", detail }];
  throw new Problem("address_refused", `${detail} Add it to allowed_ips, or set ip_policy to "log".`);
}

/** A receipt as it may be kept: without the header that its source takes for a secret. */
export function withoutSecretHeader(receipt: Receipt, { requiredHeader }: Source): Receipt {
  if (requiredHeader === null) return receipt;
  const { [requiredHeader.name]: _secret, ...headers } = receipt.headers;
  return { ...receipt, headers };
}

/** True when `address` lies in one of the ranges; an IPv4 address written as IPv6 counts as what it is. */
export function isListed(address: string, ranges: string[]): boolean {
  if (!ip.isValid(address)) return false;
  const caller = ip.process(address);
  return ranges.some((range) => {
    const [base, bits] = range.includes("/") ? ip.parseCIDR(range) : [ip.process(range), undefined];
    if (base.kind() !== caller.kind()) return false;
    return bits === undefined ? base.toNormalizedString() === caller.toNormalizedString() : caller.match([base, bits] as never);
  });
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** True for an address or a CIDR range, of IPv4 in its usual spelling or of IPv6 (but no range of IPv4 inside IPv6). */
export function isRange(text: string): boolean {
  const [address = "", bits] = text.split("/");
  if (bits === undefined ? !ip.isValid(text) : !ip.isValidCIDR(text)) return false;
  if (!ip.IPv6.isValid(address)) return ip.IPv4.isValidFourPartDecimal(address);
  return bits === undefined || !ip.IPv6.parse(address).isIPv4MappedAddress();
}
