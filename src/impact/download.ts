import type { Instant } from "../domain/time.ts";
import { version } from "../domain/version.ts";
import { type Access, addressOf, headersOf, withoutSecrets } from "./access.ts";
import { textOf } from "./body.ts";
import { type Limits, limitsOf, noLimits } from "./limits.ts";
import { type Failure, refusal } from "./read.ts";
import { wordsOf } from "./words.ts";

/** A result that begins to come. `length` is null where nobody says how long it is. */
export interface Coming {
  ok: true;
  body: ReadableStream<Uint8Array>;
  length: number | null;
  contentType: string | null;
  disposition: string | null;
}

/** What the answer to a download is; `not_ready` means that the job is not over. `limits` are those of impact.com's API. */
export type Opened = (Coming | Failure | { ok: false; kind: "not_ready" }) & { limits: Limits };

interface Deps {
  now(): Instant;
  signal: AbortSignal;
  /** Throws when a URL must not be called; its message holds no URL. */
  admit(url: string): Promise<URL>;
}

const redirects = [301, 302, 303, 307, 308];
const mostHops = 2;
const longestRefusal = 64 * 1024;

/**
 * Asks for the result of a job: 200 with the file, 202 while the job is not over, or a redirect to a signed URL elsewhere, which is
 * followed without the credentials (impact.com's OpenAPI documents of Jobs: a result is kept for 90 days). Throws what the network throws.
 */
export async function openResult(fetcher: typeof fetch, access: Access, jobId: string, deps: Deps): Promise<Opened> {
  const url = addressOf(access, `Jobs/${encodeURIComponent(jobId)}/Download`);
  if (url === null) return { ...failure("refused", "the address leads out of the account, so it was not called"), limits: noLimits };
  const headers = { ...headersOf(access), accept: "*/*" };
  const response = await fetcher(url.href, { headers, redirect: "manual", signal: deps.signal });
  const limits = limitsOf(response.headers, deps.now());
  const { status } = response;
  if (status === 200) return { ...comingIn(response), limits };
  const location = response.headers.get("location");
  if (redirects.includes(status) && location !== null) {
    await leave(response);
    return { ...(await follow(fetcher, location, url, deps)), limits };
  }
  if (status === 202) {
    await leave(response);
    return { ok: false, kind: "not_ready", limits };
  }
  const words = await textOf(response, longestRefusal).then(wordsOf, () => ""); // the status has decided already
  return { ...refusal(status, withoutSecrets(words, access), limits, deps.now()), limits };
}

/** Another host, which gets nothing of ours: an Authorization header would be an error there, and a leak. */
async function follow(fetcher: typeof fetch, first: string, base: URL, { signal, admit }: Deps): Promise<Coming | Failure> {
  let [location, from] = [first, base];
  for (let hop = 1; hop <= mostHops; hop++) {
    const url = await admit(URL.parse(location, from)?.href ?? location).catch((error) => error as Error);
    if (url instanceof Error) return failure("refused", `impact.com redirects to where we do not go: ${url.message}`);
    const response = await fetcher(url.href, { headers: { "user-agent": `Postback-Edge/${version}` }, redirect: "manual", signal });
    if (response.status === 200) return comingIn(response);
    await leave(response);
    const next = response.headers.get("location");
    if (!redirects.includes(response.status) || next === null) return elsewhere(response.status);
    [location, from] = [next, url];
  }
  return failure("refused", "impact.com's redirect leads to a redirect, and that to another: it is not followed any further");
}

/** An answer of the host that the redirect led to: its URL is good for some minutes, and there will be a new one the next time. */
function elsewhere(status: number): Failure {
  const isLasting = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return failure(isLasting ? "refused" : "unavailable", `the host of the file, where impact.com redirects to, answered ${status}`);
}

/** The length of what is compressed on the way says nothing about the file. */
function comingIn({ body, headers }: Response): Coming {
  const length = headers.get("content-encoding") === null ? headers.get("content-length") : null;
  return {
    ok: true,
    body: body ?? new Blob([]).stream(),
    length: /^\d{1,15}$/.test(length ?? "") ? Number(length) : null,
    contentType: headers.get("content-type"),
    disposition: headers.get("content-disposition"),
  };
}

/** A body that nobody reads would hold its connection. */
async function leave(response: Response): Promise<void> {
  await response.body?.cancel();
}

function failure(kind: Failure["kind"], reason: string): Failure {
  return { ok: false, kind, reason, retryAt: null };
}
