import type { Outcome } from "../domain/delivery.ts";
import { second } from "../domain/time.ts";
import { parseRetryAfter } from "./backoff.ts";

/** One request to a destination. `timeout` in seconds, for the whole exchange. */
export interface Sending {
  url: string;
  method: string;
  headers: Record<string, string>;
  /** Null where the method has none. */
  body: string | Uint8Array<ArrayBuffer> | null;
  timeout: number;
}

/** What came back, or why nothing did. */
export type Answer = Omit<Outcome, "isSent" | "requestHeaders">;

const largestAnswer = 16 * 1024;
const longestHeader = 1000;
const shownHeaders = [
  "content-type",
  "content-length",
  "date",
  "location",
  "retry-after",
  "server",
  "cf-ray",
  "x-request-id",
  "www-authenticate",
];

/** Sends once and tells how it went; never throws. Redirects are not followed: they are failures. */
export async function send(fetcher: typeof fetch, sending: Sending, now: () => number): Promise<Answer> {
  const start = now();
  const signal = AbortSignal.timeout(sending.timeout * second);
  try {
    const { url, method, headers, body } = sending;
    const response = await fetcher(url, { method, headers, body, redirect: "manual", signal });
    const answer = await beginningOf(response);
    return {
      delivered: response.ok,
      status: response.status,
      reason: reasonOf(response),
      latencyMs: now() - start,
      headers: Object.fromEntries(
        shownHeaders.flatMap((name) => {
          const value = response.headers.get(name);
          return value === null ? [] : [[name, value.slice(0, longestHeader)]];
        }),
      ),
      body: answer,
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), now()),
    };
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${sending.timeout} s` : wordsOf(error);
    return { delivered: false, status: null, reason, latencyMs: now() - start, headers: {}, body: "", retryAfterMs: null };
  }
}

/** What Cloudflare answers in the place of a server that it cannot reach. Source: its manual, "Cloudflare 5xx errors". */
const cloudflareWords: Record<number, string> = {
  520: "no proper answer",
  521: "connection refused",
  522: "connection timed out",
  523: "no way to the server",
  524: "no answer in time",
  525: "TLS handshake failed",
  526: "certificate not valid",
  530: "name not found, or what the body says",
};

function reasonOf({ status, headers }: Response): string {
  if (status >= 300 && status < 400 && headers.has("location"))
    return `answered ${status}: redirects are not followed, so give the URL that it leads to`;
  if (status === 410) return "answered 410: the destination is gone";
  const words = cloudflareWords[status];
  return words === undefined ? `answered ${status}` : `answered ${status} (Cloudflare: ${words})`;
}

/** The first 16 KB of an answer as text; the rest is not read. The status has decided already, so a body that breaks off is no failure. */
async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader && size < largestAnswer) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || value === undefined) break;
    chunks.push(value);
    size += value.byteLength;
  }
  await reader?.cancel().catch(() => {});
  const bytes = Buffer.concat(chunks).subarray(0, largestAnswer);
  return new TextDecoder().decode(bytes, { stream: size >= largestAnswer }); // `stream` leaves out half a character at the cut
}

/** Why there was no answer, without any URL in it: a URL may hold a key. workerd tells little; these are the words for what it means. */
function wordsOf(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replace(/https?:\/\/\S+/g, "the URL").slice(0, 200);
  if (message.startsWith("Network connection lost")) return "no connection, or one that broke off without a proper answer";
  if (message.startsWith("internal error")) return `no connection: its name or its certificate may be wrong (${message})`;
  return `no connection: ${message}`;
}
