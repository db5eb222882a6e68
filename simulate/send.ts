import { setTimeout as sleep } from "node:timers/promises";
import type { Postback } from "./postbacks.ts";

export interface SendOptions {
  /** How many are under way at once; with 1 they arrive in the order given. */
  concurrency?: number;
  /** Attempts for one call. impact.com's number is not published; one third party says 15. */
  attempts?: number;
  /** Before the first repetition, doubled for each further one, 30 s at the most. */
  retryAfterMs?: number;
  /** How long an answer may take. */
  timeoutMs?: number;
  fetch?: typeof fetch;
}

/** What became of calls. `attempts` counts all of them, `retried` those after the first. */
export interface Sent {
  acknowledged: number;
  attempts: number;
  retried: number;
  givenUp: { call: Postback; last: string }[];
  /** How often each status was answered; "none" is no answer. */
  answers: Record<string, number>;
}

/** Sends each call until it is answered with a 2xx, and then never again: at least once, as impact.com does. Redirects are not followed. */
export async function send(calls: readonly Postback[], options: SendOptions = {}): Promise<Sent> {
  const sent = newSent();
  const queue = calls.values();
  const worker = async () => {
    for (const call of queue) await sendOne(call, options, sent);
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 1 }, worker));
  return sent;
}

export function newSent(): Sent {
  return { acknowledged: 0, attempts: 0, retried: 0, givenUp: [], answers: {} };
}

/** Adds what became of some calls to what became of others. */
export function add(total: Sent, more: Sent): void {
  total.acknowledged += more.acknowledged;
  total.attempts += more.attempts;
  total.retried += more.retried;
  total.givenUp.push(...more.givenUp);
  for (const [answer, count] of Object.entries(more.answers)) total.answers[answer] = (total.answers[answer] ?? 0) + count;
}

async function sendOne(call: Postback, options: SendOptions, sent: Sent): Promise<void> {
  const attempts = options.attempts ?? 15;
  let wait = options.retryAfterMs ?? 250;
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(call, options);
    sent.attempts++;
    if (attempt > 1) sent.retried++;
    sent.answers[answer] = (sent.answers[answer] ?? 0) + 1;
    if (/^2\d\d$/.test(answer)) {
      sent.acknowledged++;
      return;
    }
    if (attempt >= attempts) {
      sent.givenUp.push({ call, last: answer });
      return;
    }
    await sleep(wait);
    wait = Math.min(2 * wait, 30_000);
  }
}

/** The status that was answered, or "none". */
async function ask(call: Postback, options: SendOptions): Promise<string> {
  const ask = options.fetch ?? fetch;
  try {
    const { method, headers, body } = call;
    const signal = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    const answer = await ask(call.url, { method, headers, body, redirect: "manual", signal });
    await answer.arrayBuffer();
    return String(answer.status);
  } catch {
    return "none"; // refused, cut or too slow: all the same to a sender, who tries again
  }
}
