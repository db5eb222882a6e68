import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";

const problemsOf = (vars: Record<string, unknown>): string => {
  try {
    readConfig({ ...env, ...vars } as Env);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("reads what is set, and has a default for what is not a secret", () => {
  expect(readConfig({ ...env, STORE_TIME_LIMIT_MS: undefined } as unknown as Env)).toMatchObject({
    storeTimeLimitMs: 3000,
    allowLoopback: true,
  });
});

test("tells all problems in one message, with the way out and without the secret", () => {
  const message = problemsOf({ OPERATOR_TOKEN: "short", ENCRYPTION_KEY: "c2hvcnQ=", STORE_TIME_LIMIT_MS: "soon" });
  expect(message).toContain("3 problem(s)");
  expect(message).toContain("wrangler secret put OPERATOR_TOKEN");
  expect(message).toContain("openssl rand -base64 32");
  expect(message).toContain("STORE_TIME_LIMIT_MS");
  expect(message).not.toContain('"short"');
  expect(message).not.toContain("c2hvcnQ=");
});

test.each(["0", "-1", "1.5", "30000", ""])("refuses a time limit of %j", (value) =>
  expect(problemsOf({ INTAKE_TIME_LIMIT_MS: value })).toContain("INTAKE_TIME_LIMIT_MS"),
);

test("allows no special targets and asks no resolver unless told to", () => {
  expect(readConfig(env)).toMatchObject({ allowedTargets: [], dnsOverHttps: null });
  expect(readConfig({ ...env, ALLOWED_TARGETS: " , ", DNS_OVER_HTTPS: "" } as Env)).toMatchObject({
    allowedTargets: [],
    dnsOverHttps: null,
  });
});

test("reads allowed targets in their one spelling", () => {
  const vars = { ALLOWED_TARGETS: "CRM.corp.internal, *.lan,0x0a000001,fd00::/8 ," };
  expect(readConfig({ ...env, ...vars } as Env).allowedTargets).toEqual(["crm.corp.internal", "*.lan", "10.0.0.1", "fd00::/8"]);
});

test("names each allowed target that is none, without what may be a password", () => {
  const message = problemsOf({ ALLOWED_TARGETS: "*, https://crm.internal, ok.internal, 10.0.0.1/8, https://user:pass@crm.internal" });
  expect(message).toContain("4 problem(s)");
  for (const entry of ['"*"', '"https://crm.internal"', '"10.0.0.1/8"', '"…@crm.internal"'])
    expect(message).toContain(`ALLOWED_TARGETS holds ${entry}: write host names`);
  expect(message).not.toContain("pass");
  expect(message).not.toContain("ok.internal");
});

test.each([
  ["https://cloudflare-dns.com/dns-query", "false"],
  ["https://1.1.1.1/dns-query", "false"],
  ["http://127.0.0.1:5353/dns-query", "true"],
])("takes %s for a resolver, with ALLOW_LOOPBACK=%s", (url, loopback) => {
  expect(readConfig({ ...env, DNS_OVER_HTTPS: url, ALLOW_LOOPBACK: loopback } as unknown as Env).dnsOverHttps).toBe(url);
});

test("takes an allowed host for a resolver", () => {
  const vars = { DNS_OVER_HTTPS: "http://10.0.0.53/dns-query", ALLOWED_TARGETS: "10.0.0.53" };
  expect(readConfig({ ...env, ...vars } as Env).dnsOverHttps).toBe("http://10.0.0.53/dns-query");
});

test.each([
  ["cloudflare-dns.com", "is not a URL"],
  ["http://cloudflare-dns.com/dns-query", "must begin with https://"],
  ["http://127.0.0.1:5353/dns-query", "must begin with https://"],
  ["https://10.0.0.53/dns-query", "a private address"],
  ["https://user:pass@dns.example/", "user name"],
])("refuses %s for a resolver", (url, reason) => {
  const message = problemsOf({ DNS_OVER_HTTPS: url, ALLOW_LOOPBACK: "false" });
  expect(message).toContain(`1 problem(s): DNS_OVER_HTTPS `);
  expect(message).toContain(reason);
  expect(message).toContain("https://cloudflare-dns.com/dns-query");
  expect(message).not.toContain("pass@");
});

test("takes postbacks into D1 first unless told otherwise", () => {
  expect(readConfig(env).ingestMode).toBe("direct");
  expect(readConfig({ ...env, INGEST_MODE: "" } as Env).ingestMode).toBe("direct");
  expect(readConfig({ ...env, INGEST_MODE: "queue" } as unknown as Env).ingestMode).toBe("queue");
  expect(problemsOf({ INGEST_MODE: "Queue" })).toContain("INGEST_MODE must be one of: direct, queue");
});

test("keeps everything unless told otherwise", () => {
  expect(readConfig(env).retentionDays).toBeNull();
  expect(readConfig({ ...env, RETENTION_DAYS: "90" } as unknown as Env).retentionDays).toBe(90);
});

test.each(["0", "-1", "1.5", "3651", "ninety"])("refuses %j days of retention", (value) =>
  expect(problemsOf({ RETENTION_DAYS: value })).toContain("RETENTION_DAYS must be a whole number of days from 1 to 3650"),
);

test("deletes nothing where there is no archive", () => {
  const { ARCHIVE: _bucket, ...bare } = env as unknown as Record<string, unknown>;
  expect(() => readConfig({ ...bare, RETENTION_DAYS: "90" } as unknown as Env)).toThrow("RETENTION_DAYS needs the R2 bucket ARCHIVE");
});

test.each([
  ["", "https://api.impact.com"],
  ["https://API.example.com/", "https://api.example.com"],
  ["https://api.example.com:8443", "https://api.example.com:8443"],
  ["http://127.0.0.1:9009", "http://127.0.0.1:9009"],
  ["https://impact.corp.internal", "https://impact.corp.internal"],
])("takes %j for impact.com's API, as an origin", (text, origin) => {
  const vars = { IMPACT_API: text, ALLOWED_TARGETS: "impact.corp.internal" };
  expect(readConfig({ ...env, ...vars } as unknown as Env).impactApi).toBe(origin);
});

test.each([
  ["api.impact.com", "true", "is not a URL"],
  ["http://api.impact.com", "true", "must begin with https://"],
  ["http://impact.corp.internal", "true", "must begin with https://"],
  ["http://127.0.0.1:9009", "false", "must begin with https://"],
  ["https://10.0.0.1", "true", "a private address"],
  ["https://api.impact.com/Mediapartners", "true", "must end after the host"],
  ["https://api.impact.com/?a=b", "true", "must end after the host"],
  ["https://user:pass@api.impact.com", "true", "user name"],
])("refuses %s for impact.com's API, with ALLOW_LOOPBACK=%s", (text, loopback, reason) => {
  const message = problemsOf({ IMPACT_API: text, ALLOW_LOOPBACK: loopback, ALLOWED_TARGETS: "impact.corp.internal" });
  expect(message).toContain("1 problem(s): IMPACT_API ");
  expect(message).toContain(reason);
  expect(message).not.toContain("pass@");
});
