import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { type App, appOf } from "../src/app.ts";
import { newEventId } from "../src/domain/id.ts";
import type { Receipt } from "../src/domain/receipt.ts";
import type { Source } from "../src/domain/source.ts";
import { hashSecret } from "../src/postback/authenticate.ts";

export const origin = "https://edge.example";

/** Calls the Worker as the world would. */
export async function call(path: string, init?: RequestInit): Promise<Response> {
  return await exports.default.fetch(new Request(path.startsWith("http") ? path : origin + path, init));
}

/** Calls the Worker as its operator; returns status and JSON. `input` makes it a POST unless `method` says otherwise. */
export async function operate<T = any>(
  path: string,
  input?: unknown,
  method = input === undefined ? "GET" : "POST",
): Promise<{ status: number; body: T }> {
  const response = await call(path, {
    method,
    headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}` },
    ...(input === undefined ? {} : { body: JSON.stringify(input) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : null) as T };
}

let count = 0;

/** A source of its own for a test: its id and URLs. */
export async function newSource(
  settings: Record<string, unknown> = {},
): Promise<{ id: string; name: string; token: string; urls: Record<string, string> }> {
  const { status, body } = await operate("/sources", { name: `source ${++count} ${crypto.randomUUID()}`, account: "partner", ...settings });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

/** A destination of its own for a test: its id and secret. */
export async function newDestination(settings: Record<string, unknown> = {}): Promise<{ id: string; name: string; secret: string }> {
  const { status, body } = await operate("/destinations", {
    name: `destination ${++count} ${crypto.randomUUID()}`,
    url: "https://far.example/hook",
    ...settings,
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

/** The App over the tests' environment, with parts replaced; `settle` waits for what was put off with `later`. */
export function newApp(parts: Partial<App> = {}): App & { settle(): Promise<void> } {
  const context = createExecutionContext();
  return { ...appOf(env, context), ...parts, settle: () => waitOnExecutionContext(context) };
}

/** A source that exists only in memory, for the pure functions. */
export function aSource(parts: Partial<Source> = {}): Source {
  return {
    id: "src_test",
    name: "test",
    account: "partner",
    tokenHash: hashSecret("token"),
    previousTokenHash: null,
    previousTokenUntil: null,
    mapping: {},
    dedupeWindow: 900,
    successStatus: 200,
    successBody: "OK",
    invalidStatus: 422,
    requiredHeader: null,
    allowedIps: [],
    ipPolicy: "off",
    fetchesJobs: false,
    createdAt: 0,
    updatedAt: 0,
    ...parts,
  };
}

/** A receipt as it would stand at the door. `body` as text. */
export function aReceipt({ body = "", ...parts }: Partial<Omit<Receipt, "body">> & { body?: string } = {}): Receipt {
  const receivedAt = parts.receivedAt ?? Date.now();
  return {
    id: newEventId(receivedAt),
    receivedAt,
    tokenHash: hashSecret("token"),
    kind: "action-lifecycle",
    method: body ? "POST" : "GET",
    query: "",
    headers: {},
    ip: "203.0.113.7",
    body: new TextEncoder().encode(body),
    truncated: false,
    ...parts,
  };
}

/** A receipt for a source of its own, or for this one. */
export async function receiptFor(parts: Parameters<typeof aReceipt>[0], source?: { token: string }): Promise<Receipt> {
  const { token } = source ?? (await newSource());
  return aReceipt({ ...parts, tokenHash: hashSecret(token) });
}

/** A queue that only takes. */
export function queueInto(taken: unknown[]): Queue<never> {
  return {
    send: async (body: unknown) => void taken.push(body),
    sendBatch: async (messages: Iterable<{ body: unknown }>) => void taken.push(...[...messages].map(({ body }) => body)),
  } as unknown as Queue<never>;
}

/** A D1 whose batches go wrong. */
export function faulty(db: D1Database, fault: (batch: () => Promise<D1Result[]>) => Promise<unknown>): D1Database {
  return {
    prepare: (sql: string) => db.prepare(sql),
    batch: (statements: D1PreparedStatement[]) => fault(() => db.batch(statements)),
  } as unknown as D1Database;
}
