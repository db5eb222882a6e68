import { type IRequestStrict, Router } from "itty-router";
import type { App } from "../app.ts";
import { ConfigError } from "../config.ts";
import { Problem } from "../domain/problem.ts";
import type { Endpoint } from "./endpoint.ts";
import { readForm } from "./form.ts";
import { respondError, respondProblem } from "./respond.ts";
import { type Methods, routes } from "./routes.ts";
import { serve } from "./serve.ts";

const router = Router<IRequestStrict, [App], Response>({ catch: (error, request, app) => respondError(error, request, app) });
for (const [path, methods] of routes) router.all(path, (request, app) => dispatch(request as IRequestStrict & Request, app, methods));
router.all("*", () => {
  throw new Problem("not_found", "There is nothing at this address. See /openapi.json for what there is.");
});

/** Answers any request. `appOf` is called here, so that a wrong configuration is an answer too: come again. */
export async function answer(request: Request, appOf: () => App): Promise<Response> {
  try {
    return (await router.fetch(request as never, appOf())) as Response;
  } catch (error) {
    if (!(error instanceof ConfigError)) return respondError(error, request, null);
    console.error(error.message);
    return respondProblem(
      new Problem("unavailable", "The configuration is not complete; its problems are in the log.", [], { "retry-after": "60" }),
    );
  }
}

/** Finds the endpoint of a method; itty-router itself answers a wrong method with 404. */
async function dispatch(request: IRequestStrict & Request, app: App, methods: Methods): Promise<Response> {
  const form = await readForm(request, methods as Record<string, Endpoint>);
  const method = form?.method ?? (request.method === "HEAD" && !methods.HEAD ? "GET" : request.method);
  const endpoint = methods[method as keyof Methods];
  const allow = allowed(methods).join(", ");
  if (!endpoint && method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  if (!endpoint) throw new Problem("method_not_allowed", `This address answers ${allow}.`, [], { allow });
  const response = await serve({ endpoint, request, app, method, params: decoded(request.params), form });
  return request.method === "HEAD" ? new Response(null, response) : response;
}

function allowed(methods: Methods): string[] {
  const own = Object.keys(methods);
  return [...own, ...(methods.GET && !methods.HEAD ? ["HEAD"] : []), ...(methods.OPTIONS ? [] : ["OPTIONS"])].sort();
}

/** itty-router leaves parameters percent-encoded. */
function decoded(params: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value = ""]) => [name, decode(value)]));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
