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
      reason: reasonOf(response.status),
      latencyMs: now() - start,
      headers: Object.fromEntries(
        shownHeaders.flatMap((name) => (response.headers.has(name) ? [[name, response.headers.get(name) ?? ""]] : [])),
      ),
      body: answer,
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), now()),
    };
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${sending.timeout} s` : `no connection: ${wordsOf(error)}`;
    return { delivered: false, status: null, reason, latencyMs: now() - start, headers: {}, body: "", retryAfterMs: null };
  }
}

function reasonOf(status: number): string {
  if (status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  if (status === 410) return "answered 410: the destination is gone";
  return `answered ${status}`;
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
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, largestAnswer));
}

/** An error's message without any URL in it: a URL may hold a key. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/https?:\/\/\S+/g, "the URL").slice(0, 200);
}
