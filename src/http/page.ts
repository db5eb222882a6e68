import type { App } from "../app.ts";
import type { Problem } from "../domain/problem.ts";
import { address, html } from "../ui/html.ts";
import { bare, layout, type Page } from "../ui/layout.ts";
import { problemPage } from "../ui/problem.ts";
import type { View } from "../ui/view.ts";
import { pageBefore } from "./back.ts";
import { cookie, hasSession, readCookie } from "./session.ts";

const headers = {
  "cache-control": "no-store",
  "content-type": "text/html; charset=utf-8",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  vary: "accept, cookie",
};

/** Whether somebody would rather look at a page than read JSON: browsers name text/html, programs do not. */
export function wantsPage(request: Request): boolean {
  const path = new URL(request.url).pathname;
  return !path.startsWith("/in/") && /\btext\/html\b/i.test(request.headers.get("accept") ?? "");
}

/** What a page knows of its request. */
export function viewOf(request: Request, now: number): View {
  const { pathname, searchParams, origin } = new URL(request.url);
  const isPart = request.headers.has("hx-request");
  return {
    path: pathname,
    query: Object.fromEntries(searchParams),
    origin,
    now,
    said: isPart ? null : readCookie(request, "said"),
  };
}

/** A page, in the house. What the form before it did is said once. */
export function respondPage(request: Request, view: View, page: Page, status = 200): Response {
  const response = new Response(layout(view, page).text, { status, headers });
  if (view.said) response.headers.append("set-cookie", cookie(request.url, "said", "", 0));
  return response;
}

/** A page outside of the house. */
export function respondBare(title: string, body: Parameters<typeof bare>[1], status = 200): Response {
  return new Response(bare(title, body).text, { status, headers });
}

/** After a form: on to a page that says what was done. */
export function goOnTo(request: Request, to: string, said: string, cookies: string[] = []): Response {
  const response = new Response(null, { status: 303, headers: { location: to, "cache-control": "no-store" } });
  for (const one of [...cookies, ...(said ? [cookie(request.url, "said", said, 60)] : [])]) response.headers.append("set-cookie", one);
  return response;
}

/** A mistake as a page that says what to do; who is not signed in is led to the door. */
export function respondProblemPage(request: Request, problem: Problem, app: App | null): Response {
  const isIn = app !== null && hasSession(request, app.config, app.now());
  const { pathname, search, searchParams } = new URL(request.url);
  if (problem.code === "unauthorized") {
    if (request.headers.has("hx-request")) return new Response(null, { status: 204, headers: { "hx-refresh": "true" } });
    const asked = request.method === "GET" ? { to: pathname + search } : { to: pageBefore(request)?.replace(/\/preview$/, ""), out: "1" };
    return goOnTo(request, address("/login", asked), "");
  }
  const asked = { method: request.method, path: pathname, query: Object.fromEntries(searchParams), before: pageBefore(request) };
  const page = problemPage(problem, asked);
  const answer = isIn
    ? respondPage(request, { ...viewOf(request, app.now()), said: null }, page, problem.status)
    : respondBare(page.title, html`<main id="main" class="door"><h1>${page.title}</h1>${page.body}</main>`, problem.status);
  for (const [name, value] of Object.entries(problem.headers)) answer.headers.set(name, value);
  return answer;
}
