import type { App } from "../app.ts";
import { Problem } from "../domain/problem.ts";
import { checkSameOrigin, hasSession, isOperatorToken } from "./session.ts";

/** How somebody was let in. */
export type Admission = "token" | "session";

/**
 * Lets the operator in: by `Authorization: Bearer <OPERATOR_TOKEN>`, or by the session of a browser, which may write only from our own
 * pages. Throws `unauthorized` and `cross_origin`.
 */
export function admitOperator(request: Request, { config, now }: Pick<App, "config" | "now">): Admission {
  const [, given] = /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (given !== undefined && isOperatorToken(given, config)) return "token";
  if (given === undefined && hasSession(request, config, now())) {
    if (request.method !== "GET" && request.method !== "HEAD") checkSameOrigin(request);
    return "session";
  }
  const detail = "Send the header: Authorization: Bearer <operator token>. In a browser, sign in at /login.";
  throw new Problem("unauthorized", detail, [], { "www-authenticate": 'Bearer realm="postback-edge"' });
}
