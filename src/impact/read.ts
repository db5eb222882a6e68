import { within } from "../domain/limit.ts";
import { type Instant, minute, second } from "../domain/time.ts";
import { type Access, addressOf, headersOf, withoutSecrets } from "./access.ts";
import { TooLarge, textOf } from "./body.ts";
import type { Asked } from "./calls.ts";
import { parseExact } from "./json.ts";
import { type Limits, limitsOf, noLimits } from "./limits.ts";
import { NotAPage, type Page, pageOf } from "./page.ts";
import { isError, wordsOf } from "./words.ts";

/**
 * Why a call brought no page. `unauthorized`: AccountSID or AuthToken is wrong; `forbidden`: the token lacks a scope; `not_found`;
 * `refused`: impact.com does not take the request as it is; `limited`: not before `retryAt`; `too_large`: ask for less at a time;
 * `unreadable`: an answer that says nothing we can use, and would the next time; `unavailable`: try again.
 */
export type FailureKind = "unauthorized" | "forbidden" | "not_found" | "refused" | "limited" | "too_large" | "unreadable" | "unavailable";

/** A call that brought no page. `reason` is for people: it holds no credentials. `retryAt` is always there for `limited`. */
export interface Failure {
  ok: false;
  kind: FailureKind;
  reason: string;
  retryAt: Instant | null;
}

/** One call, and what the answer says of our limits. `status` is null when there was no answer. */
export type Reading = ({ ok: true; page: Page } | Failure) & { status: number | null; limits: Limits };

interface Deps {
  now(): Instant;
  /** For the whole exchange, the body included. */
  timeLimitMs?: number;
  /** Of the body, in bytes. */
  sizeLimit?: number;
}

const usualTimeLimitMs = 25 * second;
const usualSizeLimit = 16 * 1024 * 1024;
const longestRefusal = 64 * 1024;

/** Calls once, and follows no redirect. Never throws for what the far side does. */
export async function read(fetcher: typeof fetch, access: Access, asked: Asked, deps: Deps): Promise<Reading> {
  const url = addressOf(access, asked.path);
  if (url === null) return lost("refused", "the address leads out of the account, so it was not called");
  const { timeLimitMs = usualTimeLimitMs } = deps;
  const abort = new AbortController();
  try {
    return await within(timeLimitMs, exchange(fetcher, url, access, asked, deps, abort.signal));
  } catch (error) {
    if (error instanceof TooLarge) return lost("too_large", error.message);
    const message = withoutSecrets(error instanceof Error ? error.message : String(error), access);
    return lost("unavailable", said("was not reached", message));
  } finally {
    abort.abort(); // what has not come by now is not waited for, nor paid for
  }
}

async function exchange(
  fetcher: typeof fetch,
  url: URL,
  access: Access,
  asked: Asked,
  { now, sizeLimit = usualSizeLimit }: Deps,
  signal: AbortSignal,
): Promise<Reading> {
  const response = await fetcher(url.href, { headers: headersOf(access), redirect: "manual", signal });
  const { status } = response;
  const limits = limitsOf(response.headers, now());
  if (response.ok) return { ...understood(await textOf(response, sizeLimit), asked, access), status, limits };
  const words = await textOf(response, longestRefusal).then(wordsOf, () => ""); // the status has decided already
  return { ...refusal(status, withoutSecrets(words, access), limits, now()), status, limits };
}

function understood(text: string, asked: Asked, access: Access): { ok: true; page: Page } | Failure {
  try {
    const body = parseExact(text);
    if (asked.list !== null && isError(body)) return failure("refused", said("refuses the request", withoutSecrets(wordsOf(text), access)));
    return { ok: true, page: pageOf(body, asked, access) };
  } catch (error) {
    if (error instanceof NotAPage) return failure("unreadable", `impact.com's answer cannot be used: ${error.message}`);
    const isXml = text.trimStart().startsWith("<");
    return failure("unavailable", `impact.com answered ${isXml ? "XML or HTML" : "something else"} in place of JSON`);
  }
}

/** What a status that is no success means. */
export function refusal(status: number, words: string, limits: Limits, now: Instant): Failure {
  if (status === 429)
    return failure("limited", said("has had enough calls for now", words), limits.retryAt ?? limits.resetAt ?? now + minute);
  if (status === 401) return failure("unauthorized", said("does not know this AccountSID with this AuthToken", words));
  if (status === 403) return failure("forbidden", said("does not allow this with this AuthToken", words));
  if (status === 404) return failure("not_found", said("has nothing there", words));
  if (status >= 500 || status === 408) return failure("unavailable", said(`answered ${status}`, words), limits.retryAt);
  if (status >= 400) return failure("refused", said(`refuses the request (${status})`, words));
  return failure("unreadable", `impact.com answered ${status}, and redirects are not followed`);
}

const longestWords = 500;

function said(what: string, words: string): string {
  return `impact.com ${what}${words && `: ${words.slice(0, longestWords).replace(/\.$/, "")}`}`;
}

function failure(kind: FailureKind, reason: string, retryAt: Instant | null = null): Failure {
  return { ok: false, kind, reason, retryAt };
}

/** There was no answer to speak of. */
function lost(kind: FailureKind, reason: string): Reading {
  return { ...failure(kind, reason), status: null, limits: noLimits };
}
