import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, prefixes, type Resource } from "./account.ts";
import { type Answering, answer, type Question, type Reply, refused } from "./answer.ts";
import { newChance } from "./chance.ts";
import { type ApiFaults, drawFault, type Fault, gatewayError, noApiFaults } from "./faults.ts";
import { newLimit } from "./limits.ts";
import type { Population } from "./population.ts";
import { Refusal } from "./refusal.ts";
import { close, listen, serveFiles } from "./signed.ts";

/** A request as it came in: its Authorization header shows the user and not the password. `status` is null when it got no answer. */
export interface Asked {
  at: number;
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  status: number | null;
}

export interface ApiOptions extends Partial<Omit<Answering, "population" | "account" | "sign">> {
  population: Population;
  account: Account;
  /** A free one unless said. */
  port?: number;
  seed?: number | string;
  /** Calls that the account has in an hour: 500 for partners, 1,000 for brands, unless said. */
  perHour?: number;
  faults?: Partial<ApiFaults>;
  /** What a partner's account is answered under `/Advertisers`, and the reverse; not documented. */
  wrongKind?: 401 | 403 | 404;
  /** Called before each answer, also to wrong credentials: it may change the world, or say what becomes of the request. */
  onRequest?: (asked: Asked) => Promise<Fate> | Fate;
}

/** Another answer, a fault, or nothing special. */
export type Fate = Partial<Reply> | Fault | undefined;

/** The API of one account on loopback. `options` may be changed while it runs. */
export interface Api {
  origin: string;
  options: ApiOptions;
  requests: Asked[];
  /** How often the host of job files saw credentials. */
  leaks(): number;
  /** Answers 429 to everything for this long. */
  throttle(ms: number): void;
  close(): Promise<void>;
}

/** Serves `/Mediapartners/{AccountSID}/…` or `/Advertisers/{AccountSID}/…` until it is closed. Hours are those of the population's clock. */
export async function serve(options: ApiOptions): Promise<Api> {
  const seed = String(options.seed ?? 1);
  const chance = newChance(seed).fork("api");
  const requests: Asked[] = [];
  const now = () => options.population.clock.now();
  const limit = newLimit(() => options.perHour ?? (options.account.kind === "brand" ? 1_000 : 500));
  const files = await serveFiles((id) => options.population.jobs.find((job) => job.id === id), seed);

  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = read(request, now());
    requests.push(asked);
    const fate = (await options.onRequest?.(asked)) ?? drawFault({ ...noApiFaults, ...options.faults }, chance);
    const fault = typeof fate === "string" ? fate : null;
    const reply = fate && typeof fate === "object" ? { ...empty, ...fate } : decide(request, asked, fault);
    if (fault === "silent") return;
    if (fault === "slow") await sleep(options.faults?.slowMs ?? noApiFaults.slowMs);
    asked.status = fault === "cut" ? null : reply.status;
    write(response, reply, fault);
  };

  const decide = (request: IncomingMessage, asked: Asked, fault: Fault | null): Reply => {
    const { account } = options;
    const [prefix, sid, steps] = split(asked.path);
    if (request.headers.authorization !== `Basic ${btoa(`${account.sid}:${account.token}`)}`) return gateway(401, "Unauthorized");
    if (prefix !== prefixes[account.kind]) return gateway(options.wrongKind ?? 403, "Forbidden");
    if (sid !== account.sid) return gateway(403, "Forbidden");
    if (account.scopes && !account.scopes.includes(steps[0] as Resource)) return gateway(403, "Forbidden");
    if (fault === "error") return { ...gatewayError(chance), headers: { "content-type": "text/html" } };

    const counted = limit.count(now());
    const wantsJson = asked.path.endsWith(".json") || /application\/json/.test(asked.headers["accept"] ?? "");
    const question: Question = { path: asked.path, steps, query: asked.query, wantsJson };
    if (fault === "throttled" || !counted.isWithin) {
      const reply = refused(new Refusal(429, "Rate limit exceeded"), wantsJson);
      return { ...reply, headers: { ...reply.headers, "Retry-After": "1", ...counted.headers } };
    }
    const reply = asked.method === "GET" ? reply200(question) : refused(new Refusal(405, "Method not allowed"), wantsJson);
    return { ...reply, headers: { ...reply.headers, ...counted.headers } };
  };

  const reply200 = (question: Question): Reply => {
    try {
      return answer(question, { ...usual, ...options, sign: files.sign });
    } catch (error) {
      if (error instanceof Refusal) return refused(error, question.wantsJson);
      throw error;
    }
  };

  const server = createServer((request, response) => {
    respond(request, response).catch((error) => {
      console.error("The simulator failed:", error);
      response.writeHead(500).end(String(error));
    });
  });
  const origin = await listen(server, options.port ?? 0);
  return {
    origin,
    options,
    requests,
    leaks: files.leaks,
    throttle: (ms) => limit.close(now(), ms),
    close: async () => {
      await Promise.all([close(server), files.close()]);
    },
  };
}

const usual = {
  updateState: "then",
  usualDays: "without-dates",
  scalars: "strings",
  largestPage: null,
  mostRecords: null,
  downloads: "redirect",
} as const;

const empty: Reply = { status: 200, headers: { "content-type": "application/json" }, body: "" };

function read(request: IncomingMessage, at: number): Asked {
  const url = new URL(request.url ?? "/", "http://api.invalid");
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  if (headers["authorization"]) headers["authorization"] = withoutPassword(headers["authorization"]);
  const query = Object.fromEntries(url.searchParams);
  return { at, method: request.method ?? "GET", path: decodeURIComponent(url.pathname), query, headers, status: null };
}

function withoutPassword(authorization: string): string {
  const user = Buffer.from(authorization.replace(/^Basic /, ""), "base64")
    .toString()
    .split(":")[0];
  return `Basic ${user}:…`;
}

/** `/Mediapartners/SID/Actions/1000.4636.158133.json` in three: prefix, SID, and the steps after it without `.json`. */
function split(path: string): [string, string, string[]] {
  const [prefix = "", sid = "", ...steps] = path
    .replace(/\.(json|xml)$/, "")
    .split("/")
    .slice(1);
  return [prefix, sid, steps];
}

/** What stands before the API answers on its own: `{status, title}`. */
function gateway(status: number, title: string): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ status, title }) };
}

/** Writes an answer, or the half of it that a fault leaves. */
function write(response: ServerResponse, reply: Reply, fault: Fault | null): void {
  const whole = Buffer.from(reply.body);
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const body = fault === "truncated" ? half : whole;
  response.writeHead(reply.status, { ...reply.headers, "content-length": body.length });
  if (fault !== "cut") response.end(body);
  else response.write(half, () => response.destroy());
}
