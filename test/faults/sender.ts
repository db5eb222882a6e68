import { type Bad, type Call, callOf, type Random, type Saying, type Step } from "./notifications.ts";

/** An answer to a call: its status and what it said of the event. */
export interface Said {
  status: number;
  eventStatus: string | null;
  eventId: string | null;
  headers: Record<string, string>;
  text: string;
}

/** One distinct notification content that was sent, and how it was answered. */
export interface Entry {
  source: "window" | "ledger";
  saying: Saying;
  /** How many notifications said just this; more than one only where an action went back to an earlier state. */
  count: number;
  isAcknowledged: boolean;
  answers: Said[];
  /** Calls that got no answer at all, or a 5xx. */
  unheard: number;
}

/**
 * How many events may come of it. Where an action may return to an earlier state, what was put off (or not answered) may be stored
 * after that state has changed, and is no repeat then.
 */
export function mostOf({ source, count, answers, unheard }: Entry): number {
  const late = unheard + answers.filter(({ eventStatus }) => eventStatus === "deferred").length;
  return source === "ledger" ? count + late : count;
}

export interface Tokens {
  window: string;
  ledger: string;
}

/** Two contents are one when this is equal. */
export function keyOf(source: string, { kind, fields }: Pick<Saying, "kind" | "fields">): string {
  return JSON.stringify([source, kind, Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

const clients = 6;
const longestMs = 90_000;

/**
 * impact.com's part: sends, and sends again what got a 5xx or no answer, after `pauseMs`; never what got a 2xx or a 4xx. Keeps the
 * ledger of all it sent and heard.
 */
export function newSender(base: string, tokens: Tokens, random: Random, pauseMs: number) {
  const entries = new Map<string, Entry>();
  const botched: { bad: Bad; answer: Said }[] = [];
  const intrusions: { mark: string; answer: Said }[] = [];
  const breaches: string[] = [];

  const until2xx = async (call: Call, token: string, entry?: Entry): Promise<Said | null> => {
    const end = Date.now() + longestMs;
    while (Date.now() < end) {
      const answer = await send(base, token, call);
      if (answer) judge(answer, call);
      if (answer && answer.status < 500) return answer;
      if (entry) entry.unheard++;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    breaches.push(`promise 1: a call was never acknowledged (${call.kind} ${call.query || call.body})`);
    return null;
  };
  const judge = ({ status, headers, text }: Said, call: Call) => {
    const isOurs = headers["content-type"] === "application/problem+json";
    if (status === 503 && !headers["retry-after"]) breaches.push("promise 1: a 503 without Retry-After");
    if (status >= 500 && status !== 503 && isOurs) breaches.push(`promise 1: answered ${status} instead of 503: ${text} (${call.kind})`);
  };

  const say = async (step: Step & { do: "say" }, unsure: number): Promise<boolean> => {
    const source = step.isLedger ? "ledger" : "window";
    const isTold = unsure > 0 && step.isLedger; // what was put off may come later than this, so it says which it is
    if (isTold && !step.isFresh) return true;
    const saying = isTold ? { ...step.saying, fields: { ...step.saying.fields, step: String(unsure) } } : step.saying;
    const calls = isTold ? [callOf(saying, random)] : step.calls;
    const key = keyOf(source, saying);
    const entry = entries.get(key) ?? { source, saying, count: 0, isAcknowledged: false, answers: [], unheard: 0 };
    entries.set(key, entry);
    if (step.isFresh) entry.count++;
    const answers = await Promise.all(calls.map((call) => until2xx(call, tokens[source], entry)));
    const heard = answers.filter((answer) => answer !== null);
    entry.answers.push(...heard);
    if (heard.some(({ status }) => status < 300)) entry.isAcknowledged = true;
    for (const { status, text } of heard)
      if (status >= 300) breaches.push(`promise 1: a good call was answered ${status}: ${text.slice(0, 300)} ${JSON.stringify(saying)}`);
    return entry.unheard === 0 && heard.every(({ eventStatus }) => eventStatus === "accepted" || eventStatus === "duplicate");
  };

  const goThrough = async (steps: Step[]): Promise<void> => {
    let unsure = 0;
    for (const step of steps) {
      if (step.do === "say") {
        const isClean = await say(step, unsure);
        if (unsure > 0 || !isClean) unsure++;
      } else if (step.do === "botch") {
        const answer = await until2xx(step.bad.call, tokens.window);
        if (answer) botched.push({ bad: step.bad, answer });
      } else {
        const answer = await until2xx(step.call, "no-source-has-this-token");
        if (answer) intrusions.push({ mark: step.mark, answer });
      }
    }
  };

  return {
    entries,
    botched,
    intrusions,
    breaches,
    /** Several clients work off the lists, with a pause after each, until there is none left, or `isOver`. */
    run: async (lists: Iterable<Step[]>, restMs = 0, isOver: () => boolean = () => false) => {
      const waiting = lists[Symbol.iterator]();
      const client = async () => {
        for (let next = waiting.next(); !next.done && !isOver(); next = waiting.next()) {
          await goThrough(next.value);
          if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
    },
  };
}

export type Sender = ReturnType<typeof newSender>;

async function send(base: string, token: string, { kind, method, query, body, contentType }: Call): Promise<Said | null> {
  try {
    const response = await fetch(`${base}/in/${token}/${kind}${query ? `?${query}` : ""}`, {
      method,
      signal: AbortSignal.timeout(25_000),
      ...(body === null ? {} : { body }),
      ...(contentType === null ? {} : { headers: { "content-type": contentType } }),
    });
    const headers = Object.fromEntries(response.headers);
    const text = await response.text();
    return {
      status: response.status,
      eventStatus: headers["x-event-status"] ?? null,
      eventId: headers["x-event-id"] ?? null,
      headers,
      text,
    };
  } catch {
    return null;
  }
}
