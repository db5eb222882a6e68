import { env } from "cloudflare:workers";
import type { App } from "../src/app.ts";
import type { Connection } from "../src/domain/connection.ts";
import { formatMoney } from "../src/domain/money.ts";
import { day, formatInstant, hour, type Instant, minute, second } from "../src/domain/time.ts";
import { answer as answerOf } from "../src/http/router.ts";
import { hashOf } from "../src/impact/access.ts";
import { receive } from "../src/receive.ts";
import { reconcile } from "../src/reconcile.ts";
import { deleteConnection, saveConnection } from "../src/store/connections.ts";
import { asOperator } from "./http/ask.ts";
import { newApp, newDestination, newSource, origin, queueInto, receiptFor } from "./kit.ts";

/** What is true of an action from some moment on. Amounts in whole units. */
export interface Change {
  at: Instant;
  status?: string;
  payout: number;
  amount: number;
  /** Of an update for one item of an order. */
  sku?: string;
}

export interface Action {
  id: string;
  changes: Change[];
  lockingDate?: Instant;
  clearedDate?: Instant;
  /** In place of the latest change's. */
  state?: string;
}

export interface Inquiry {
  id: string;
  createdAt: Instant;
  resolvedAt?: Instant;
}

/** An export; without `completedAt` it runs still. */
export interface Job {
  id: string;
  createdAt: Instant;
  completedAt?: Instant;
  status?: string;
  type?: string;
}

/** In place of the usual answer; undefined leaves it. */
type Fault = (url: URL, nth: number) => Response | undefined;

const api = "https://api.impact.com";
const made: { id: string; name: string }[] = [];

/** To be called after all tests of a file: there is one D1 for all files, and cron goes on with what is left. */
export async function closeMarkets(): Promise<void> {
  for (const { id, name } of made.splice(0)) {
    await deleteConnection(env.DB, id);
    await env.DB.prepare("update destinations set state = 'paused' where instr(filter, ?) > 0 and state = 'active'").bind(name).run();
    await env.DB.prepare("update reconciliations set state = 'cancelled' where source_id = ? and state = 'running'").bind(id).run();
  }
}

