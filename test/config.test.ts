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
