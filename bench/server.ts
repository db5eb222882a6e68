import { type ChildProcess, fork } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { bundle, schema, scratch, settings } from "./bundle.ts";
import { installedFor } from "./install.ts";
import type { Heard } from "./servers/far-side.ts";
import type { WorkerSettings } from "./servers/worker.ts";

export const operatorToken = "operator-token-of-the-bench";

/** A process of its own that answers questions by name. */
interface Asked {
  ask<T>(name: string, argument?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Something that takes postbacks at `url`. `stored` tells how many it holds. */
export interface Server extends Asked {
  url: string;
  stored(): Promise<number>;
}

/** One that runs in workerd. `cpuSeconds` is what workerd has used of processors since its start. */
export interface Worker extends Server {
  base: string;
  inspector: string | null;
  cpuSeconds(): Promise<number>;
  sql(text: string): Promise<Record<string, unknown>[]>;
}

export interface Ours extends Worker {
  operate<T = Record<string, unknown>>(path: string, input?: unknown, method?: string): Promise<T>;
}

/** A bare Worker that only answers, or inserts one row first. */
export async function startBare(stores: boolean): Promise<Worker> {
  const calls =
    "create table calls (id text not null primary key, received_at integer not null, method text not null, query text not null, headers text not null) strict";
  const script = path.join(import.meta.dirname, "servers", "bare.js");
  const { compatibilityDate, compatibilityFlags, d1Databases } = settings();
  const worker = { compatibilityDate, compatibilityFlags, d1Databases, bindings: stores ? { STORES: "true" } : {} };
  const started = await startWorker({ script, worker, schema: ["create table sources (id text)", calls] });
  const stored = async () => (stores ? ((await started.sql("select count(*) as n from calls"))[0]?.["n"] as number) : Number.NaN);
  return { ...started, url: `${started.base}/in/token/action-lifecycle`, stored };
}

/** How ours is to differ from what wrangler.toml says. */
export interface Wish {
  vars?: Record<string, string>;
  destinations?: { url: string; filter?: string; state?: "paused" }[];
  /** Another entry than src/index.ts, to be bundled in the same way. */
  entry?: string;
  inspector?: boolean;
  stateDir?: string;
  direct?: boolean;
  /** Where retention has its archive; none unless it is named. */
  archive?: boolean;
}

/** The real bundle with a source, and destinations that hear everything. */
export async function startOurs({ vars = {}, destinations = [], entry, archive = false, ...rest }: Wish = {}): Promise<Ours> {
  const own = settings();
  const secrets = { OPERATOR_TOKEN: operatorToken, ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"), ALLOW_LOOPBACK: "true" };
  const worker = { ...own, bindings: { ...own.bindings, ...secrets, ...vars }, ...(archive ? { r2Buckets: { ARCHIVE: "archive" } } : {}) };
  const started = await startWorker({ script: bundle(entry), worker, schema: schema(), ...rest });
  const operate = operator(started.base);
  const { urls } = await operate<{ urls: Record<string, string> }>("/sources", { name: `impact ${Date.now()}`, account: "partner" });
  for (const [number, { url, filter = "", state }] of destinations.entries()) {
    const { id } = await operate<{ id: string }>("/destinations", { name: `destination ${number + 1}`, url, filter });
    if (state) await operate(`/destinations/${id}`, { state }, "PATCH");
  }
  const stored = async () => (await started.sql("select count(*) as n from events"))[0]?.["n"] as number;
  return { ...started, url: urls["action-lifecycle"] as string, stored, operate };
}

/** Fastify with better-sqlite3, on the Node that npm runs on. */
export async function startFastify(): Promise<Server> {
  const asked = await spawned("fastify.mjs", [path.join(newStateDir(), "calls.db")], installedFor());
  const { url } = await asked.ask<{ url: string }>("ready");
  return { ...asked, url: `${url}/in/token/action-lifecycle`, stored: () => asked.ask<number>("count") };
}

/** What importing a bundle takes of processors, in ms, in a workerd of its own. */
export async function startupMs(script: string): Promise<number> {
  const { compatibilityDate, compatibilityFlags } = settings();
  const asked = await spawned("startup.ts", [JSON.stringify({ script, compatibilityDate, compatibilityFlags })]);
  const ms = await asked.ask<number>("cpuMs");
  await asked.stop();
  return ms;
}

/** A far side in a process of its own, which notes what it hears. */
export async function startFarSide() {
  const asked = await spawned("far-side.ts", []);
  const { url } = await asked.ask<{ url: string }>("ready");
  return {
    ...asked,
    url,
    count: () => asked.ask<number>("count"),
    heard: () => asked.ask<Heard[]>("heard"),
    forget: () => asked.ask<null>("forget"),
    fail: (times: number) => asked.ask<null>("fail", times),
  };
}

export type FarSide = Awaited<ReturnType<typeof startFarSide>>;

type Start = Pick<WorkerSettings, "script" | "worker" | "schema"> & { stateDir?: string; inspector?: boolean; direct?: boolean };

async function startWorker({ stateDir = newStateDir(), inspector = false, direct = true, ...rest }: Start) {
  const asked = await spawned("worker.ts", [JSON.stringify({ ...rest, stateDir, inspector, direct } satisfies WorkerSettings)]);
  const { url, inspector: debuggerUrl } = await asked.ask<{ url: string; inspector: string | null }>("ready");
  const sql = (text: string) => asked.ask<Record<string, unknown>[]>("sql", text);
  return { ...asked, base: url, inspector: debuggerUrl, sql, cpuSeconds: () => asked.ask<number>("cpuSeconds") };
}

function operator(base: string) {
  return async <T>(where: string, input?: unknown, method = input === undefined ? "GET" : "POST"): Promise<T> => {
    const body = input === undefined ? {} : { body: JSON.stringify(input) };
    const response = await fetch(base + where, { method, headers: { authorization: `Bearer ${operatorToken}` }, ...body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : null) as T;
  };
}

/** A folder for what a server keeps; gone when this run ends. */
export function newStateDir(): string {
  return fs.mkdtempSync(`${scratch}${path.sep}state-`);
}

async function spawned(file: string, args: string[], execPath = process.execPath): Promise<Asked> {
  const child: ChildProcess = fork(path.join(import.meta.dirname, "servers", file), args, {
    execPath,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let asked = 0;
  const answerTo = (number: number) => new Promise<never>((resolve, reject) => waiting.set(number, { resolve, reject }));
  child.on("message", ({ number, answer, error }: { number: number; answer: never; error?: string }) => {
    if (error === undefined) waiting.get(number)?.resolve(answer);
    else waiting.get(number)?.reject(new Error(error));
    waiting.delete(number);
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`));
  });
  await answerTo(0);
  const ask = async <T>(name: string, argument?: unknown): Promise<T> => {
    const number = ++asked;
    const answer = answerTo(number);
    child.send({ number, name, argument });
    return await answer;
  };
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    const late = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ask("stop").catch(() => {});
    await ended;
    clearTimeout(late);
  };
  return { ask, stop };
}
