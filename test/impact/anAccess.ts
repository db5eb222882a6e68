import type { Access } from "../../src/impact/access.ts";

/** Credentials that nobody has. */
export function anAccess(parts: Partial<Access> = {}): Access {
  return { api: "https://api.impact.com", account: "partner", accountSid: "IRsid1234567890abcd", authToken: "tok/en+secret~1", ...parts };
}
