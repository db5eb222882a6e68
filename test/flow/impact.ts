import { hour } from "../../simulate/clock.ts";
import { type Compared, compareActions, compareMatters, jobsToldOf, type LedgerAction, type LedgerMatter } from "../../simulate/compare.ts";
import { connect, createSource, listAll, type Source, templatesOf } from "../../simulate/edge.ts";
import { live, populationOfPast } from "../../simulate/live.ts";
import type { Population } from "../../simulate/population.ts";
import type { Plan, PostbackFaults } from "../../simulate/postbacks.ts";
import { type ApiOptions, serve } from "../../simulate/server.ts";
import { campaigns } from "../../simulate/world.ts";
import { operatorToken, startEdge } from "./edge.ts";

export const campaignIds = campaigns.map(({ id }) => id);
export const hours = 24;
export const account = { kind: "partner", sid: "IRflow", token: "a-token", scopes: null } as const;

/** An edge, and a simulated impact.com that it reads; each life has an account, a population and a source of its own. */
export async function startBoth() {
  const api = await serve({ population: populationOfPast(hours, { seed: 0, actions: 0 }), account });
  const edge = await startEdge(undefined, { vars: { IMPACT_API: api.origin } });
  const close = async () => {
    await edge.close();
    await api.close();
  };
  return { ...edge, api, operator: { base: edge.base, token: operatorToken }, close };
}

export type Both = Awaited<ReturnType<typeof startBoth>>;

interface Life {
  seed: number;
  /** Of the source. */
  name?: string;
  /** Changes the population before it lives. */
  disguise?: (population: Population) => void;
  actions?: number;
  jobs?: number;
  kind?: "partner" | "brand";
  method?: "GET" | "POST";
  faults?: Partial<PostbackFaults>;
  api?: Partial<ApiOptions>;
}

/** A day of some actions, just lived: their postbacks came with the usual faults, and the source has access to the API. */
export async function lived({ api, operator }: Pick<Both, "api" | "operator">, life: Life) {
  const { seed, actions = 120, jobs = 0, kind = "partner", method = "GET", faults = {}, name = `flow ${seed}` } = life;
  const population = populationOfPast(hours, { seed, actions, inquiries: 6, jobs });
  life.disguise?.(population);
  const until = population.clock.now() + hours * hour;
  const own = { ...account, kind, sid: `IRflow${seed}` };
  Object.assign(api.options, {
    population,
    account: own,
    faults: {},
    onRequest: undefined,
    largestPage: null,
    mostRecords: null,
    updateState: "then",
    scalars: "strings",
    usualDays: "without-dates",
    perHour: 500,
    ...life.api,
  });
  const source = await createSource(operator, name, kind, 0);
  await connect(operator, source, own, campaignIds);
  const usual = { loss: 0.05, repeat: 0.05, delay: 0.1, reorder: 0.2 };
  const { plan } = await live(population, {
    until,
    templates: templatesOf(source, method),
    faults: { ...usual, ...faults },
    seed,
    speed: 0,
    concurrency: 4,
  });
  return { population, source, until, plan };
}

/** Every difference between what is true and what the ledger says, in words. */
export async function differences(
  { operator }: Pick<Both, "operator">,
  { population, source, plan }: { population: Population; source: Source; plan?: Plan },
  except: Compared[] = [],
): Promise<string[]> {
  const truth = population.truth();
  const ledger = await listAll<LedgerAction>(operator, source, "/actions");
  const inquiries = await listAll<LedgerMatter>(operator, source, "/inquiries");
  const jobs = await listAll<LedgerMatter>(operator, source, "/jobs");
  const { told } = jobsToldOf(truth, new Set(plan?.lost.map(({ subject }) => subject)));
  return [...compareActions(truth, ledger, except), ...compareMatters(truth.inquiries, inquiries), ...compareMatters(told, jobs)];
}
