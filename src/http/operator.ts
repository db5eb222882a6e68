import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "../domain/problem.ts";

/** Lets the operator in, by `Authorization: Bearer <OPERATOR_TOKEN>`, compared in constant time. Throws `unauthorized`. */
export function admitOperator(request: Request, operatorToken: string): void {
  const [, given = ""] = /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (timingSafeEqual(digest(given), digest(operatorToken))) return;
  const detail = "Send the header: Authorization: Bearer <operator token>.";
  throw new Problem("unauthorized", detail, [], { "www-authenticate": 'Bearer realm="postback-edge"' });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
