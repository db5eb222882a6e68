import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "./account.ts";
import type { LedgerAction } from "./compare.ts";
import type { Kind } from "./happenings.ts";
import type { Templates } from "./postbacks.ts";

/** A running Postback Edge, as its operator sees it. */
export interface Edge {
  base: string;
  token: string;
}

/** A source as `POST /sources` answers it: what to paste into impact.com, for each kind. */
export interface Source {
  id: string;
  urls: Record<string, string>;
  templates: Record<string, { get: string; post: string }>;
}

const kinds: readonly Kind[] = ["action-lifecycle", "action-clearing", "action-inquiry", "job-completion"];

/** Asks Postback Edge as its operator; throws what it says when that is no 2xx. */
export async function operate<T>({ base, token }: Edge, method: string, path: string, input?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, accept: "application/json", "content-type": "application/json" };
  const answer = await fetch(base + path, { method, headers, ...(input === undefined ? {} : { body: JSON.stringify(input) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text.slice(0, 500)}`);
  return (text ? JSON.parse(text) : null) as T;
}

/** `dedupeSeconds` is Postback Edge's own 15 minutes unless said. */
export function createSource(edge: Edge, name: string, account: Account["kind"], dedupeSeconds?: number): Promise<Source> {
  const settings = dedupeSeconds === undefined ? {} : { dedupe_window: dedupeSeconds };
  return operate(edge, "POST", "/sources", { name, account, ...settings });
}

/** Pastes a source's templates into the simulated impact.com's settings, as they are. */
export function templatesOf(source: Source, method: "GET" | "POST"): Templates {
  const pasted = kinds.map((kind) => {
    const { get, post } = source.templates[kind] ?? { get: "", post: "" };
    return [kind, method === "GET" ? { method, url: get } : { method, url: source.urls[kind] ?? "", body: post }];
  });
  return Object.fromEntries(pasted);
}

/** Gives Postback Edge access to the simulated API. */
export function connect(edge: Edge, source: Source, account: Account, campaignIds: string[]): Promise<unknown> {
  const credentials = { account_sid: account.sid, auth_token: account.token };
  const campaigns = account.kind === "brand" ? { campaign_ids: campaignIds } : {};
  return operate(edge, "PUT", `/sources/${source.id}/api`, { ...credentials, ...campaigns });
}

interface Walk {
  id: string;
  state: string;
  repaired: number;
  calls: number;
  reason: string | null;
}

/** Starts reconciliation of a span of time and waits for its end. */
export async function reconcile(edge: Edge, source: Source, since: number, until: number, limitMs = 300_000): Promise<Walk> {
  const span = { source: source.id, since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  const { id } = await operate<Walk>(edge, "POST", "/reconciliations", span);
  const end = Date.now() + limitMs;
  for (;;) {
    const walk = await operate<Walk>(edge, "GET", `/reconciliations/${id}`);
    if (["finished", "failed", "cancelled"].includes(walk.state)) return walk;
    if (Date.now() > end) throw new Error(`Reconciliation ${id} is still ${walk.state} after ${limitMs / 1000} s.`);
    await sleep(500);
  }
}

/** Everything of a source that Postback Edge lists under a path (`/actions`, `/inquiries`, `/jobs`), after it has booked all it has. */
export async function listAll<T>(edge: Edge, source: Source, path: string, limitMs = 120_000): Promise<T[]> {
  const end = Date.now() + limitMs;
  for (;;) {
    const { rows, isUpToDate } = await walk<T>(edge, source, path);
    if (isUpToDate) return rows;
    if (Date.now() > end) throw new Error(`${path} is still not up to date after ${limitMs / 1000} s.`);
    await sleep(200);
  }
}

async function walk<T>(edge: Edge, source: Source, path: string): Promise<{ rows: T[]; isUpToDate: boolean }> {
  const rows: T[] = [];
  let isUpToDate = true;
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ source: source.id, limit: "100", ...(cursor ? { cursor } : {}) });
    const page: { data: T[]; next: string | null; up_to_date?: boolean } = await operate(edge, "GET", `${path}?${query}`);
    rows.push(...page.data);
    isUpToDate &&= page.up_to_date ?? true;
    cursor = page.next;
  } while (cursor);
  return { rows, isUpToDate };
}

/** Actions by reading each on its own, which holds its history too; what Postback Edge has never heard of is left out. */
export async function readLedger(edge: Edge, source: Source, ids: readonly string[]): Promise<LedgerAction[]> {
  const rows: LedgerAction[] = [];
  for (const id of ids) {
    const path = `/actions/${encodeURIComponent(id)}?source=${source.id}`;
    const row = await operate<LedgerAction>(edge, "GET", path).catch((error: Error) => {
      if (error.message.includes("was answered 404")) return null;
      throw error;
    });
    if (row) rows.push(row);
  }
  return rows;
}
