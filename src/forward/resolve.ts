import ip from "ipaddr.js";
import { TimeLimit, within } from "../domain/limit.ts";
import { Problem } from "../domain/problem.ts";
import { type Instant, minute, second } from "../domain/time.ts";
import { bareHost, type Guard, isAllowed, kindOfSpecial, refusal, wayOut } from "./target.ts";

/** Knows where names lead, and remembers it for as long as DNS says. */
export interface Resolver {
  /**
   * Passes when all addresses of a host (as `URL.hostname` gives it) may be called. Addresses and what the guard allows need no
   * question. Throws `invalid_input` for a name that leads to a special-purpose address, has none or does not exist, and
   * `unavailable` when the resolver gives no usable answer: a name that cannot be checked is not called.
   */
  check(host: string, guard: Guard): Promise<void>;
}

/** What DNS said of a name: its IPv4 and IPv6 addresses at the end of all CNAMEs, and until when it holds. */
interface Finding {
  exists: boolean;
  addresses: string[];
  until: Instant;
}

const shortestMemory = 5 * second;
const longestMemory = 5 * minute;
const mostNames = 1000;
const largestAnswer = 64 * 1024;

/**
 * A resolver that asks `endpoint` by the JSON form of DNS-over-HTTPS, as Cloudflare and Google serve it
 * (https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/). Made once per isolate:
 * it remembers. Between this answer and the one the platform connects by, a name can still change.
 */
export function newResolver(fetcher: typeof fetch, endpoint: string, now: () => Instant, timeLimitMs = 3 * second): Resolver {
  const known = new Map<string, Finding>();

  async function find(name: string): Promise<Finding> {
    const remembered = known.get(name);
    if (remembered && now() < remembered.until) return remembered;
    const replies = await askBoth(fetcher, endpoint, name, timeLimitMs);
    const finding = findingOf(replies, now());
    known.delete(name);
    known.set(name, finding);
    const [oldest] = known.keys();
    if (known.size > mostNames && oldest !== undefined) known.delete(oldest);
    return finding;
  }

  return {
    async check(host, guard) {
      const name = bareHost(host);
      if (ip.isValid(name) || isAllowed(name, guard)) return;
      const { exists, addresses } = await find(name);
      if (addresses.length === 0 && exists) throw refusal(`leads to ${name}, a name without an address; give it an A or AAAA record`);
      if (addresses.length === 0) throw refusal(`leads to ${name}, a name that does not exist; correct it, or add it to your DNS`);
      const special = addresses.find((address) => kindOfSpecial(address) && !isAllowed(address, guard));
      if (special) throw refusal(`leads to ${name}, which resolves to ${special}, ${kindOfSpecial(special)}; ${wayOut}`);
    },
  };
}

/** `Status` is DNS's response code: 0 NOERROR, 3 NXDOMAIN (RFC 1035 §4.1.1); `TC` says that records are missing. */
interface Reply {
  Status: number;
  TC?: unknown;
  Answer?: DnsRecord[];
}

/** `type` as in IANA's DNS parameters: 1 A, 5 CNAME, 28 AAAA. `TTL` in seconds. */
interface DnsRecord {
  type: number;
  TTL: number;
  data: string;
}

function findingOf(replies: Reply[], at: Instant): Finding {
  const records = replies.flatMap(({ Answer }) => Answer ?? []);
  const addresses = records.filter(({ type }) => type === 1 || type === 28).map(({ data }) => data);
  const lifetime = addresses.length === 0 ? 0 : Math.min(...records.map(({ TTL }) => TTL * second));
  const memory = Math.min(Math.max(lifetime, shortestMemory), longestMemory);
  return { exists: replies.every(({ Status }) => Status === 0), addresses, until: at + memory };
}

async function askBoth(fetcher: typeof fetch, endpoint: string, name: string, timeLimitMs: number): Promise<Reply[]> {
  const enough = new AbortController();
  const askFor = (type: string) => ask(fetcher, endpoint, { name, type }, enough.signal);
  try {
    return await within(timeLimitMs, Promise.all([askFor("A"), askFor("AAAA")]));
  } catch (error) {
    throw error instanceof TimeLimit ? unanswered(name, `did not answer within ${timeLimitMs / second} s`) : error;
  } finally {
    enough.abort();
  }
}

async function ask(fetcher: typeof fetch, endpoint: string, question: { name: string; type: string }, signal: AbortSignal): Promise<Reply> {
  const url = new URL(endpoint);
  for (const [key, value] of Object.entries(question)) url.searchParams.set(key, value);
  const request = { headers: { accept: "application/dns-json" }, redirect: "manual", signal } as const;
  const response = await fetcher(url.href, request).catch(() => null);
  if (!response) throw unanswered(question.name, "could not be reached");
  if (!response.ok) throw unanswered(question.name, `answered with status ${response.status}`);

  const reply = parseReply(await textOf(response));
  if (!reply || reply.TC === true) throw unanswered(question.name, "gave an answer that is not DNS, or not all of it");
  const { Status } = reply;
  if (Status !== 0 && Status !== 3) throw unanswered(question.name, `answered ${statusNames[Status] ?? `with code ${Status}`}`);
  return reply;
}

const statusNames: Record<number, string> = { 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED" };

/** The body, or nothing when it breaks off or is larger than any DNS message (64 KB). */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || value === undefined) break;
    chunks.push(value);
    size += value.byteLength;
    if (size > largestAnswer) {
      await reader.cancel();
      return "";
    }
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Null for what is no reply, or names as an address what is none. */
function parseReply(text: string): Reply | null {
  try {
    const reply: unknown = JSON.parse(text);
    return isReply(reply) ? reply : null;
  } catch {
    return null;
  }
}

function isReply(value: unknown): value is Reply {
  if (typeof value !== "object" || value === null || !("Status" in value) || typeof value.Status !== "number") return false;
  const records: unknown = "Answer" in value ? value.Answer : [];
  return Array.isArray(records) && records.every(isRecord);
}

function isRecord(value: unknown): value is DnsRecord {
  const { type, TTL, data } = (value ?? {}) as Record<string, unknown>;
  if (typeof type !== "number" || typeof TTL !== "number" || !(TTL >= 0) || typeof data !== "string") return false;
  if (type === 1) return ip.IPv4.isValidFourPartDecimal(data);
  return type !== 28 || (ip.IPv6.isValid(data) && !data.includes("%"));
}

function unanswered(name: string, what: string): Problem {
  const reason = `leads to ${name}, which could not be checked: the DNS-over-HTTPS resolver ${what}; try again, or look at DNS_OVER_HTTPS`;
  return new Problem("unavailable", `The URL ${reason}.`, [{ field: "url", reason }], { "retry-after": "30" });
}
