import * as z from "zod";
import type { App } from "../app.ts";
import { leaseMs } from "../collect.ts";
import type { Event } from "../domain/event.ts";
import type { JobFile } from "../domain/job-file.ts";
import { Problem } from "../domain/problem.ts";
import { second } from "../domain/time.ts";
import { isSigned, linkLifeMs, linkTo } from "../link.ts";
import { jobIsFetched } from "../receive.ts";
import { findConnection } from "../store/connections.ts";
import { findFile, listFilesOf, reopenFile } from "../store/job-files.ts";
import { listSubjectEvents } from "../store/ledgers.ts";
import { endpoint } from "./endpoint.ts";
import { instant } from "./input.ts";
import { partOf } from "./range.ts";

/** The results of a job, newest first, each with a fresh link where it is stored. */
export async function viewFiles(app: App, origin: string, sourceId: string, jobId: string) {
  const files = await listFilesOf(app.db, sourceId, jobId);
  return files.map((file) => viewFile(app, origin, file));
}

export const downloadFile = endpoint({
  summary: "The result of a job, as impact.com gave it: by a link with a signature, or with the operator's token",
  query: z.strictObject({
    file: z.string().describe("Which of the job's files, as GET /jobs/:id names it."),
    expires: z.string().optional().describe("Of a link: until when it is good, in seconds since 1970."),
    signature: z.string().optional().describe("Of a link; else the operator's token is needed."),
  }),
  admits: (request, app, params) => isLink(request, app, params) && (isFresh(request, app) || !request.headers.has("authorization")),
  run: async ({ app, request, params, query }) => {
    if (!isFresh(request, app) && !request.headers.has("authorization"))
      throw new Problem("gone", "This link is good no longer. GET /jobs/:id, with the operator's token, makes a new one.");
    const file = await findFile(app.db, query.file);
    if (file === null || file.jobId !== params["id"]) throw new Problem("not_found", "There is no such file. GET /jobs/:id lists a job's.");
    if (file.state !== "stored") throw new Problem("not_found", "The result of this job is not here. GET /jobs/:id says why.");
    return await send(app, request, file);
  },
});

export const fetchFile = endpoint({
  summary: "Try again to fetch the result of a job, or fetch one that was not fetched yet; what becomes of it is told by an event",
  success: 202,
  run: async ({ app, params, origin }) => {
    const jobId = params["id"] ?? "";
    const events = await listSubjectEvents(app.db, `job:${jobId}`);
    const hint = events.findLast((event) => event.type === "job.completed" && (event.origin === "postback" || isHint(event)));
    if (!hint) throw new Problem("not_found", "No completion of this job was received.");
    if (app.archive === null) throw new Problem("conflict", "There is no R2 bucket to put the result in: bind one as ARCHIVE, and deploy.");
    if ((await findConnection(app.db, hint.sourceId)) === null)
      throw new Problem("conflict", "The source has no access to impact.com's API: PUT /sources/:id/api.");
    const file = await reopenFile(app.db, { hintEventId: hint.id, sourceId: hint.sourceId, jobId }, app.now(), leaseMs);
    if (file) return { status: 202, body: viewFile(app, origin, file) };
    throw new Problem("conflict", "The result is stored, or is being fetched at the moment. GET /jobs/:id says which.");
  },
  form: () => ({}),
  next: ({ params }) => ({
    to: `/jobs/${encodeURIComponent(params["id"] ?? "")}`,
    said: "The result is being fetched. It appears here, and an event tells of it.",
  }),
});

/** Reconciliation gives hints, too, and tells of results. */
function isHint({ warnings }: Event): boolean {
  return warnings.some(({ code }) => code === jobIsFetched.code);
}

function viewFile({ config, now }: App, origin: string, file: JobFile) {
  const { jobId, hintEventId, state, reason } = file;
  const expiresAt = Math.floor((now() + linkLifeMs) / second) * second;
  return {
    file: hintEventId,
    state,
    bytes: file.bytes,
    sha256: file.sha256,
    content_type: file.contentType,
    event_id: file.eventId,
    reason: state === "stored" ? null : reason,
    attempts: file.attempts,
    next_attempt_at: state === "waiting" ? instant(file.nextAt) : null,
    updated_at: instant(file.updatedAt),
    ...(state === "stored" && {
      download_url: linkTo(config, origin, { jobId, hintEventId, expiresAt }),
      download_expires: instant(expiresAt),
    }),
  };
}

/** Whether we made this link, be its time over or not. */
function isLink({ url }: Request, { config }: App, { id = "" }: Record<string, string>): boolean {
  const { file = "", expires = "", signature = "" } = Object.fromEntries(new URL(url).searchParams);
  return /^\d{1,12}$/.test(expires) && isSigned(config, { jobId: id, hintEventId: file, expiresAt: Number(expires) * second }, signature);
}

function isFresh({ url }: Request, { now }: App): boolean {
  return now() < Number(new URL(url).searchParams.get("expires")) * second;
}

async function send({ archive }: App, request: Request, file: JobFile): Promise<Response> {
  const head = await archive?.head(file.key ?? "");
  if (!archive || !head) throw new Problem("gone", "The file was deleted from R2. impact.com keeps results for 90 days.");
  const mayResume = [null, head.httpEtag].includes(request.headers.get("if-range"));
  const part = mayResume ? partOf(request.headers.get("range"), head.size) : null;
  const headers = headersOf(file, head);
  if (part === "unsatisfiable") {
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${head.size}` } });
  }
  if (request.method === "HEAD") return new Response(null, { headers: { ...headers, "content-length": String(head.size) } });
  const object = await archive.get(head.key, part === null ? {} : { range: part });
  if (!object) throw new Problem("gone", "The file was deleted from R2 at this moment.");
  if (part === null) return new Response(object.body, { headers: { ...headers, "content-length": String(head.size) } });
  const range = `bytes ${part.offset}-${part.offset + part.length - 1}/${head.size}`;
  return new Response(object.body, { status: 206, headers: { ...headers, "content-range": range, "content-length": String(part.length) } });
}

/** The file came from outside: it is saved and never shown. */
function headersOf({ key, contentType }: JobFile, { httpEtag }: R2Object): Record<string, string> {
  const [, name = "result"] = /\/([^/]+\/[^/]+)$/.exec(key ?? "") ?? [];
  return {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-disposition": `attachment; filename="${name.replace("/", "_")}"`,
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": contentType ?? "application/octet-stream",
    etag: httpEtag,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}