/** A small impact.com with one account, and a source that reads it; those of before are closed. Everything lies in the last days, and the clock stands still. */
export async function aMarket({ connection = {} }: { connection?: Partial<Connection> } = {}) {
  await closeMarkets();
  const source = await newSource();
  made.push(source);
  const start = Math.ceil(Date.now() / second) * second; // ids follow the latest clock, and so must not be ahead of this one
  await env.DB.prepare("update sources set created_at = ? where id = ?")
    .bind(start - 100 * day, source.id)
    .run();
  const { config, seal, catalog } = newApp();
  catalog.forget();
  const accountSid = `IR${crypto.randomUUID().replaceAll("-", "")}`;
  const market = {
    source,
    accountSid,
    start,
    now: start,
    actions: [] as Action[],
    inquiries: [] as Inquiry[],
    jobs: [] as Job[],
    pageSize: 1000,
    /** Longer lists are refused. */
    mostRecords: Number.POSITIVE_INFINITY,
    fault: (() => undefined) as Fault,
    heard: [] as URL[],
    rung: [] as string[],
    app,
    ask,
    reconcile: async (others: Partial<App> = {}) => {
      const one = app(others);
      await reconcile(one, second);
      await one.settle();
    },
    arrive,
    connect,
    /** A destination that hears of this source alone; nobody delivers to it. */
    listener: (settings: Record<string, unknown> = {}) => newDestination({ filter: `source == "${source.name}"`, ...settings }),
  };
  await connect();
  return market;

  async function connect(parts: Partial<Connection> = {}) {
    const { now } = market;
    return await saveConnection(env.DB, {
      sourceId: source.id,
      sealed: await seal.sealText(JSON.stringify({ accountSid, authToken: "auth-token-of-a-market" })),
      accountHash: hashOf({ api, accountSid }),
      accountHint: "IR…",
      campaignIds: [],
      abilities: { actions: "ok", updates: "ok", inquiries: "ok", jobs: "ok" },
      origin,
      watermark: now,
      nextUpdatesAt: now + 1e11,
      nextStatesAt: now + 1e11,
      failure: null,
      createdAt: now,
      updatedAt: now,
      ...connection,
      ...parts,
    });
  }

  function app(others: Partial<App> = {}) {
    const fetch = async (input: RequestInfo | URL) => await answer(new URL(String(input)));
    return newApp({
      fetch: fetch as typeof globalThis.fetch,
      now: () => market.now,
      random: () => 0,
      config: { ...config, impactApi: api },
      queues: { deliveries: queueInto(market.rung), intake: queueInto([]) },
      ...others,
    });
  }

  /** Asks our API as its operator, over this impact.com. Waits for what goes on behind the answer. */
  async function ask(path: string, body?: unknown, method = body === undefined ? "GET" : "POST", others: Partial<App> = {}) {
    const one = app(others);
    const init = { method, headers: asOperator, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await answerOf(new Request(origin + path, init), () => one);
    const text = await response.text();
    await one.settle();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  /** The postback of an action's change, at a time, by a template that leaves something out or not; how it was answered. */
  async function arrive(action: Action, nth: number, at: Instant = (action.changes[nth] as Change).at + minute, without: string[] = []) {
    const said = new URLSearchParams(postbackOf(action, nth));
    for (const name of without) said.delete(name);
    const receipt = await receiptFor({ query: said.toString(), receivedAt: at }, source);
    const one = app();
    const received = await receive(one, receipt);
    await one.settle();
    return received;
  }

  async function answer(url: URL): Promise<Response> {
    const [, , sid, list = "", id] = url.pathname.split("/");
    if (sid !== accountSid) return new Response(null, { status: 401 });
    market.heard.push(url);
    const broken = market.fault(url, market.heard.length);
    if (broken) return broken;
    if (url.pathname.endsWith("/Download")) return new Response("Id\n1\n", { headers: { "content-type": "text/csv" } });
    if (id !== undefined) {
      const records =
        list === "Jobs"
          ? market.jobs.map(jobOf)
          : list === "Actions"
            ? market.actions.map(recordOf)
            : market.inquiries.map((one) => inquiryOf(one, market.now));
      const found = records.find((record) => record["Id"] === decodeURIComponent(id));
      return found ? Response.json(found) : new Response(null, { status: 404 });
    }
    const found = listed(list, url.searchParams).filter(Boolean);
    if (found.length > market.mostRecords) return Response.json({ Message: "Too many records" }, { status: 400 });
    const page = Number(url.searchParams.get("Page") ?? 1);
    const some = found.slice((page - 1) * market.pageSize, page * market.pageSize);
    const next = new URL(url);
    next.searchParams.set("Page", String(page + 1));
    const hasNext = page * market.pageSize < found.length;
    return Response.json({ [list]: some, "@nextpageuri": hasNext ? next.pathname + next.search : "", "@total": String(found.length) });
  }

  function listed(list: string, query: URLSearchParams): Record<string, string>[] {
    const spanned = (at: Instant, [from, to]: [string, string]) =>
      !query.has(from) || (at >= Date.parse(query.get(from) ?? "") && at <= Date.parse(query.get(to) ?? ""));
    const lived = market.actions.filter(({ changes }) => (changes[0] as Change).at <= market.now);
    if (list === "ActionUpdates")
      return lived
        .flatMap((action) => action.changes.map(({ at }, nth) => ({ at, record: updateOf(action, nth) })))
        .filter(({ at }) => at <= market.now && spanned(at, ["StartDate", "EndDate"]))
        .sort((a, b) => b.at - a.at)
        .map(({ record }) => record);
    if (list === "Actions")
      return lived
        .filter(({ changes }) => spanned((changes.at(-1) as Change).at, ["StartDate", "EndDate"]))
        .filter(({ lockingDate }) => spanned(lockingDate ?? 0, ["LockingDateStart", "LockingDateEnd"]))
        .map(recordOf)
        .filter(({ State }) => [null, State].includes(query.get("State")));
    if (list === "Jobs") {
      const [after, before] = [query.get("CreatedAfter") ?? "", query.get("CreatedBefore") ?? "9"];
      return market.jobs.map(jobOf).filter(({ CreatedDate = "" }) => CreatedDate.slice(0, 10) > after && CreatedDate.slice(0, 10) < before);
    }
    return market.inquiries
      .filter(({ createdAt }) => spanned(createdAt, ["StartDate", "EndDate"]))
      .map((one) => inquiryOf(one, market.now));
  }
}

export type Market = Awaited<ReturnType<typeof aMarket>>;

/** An action that was tracked so long ago, and changed so long ago. */
export function anAction(market: Pick<Market, "start">, ago: number[] = [3 * hour], parts: Partial<Action> = {}): Action {
  return {
    id: `1000.1.${crypto.randomUUID()}`,
    changes: ago.map((ms, nth) => ({ at: market.start - ms, payout: 5 + nth, amount: 50 + 10 * nth })),
    ...parts,
  };
}

const money = (units: number) => formatMoney(BigInt(units) * 1_000_000n);

function deltas({ changes }: Action, nth: number) {
  const [before, one] = [changes[nth - 1] ?? { payout: 0, amount: 0 }, changes[nth] as Change];
  return { DeltaPayout: money(one.payout - before.payout), DeltaAmount: money(one.amount - before.amount) };
}

function postbackOf(action: Action, nth: number): Record<string, string> {
  const { status = "PENDING", payout, amount } = action.changes[nth] as Change;
  const own = { ActionId: action.id, Status: status, Payout: money(payout), Amount: money(amount), Currency: "EUR", CampaignId: "7" };
  const locking = action.lockingDate === undefined ? {} : { LockingDate: formatInstant(action.lockingDate) };
  return { ...own, ...deltas(action, nth), ...locking, EventDate: formatInstant((action.changes[0] as Change).at) };
}

function updateOf(action: Action, nth: number): Record<string, string> {
  const { at, status = "PENDING", sku } = action.changes[nth] as Change;
  const own = { Id: `${action.id}.${900 + nth}`, ActionId: action.id, State: status, UpdateDate: formatInstant(at), Currency: "EUR" };
  return { ...own, ...deltas(action, nth), ...(sku !== undefined && { Sku: sku }) };
}

function recordOf(action: Action): Record<string, string> {
  const { Status, ActionId, ...said } = postbackOf(action, action.changes.length - 1) as Record<"Status" | "ActionId", string>;
  const dates = { LockingDate: action.lockingDate, ClearedDate: action.clearedDate };
  const told = Object.entries(dates).flatMap(([name, at]) => (at === undefined ? [] : [[name, formatInstant(at)]]));
  return { Id: ActionId, State: action.state ?? Status, ...said, CampaignName: "Shoes", ...Object.fromEntries(told) };
}

function inquiryOf({ id, createdAt, resolvedAt }: Inquiry, now: Instant): Record<string, string> {
  const isResolved = resolvedAt !== undefined && resolvedAt <= now;
  const resolution = isResolved ? { ResolutionDate: formatInstant(resolvedAt), FinalPayout: "3.00" } : {};
  return {
    Id: id,
    ResolutionStatus: isResolved ? "VALID" : "UNRESOLVED",
    CreationDate: formatInstant(createdAt),
    CampaignId: "7",
    ...resolution,
  };
}

function jobOf({ id, createdAt, completedAt, status, type = "ClickExport" }: Job): Record<string, string> {
  return {
    Id: id,
    Type: type,
    Status: status ?? (completedAt === undefined ? "RUNNING" : "COMPLETED"),
    CreatedBy: "IR-account-sid",
    CreatedDate: formatInstant(createdAt),
    CompletedDate: completedAt === undefined ? "" : formatInstant(completedAt),
    ResultUri: `/Mediapartners/IR/Jobs/${id}/Download`,
  };
}
