import type { Account } from "../../simulate/account.ts";
import { newPopulation, type PopulationOptions } from "../../simulate/population.ts";
import { type Api, type ApiOptions, serve } from "../../simulate/server.ts";

export const runs = { numRuns: 40 * Number(process.env["FUZZ"] ?? 1) };

export const partner: Account = { kind: "partner", sid: "IRpartner1", token: "secret-of-the-partner", scopes: null };
export const brand: Account = { kind: "brand", sid: "IRbrand1", token: "secret-of-the-brand", scopes: null };

const running: Api[] = [];

/** The API of a small population; its options may be changed through `api.options`. */
export async function newApi(population: Partial<PopulationOptions> = {}, options: Partial<ApiOptions> = {}) {
  const world = newPopulation({ seed: 7, actions: 60, inquiries: 12, jobs: 8, ...population });
  const api = await serve({ population: world, account: partner, perHour: 100_000, ...options });
  running.push(api);
  return { api, population: world };
}

export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((api) => api.close()));
}

/** Asks as an account does, for JSON unless other headers are given. Nothing is followed. */
export function ask(
  api: Api,
  path: string,
  headers: Record<string, string> = { accept: "application/json" },
  account = api.options.account,
) {
  const prefix = account.kind === "brand" ? "Advertisers" : "Mediapartners";
  const authorization = `Basic ${btoa(`${account.sid}:${account.token}`)}`;
  const signal = AbortSignal.timeout(5_000);
  const url = path.startsWith("/") ? `${api.origin}${path}` : `${api.origin}/${prefix}/${account.sid}/${path}`;
  return fetch(url, { headers: { authorization, ...headers }, redirect: "manual", signal });
}

export async function askJson(api: Api, path: string): Promise<any> {
  return (await ask(api, path)).json();
}

/** All records of a list, by its `@nextpageuri`. */
export async function walk(api: Api, path: string, name: string): Promise<any[]> {
  const records: any[] = [];
  for (let next = path; next; ) {
    const page = await askJson(api, next);
    if (!page[name]) throw new Error(`${next}: ${JSON.stringify(page)}`);
    records.push(...page[name]);
    next = page["@nextpageuri"];
  }
  return records;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}

/** A query of a span of time. */
export function span(from: number, to: number, start = "StartDate", end = "EndDate"): string {
  return new URLSearchParams({ [start]: iso(from), [end]: iso(to) }).toString();
}
