import { newEventId } from "../domain/id.ts";
import { isKind } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import { largestReceipt, type Receipt } from "../domain/receipt.ts";
import { hashSecret } from "../postback/authenticate.ts";
import { type Received, receive, sourceOf } from "../receive.ts";
import { beginningOf } from "./beginning.ts";
import { endpoint } from "./endpoint.ts";
import { respondProblem } from "./respond.ts";

export const receivePostback = endpoint({
  summary: "Take one postback of impact.com: parameters in the query, or in a JSON, XML or form body",
  isOpen: true,
  run: async ({ app, request, params }) => {
    const receipt = await receiptOf(request, params["token"] ?? "", params["kind"] ?? "", app.now());
    return respondReceived(await receive(app, receipt), request);
  },
});

export const probePostback = endpoint({
  summary: "See whether a postback URL is good, without booking anything",
  isOpen: true,
  run: async ({ app, params }) => {
    const caller = { tokenHash: hashSecret(params["token"] ?? ""), receivedAt: app.now() };
    await sourceOf(app, caller);
    if (!isKind(params["kind"] ?? "")) throw new Problem("unknown_kind", "The URL ends in no kind of postback.");
    return new Response(null);
  },
});

/** The request as a receipt: all of it, or its beginning when it is too large. */
async function receiptOf(request: Request, token: string, kind: string, now: number): Promise<Receipt> {
  const query = new URL(request.url).search.slice(1);
  const room = Math.max(0, largestReceipt - query.length);
  const { bytes, truncated } = await beginningOf(request.body, room);
  return {
    id: newEventId(now),
    receivedAt: now,
    tokenHash: hashSecret(token),
    kind,
    method: request.method,
    query: query.slice(0, largestReceipt),
    headers: smallHeaders(request.headers),
    ip: request.headers.get("cf-connecting-ip") ?? "",
    body: bytes,
    truncated: truncated || query.length > largestReceipt,
  };
}

/** The headers as far as they fit into an intake message beside the largest body; a secret header of a source is never so long. */
function smallHeaders(headers: Headers): Record<string, string> {
  let room = 16 * 1024;
  const fitting = [...headers].filter(([name, value]) => {
    const size = name.length + value.length;
    if (size > 1100 || size > room) return false;
    room -= size;
    return true;
  });
  return Object.fromEntries(fitting);
}

/** Short and constant on success, since impact.com can be set to look for a text; problem+json otherwise. */
function respondReceived({ status, id, source, problem }: Received, request: Request): Response {
  const headers = { "x-event-id": id, "x-event-status": status, "cache-control": "no-store" };
  const isSoftened = source?.invalidStatus === 202 && (problem?.code === "invalid" || problem?.code === "undecodable");
  if (problem && !isSoftened) return respondProblem(problem, headers);

  const code = problem ? 202 : (source?.successStatus ?? 200);
  if (code === 204 || code === 205) return new Response(null, { status: code, headers });
  if (wantsJson(request)) return Response.json({ id, status }, { status: code, headers });
  return new Response(source?.successBody ?? "OK", { status: code, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}

/** Only a caller that names JSON and nothing wider: the usual list of an HTTP client, with any type at its end, means nothing. */
function wantsJson(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept.includes("application/json") && !accept.includes("*/*") && !accept.includes("text/");
}
