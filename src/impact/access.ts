import { createHash } from "node:crypto";
import type { Account } from "../domain/source.ts";
import { version as ownVersion } from "../domain/version.ts";

/** What lets us into one account of impact.com's API. `api` is its origin. */
export interface Access {
  api: string;
  account: Account;
  accountSid: string;
  authToken: string;
}

/** Where an account's addresses begin, and the version of the API that is asked for. Source: impact.com's OpenAPI documents. */
const kinds = {
  partner: { prefix: "Mediapartners", version: "16" },
  brand: { prefix: "Advertisers", version: "14" },
} satisfies Record<Account, { prefix: string; version: string }>;

/** The beginning of everything that belongs to the account: `https://api.impact.com/Mediapartners/IR…/`. */
export function homeOf({ api, account, accountSid }: Omit<Access, "authToken">): string {
  return `${api}/${kinds[account].prefix}/${encodeURIComponent(accountSid)}/`;
}

/**
 * The address of a path as `calls.ts` makes it, or of a link as impact.com gives it (relative to the host, or whole). Null when it
 * leads out of the account: the credentials go nowhere else.
 */
export function addressOf(access: Omit<Access, "authToken">, path: string): URL | null {
  const home = homeOf(access);
  const url = URL.parse(path, home);
  return url?.href.startsWith(home) ? url : null;
}

/** Stands for the account wherever it has to be told from others, whoever uses it. */
export function hashOf({ api, accountSid }: Pick<Access, "api" | "accountSid">): string {
  return createHash("sha256").update(`${api}\n${accountSid}`).digest("hex");
}

/** The headers of every call. XML is what comes unless JSON is asked for (impact.com, "Formats"). */
export function headersOf({ account, accountSid, authToken }: Access): Record<string, string> {
  return {
    accept: "application/json",
    authorization: `Basic ${basic(accountSid, authToken)}`,
    "ir-version": kinds[account].version,
    "user-agent": `Postback-Edge/${ownVersion}`,
  };
}

/** A text without the credentials, should impact.com say them back to us, and without any URL: it would hold the AccountSID. */
export function withoutSecrets(text: string, { accountSid, authToken }: Access): string {
  const spellings = [basic(accountSid, authToken), authToken, encodeURIComponent(authToken), accountSid].filter(Boolean);
  const bare = text.replace(/https?:\/\/\S+/g, "(url)");
  return spellings.reduce((masked, secret) => masked.replaceAll(secret, "[hidden]"), bare);
}

function basic(accountSid: string, authToken: string): string {
  return Buffer.from(`${accountSid}:${authToken}`).toString("base64");
}
