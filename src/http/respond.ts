import type { App } from "../app.ts";
import { Problem } from "../domain/problem.ts";
import type { Reply } from "./endpoint.ts";
import { respondProblemPage, wantsPage } from "./page.ts";

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** An answer as JSON. */
export function respond({ status = 200, body }: Reply): Response {
  if (body === null) return new Response(null, { status, headers: always });
  return new Response(`${JSON.stringify(body, null, 2)}\n`, { status, headers: { ...always, "content-type": "application/json" } });
}

/** A mistake as RFC 9457 problem+json. */
export function respondProblem(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(problem, null, 2)}\n`, {
    status: problem.status,
    headers: { ...always, ...problem.headers, ...headers, "content-type": "application/problem+json" },
  });
}

/**
 * Whatever was thrown, as a response, JSON or a page: our callers' mistakes in full, our own only in the log, and without any URL.
 */
export function respondError(error: unknown, request: Request, app: App | null): Response {
  const problem = error instanceof Problem ? error : unexpected(error);
  return wantsPage(request) ? respondProblemPage(request, problem, app) : respondProblem(problem);
}

function unexpected(error: unknown): Problem {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.error("unexpected:", words.replace(/https?:\/\/\S+/g, "(url)"));
  return new Problem("internal", "It was logged. Nothing that was answered with a 2xx is lost.");
}
