import type { App } from "../app.ts";
import { newTimedId } from "../domain/id.ts";
import { type Mistake, Problem } from "../domain/problem.ts";
import { saveAudit } from "../store/audit.ts";
import { type Typed, untyped } from "../ui/form.ts";
import type { Page } from "../ui/layout.ts";
import { plain } from "../ui/prose.ts";
import type { Call, Endpoint, Reply } from "./endpoint.ts";
import type { SentForm } from "./form.ts";
import { check, readBody, readQuery } from "./input.ts";
import { type Admission, admitOperator } from "./operator.ts";
import { goOnTo, respondPage, viewOf, wantsPage } from "./page.ts";
import { respond } from "./respond.ts";

/** A request that has found its endpoint. */
export interface Served {
  endpoint: Endpoint;
  request: Request;
  app: App;
  /** What the request stands for, which a form may have said in a field. */
  method: string;
  params: Record<string, string>;
  form: SentForm | null;
}

/**
 * Admits, checks, runs, and answers: as JSON, as a page, or, after a form, with the way on. What was changed is written down. A page that
 * was asked for with mistakes in its URL shows them at the fields of its form, if it has one.
 */
export async function serve(served: Served): Promise<Response> {
  try {
    return await answer(served);
  } catch (problem) {
    const { endpoint, request, app, params } = served;
    const isAsked = request.method === "GET" && endpoint.again !== undefined && wantsPage(request);
    if (!isAsked || !(problem instanceof Problem) || problem.code !== "invalid_input" || isOfPlace(problem)) throw problem;
    const [view, origin] = [viewOf(request, app.now()), new URL(request.url).origin];
    const typed = { values: view.query, mistakes: worded(problem.mistakes) };
    const page = await endpoint.again?.({ app, request, origin, params, query: {}, body: undefined, view, typed });
    return respondPage(request, view, page as Page, problem.status);
  }
}

/** Whether the place in a list is wrong, which no field of a form says. */
function isOfPlace({ mistakes }: Problem): boolean {
  return mistakes.some(({ field }) => field === "cursor");
}

/** Mistakes in the words of pages. */
function worded(mistakes: Mistake[]): Mistake[] {
  return mistakes.map((mistake) => ({ ...mistake, reason: plain(mistake.reason) }));
}

async function answer({ endpoint, request, app, method, params, form }: Served): Promise<Response> {
  const isAdmitted = endpoint.isOpen || endpoint.admits?.(request, app, params) || false;
  const admission = isAdmitted ? null : admitOperator(request, app);
  const url = new URL(request.url);
  const isPage = wantsPage(request);
  const call = {
    app,
    request,
    origin: url.origin,
    params,
    query: endpoint.isOpen && !endpoint.isPage ? {} : readQuery(url, endpoint.query, isPage),
  };
  if (form && endpoint.form) return await serveForm(endpoint, call, form, (body) => record(endpoint, call, method, admission, body));

  const body = await readBody(request, endpoint.body);
  const reply = await endpoint.run({ ...call, body });
  if (method !== "GET") await record(endpoint, call, method, admission, body);
  return await show(endpoint, { ...call, body }, reply);
}

type Started = Omit<Call<unknown, unknown>, "body">;

async function serveForm(endpoint: Endpoint, call: Started, form: SentForm, done: (body: unknown) => Promise<void>): Promise<Response> {
  const view = viewOf(call.request, call.app.now());
  try {
    const body = endpoint.body ? check(endpoint.form?.(form.fields), endpoint.body) : undefined;
    const reply = await endpoint.run({ ...call, body });
    await done(body);
    const next = reply instanceof Response ? null : await endpoint.next?.({ ...call, body, view, typed: untyped, answer: reply.body });
    if (next) return goOnTo(call.request, next.to, next.said, next.cookies);
    return await show(endpoint, { ...call, body }, reply, { values: form.fields.values, mistakes: [] });
  } catch (problem) {
    if (!(problem instanceof Problem) || !endpoint.again || problem.code === "internal") throw problem;
    const mistakes = problem.mistakes.length > 0 ? problem.mistakes : [{ field: "", reason: problem.message }];
    const typed = { values: form.fields.values, mistakes: worded(mistakes) };
    const page = await endpoint.again({ ...call, body: undefined, view, typed });
    return respondPage(call.request, view, page, problem.status);
  }
}

async function show(endpoint: Endpoint, call: Call<unknown, unknown>, reply: Reply | Response, typed: Typed = untyped): Promise<Response> {
  if (reply instanceof Response) return reply;
  if (!endpoint.page || !(endpoint.isPage || wantsPage(call.request))) return respond(reply);
  const view = viewOf(call.request, call.app.now());
  return respondPage(call.request, view, await endpoint.page({ ...call, view, typed, answer: reply.body }), reply.status);
}

/** Writes down who changed what: never a value, only which were given. What could not be written down was done all the same. */
async function record(
  endpoint: Endpoint,
  { app, request, query }: Started,
  method: string,
  who: Admission | null,
  input: unknown,
): Promise<void> {
  const { isPage, isSafe } = endpoint;
  if (who === null || isPage || (typeof isSafe === "function" ? isSafe(query) : isSafe)) return;
  const entry = {
    id: newTimedId("aud", app.now()),
    who,
    ip: request.headers.get("cf-connecting-ip") ?? "",
    method,
    path: new URL(request.url).pathname,
    summary: endpoint.summary.split(/[:;]/)[0] ?? "",
    fields: Object.entries(input ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name])),
  };
  await saveAudit(app.db, entry).catch((error) => console.error("audit: not written down", entry.method, entry.path, String(error)));
}
