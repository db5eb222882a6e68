import { Problem } from "./domain/problem.ts";
import { bareHost, checkTarget, type Guard, isAllowed, parseAllowed } from "./forward/target.ts";

/** What the operator sets: vars in wrangler.toml, secrets with `wrangler secret put`, both in `.dev.vars` for development. */
export interface Config {
  /** The password of the operator's API and pages. Secret OPERATOR_TOKEN, 16 characters or more. */
  operatorToken: string;
  /** 32 bytes that destination secrets are encrypted under. Secret ENCRYPTION_KEY, base64. */
  encryptionKey: Uint8Array;
  /** While the key is being changed: the one that seals from now on. Secret NEXT_ENCRYPTION_KEY, base64; null when not set. */
  nextEncryptionKey: Uint8Array | null;
  /** How long D1 may take to store a postback before it goes to the intake Queue. STORE_TIME_LIMIT_MS, default 3000. */
  storeTimeLimitMs: number;
  /** How long the intake Queue may take before the sender is told to come again. INTAKE_TIME_LIMIT_MS, default 3000. */
  intakeTimeLimitMs: number;
  /** Which lane a postback takes: D1, or the intake Queue, whose consumer writes many at once. INGEST_MODE, `direct` (default) or `queue`. */
  ingestMode: "direct" | "queue";
  /** Development only: destinations may be `http:` on this machine. ALLOW_LOOPBACK=true. */
  allowLoopback: boolean;
  /**
   * Hosts that destinations may lead to although they are not public, by `http:` too. ALLOWED_TARGETS: host names, `*.suffix` names,
   * addresses and CIDR ranges, with commas between them; default none.
   */
  allowedTargets: string[];
  /** Where the names of destinations are looked up before each call. DNS_OVER_HTTPS, like https://cloudflare-dns.com/dns-query; null when not set. */
  dnsOverHttps: string | null;
  /** What is older goes from D1 into the archive. RETENTION_DAYS, from 1 to 3650, needs the R2 bucket ARCHIVE; null when not set: all is kept. */
  retentionDays: number | null;
  /** Where impact.com's API is: an origin. IMPACT_API, default https://api.impact.com; `http:` on this machine only, with ALLOW_LOOPBACK. */
  impactApi: string;
}

/** The settings were wrong; the message names every problem at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads the settings. Throws `ConfigError` with all problems in one message, and no secret in it. */
export function readConfig(env: Env): Config {
  const vars = env as unknown as Record<string, string | undefined>;
  const problems: string[] = [];
  const guard: Guard = { allowLoopback: vars["ALLOW_LOOPBACK"] === "true", allowed: targets("ALLOWED_TARGETS") };
  const config = {
    operatorToken: secret("OPERATOR_TOKEN"),
    encryptionKey: key("ENCRYPTION_KEY"),
    nextEncryptionKey: vars["NEXT_ENCRYPTION_KEY"] ? key("NEXT_ENCRYPTION_KEY") : null,
    storeTimeLimitMs: milliseconds("STORE_TIME_LIMIT_MS", 3000),
    intakeTimeLimitMs: milliseconds("INTAKE_TIME_LIMIT_MS", 3000),
    ingestMode: oneOf("INGEST_MODE", ["direct", "queue"]),
    allowLoopback: guard.allowLoopback,
    allowedTargets: [...guard.allowed],
    dnsOverHttps: resolver("DNS_OVER_HTTPS"),
    retentionDays: days("RETENTION_DAYS"),
    impactApi: api("IMPACT_API", "https://api.impact.com"),
  };
  if (problems.length > 0) throw new ConfigError(`The configuration has ${problems.length} problem(s): ${problems.join("; ")}.`);
  return config;

  function secret(name: string): string {
    const value = vars[name] ?? "";
    if (value.length < 16) problems.push(`${name} must have 16 characters or more (set it with: wrangler secret put ${name})`);
    return value;
  }

  function key(name: string): Uint8Array {
    const bytes = Buffer.from(vars[name] ?? "", "base64");
    if (bytes.length !== 32) problems.push(`${name} must be 32 bytes in base64 (make one with: openssl rand -base64 32)`);
    return bytes;
  }

  function milliseconds(name: string, usual: number): number {
    const value = Number(vars[name] ?? usual);
    if (!Number.isInteger(value) || value < 1 || value > 25_000)
      problems.push(`${name} must be a whole number of milliseconds from 1 to 25000`);
    return value;
  }

  function days(name: string): number | null {
    if (!vars[name]) return null;
    const value = Number(vars[name]);
    if (!Number.isInteger(value) || value < 1 || value > 3650) problems.push(`${name} must be a whole number of days from 1 to 3650`);
    if (!("ARCHIVE" in env))
      problems.push(
        `${name} needs the R2 bucket ARCHIVE, since nothing is deleted that is not archived (see [[r2_buckets]] in wrangler.toml)`,
      );
    return value;
  }

  /** The first is the usual one. */
  function oneOf<T extends string>(name: string, words: [T, ...T[]]): T {
    const word = words.find((one) => one === (vars[name] || words[0]));
    if (!word) problems.push(`${name} must be one of: ${words.join(", ")}`);
    return word ?? words[0];
  }

  function targets(name: string): string[] {
    const entries = (vars[name] ?? "").split(",").map((entry) => entry.trim());
    return entries.filter(Boolean).flatMap((entry) => {
      const allowed = parseAllowed(entry);
      if (allowed !== null) return allowed;
      const shown = JSON.stringify(entry.replace(/.*@/, "…@"));
      problems.push(
        `${name} holds ${shown}: write host names, *.suffix names, addresses, or ranges like 10.0.0.0/8 that begin at their start`,
      );
      return [];
    });
  }

  function resolver(name: string): string | null {
    const text = vars[name] ?? "";
    try {
      return text === "" ? null : checkTarget(text, guard).href;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(`${name} ${error.mistakes[0]?.reason} (set it to something like https://cloudflare-dns.com/dns-query)`);
      return null;
    }
  }

  /** An origin. Credentials go there, so unlike other targets it is `http:` on this machine only. */
  function api(name: string, usual: string): string {
    try {
      const url = checkTarget(vars[name] || usual, guard);
      const isOpen = url.protocol === "http:" && !isAllowed(bareHost(url.hostname), { ...guard, allowed: [] });
      if (!isOpen && url.href === `${url.origin}/`) return url.origin;
      problems.push(`${name} ${isOpen ? "must begin with https://" : "must end after the host"} (set it to something like ${usual})`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(`${name} ${error.mistakes[0]?.reason} (set it to something like ${usual})`);
    }
    return usual;
  }
}
