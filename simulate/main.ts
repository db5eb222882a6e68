/**
 * `npm run simulate`: an impact.com of our own, beside a running `npm start`. It makes a source, sends a day's postbacks to it and loses,
 * repeats, delays and reorders some of them, while it serves the API from which Postback Edge learns what was lost. At the end it compares
 * the ledger with what really happened, action by action and to the last micro. `--help` lists the options.
 *
 *     IMPACT_API=http://127.0.0.1:8790 npm start      in one terminal
 *     npm run simulate -- --actions 1000 --loss 0.05  in another
 *
 * It is made from impact.com's OpenAPI documents and shares no line with `src`, so that a misreading there cannot hide behind the same
 * misreading here. Flow tests use its parts: `newPopulation` (population.ts), `planPostbacks` and `send`, `serve` (server.ts), `live`,
 * `compareActions`.
 */
import type { Account } from "./account.ts";
import { hour } from "./clock.ts";
import { compareActions, compareMatters, jobsToldOf, type LedgerAction, type LedgerMatter } from "./compare.ts";
import { connect, createSource, type Edge, listAll, reconcile, type Source, templatesOf } from "./edge.ts";
import { live, populationOfPast } from "./live.ts";
import { help, type Options, readOptions } from "./options.ts";
import type { Population } from "./population.ts";
import { type Api, serve } from "./server.ts";
import { campaigns } from "./world.ts";

const shownDifferences = 20;

try {
  const options = readOptions(process.argv.slice(2));
  if (options) process.exitCode = await simulate(options);
  else console.log(help);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Returns the exit code: 0 when ledger and truth are the same. */
async function simulate(options: Options): Promise<number> {
  const edge = { base: options.edge, token: options.token };
  const account: Account = { kind: options.account, sid: `IRsimulated${options.seed}x1`, token: "token-of-the-simulator", scopes: null };
  const { seed, actions, hours, updateNumbers, updateState, scalars } = options;
  const population = populationOfPast(hours, { seed, actions, inquiries: Math.ceil(actions / 25), jobs: 5, updateNumbers });
  const until = population.clock.now() + hours * hour;
  const api = await serve({ population, account, port: options.port, seed, updateState, scalars });
  try {
    const source = await createSource(edge, `simulated ${new Date().toISOString()}`, options.account, options.dedupeSeconds);
    console.log(`Source ${source.id} at ${edge.base}; the API of account ${account.sid} is at ${api.origin}.`);
    if (!options.isWithoutApi) await connectOrTell(edge, source, account, api);
    const lost = await tellLife(population, until, source, options);
    if (!options.isWithoutApi) await tellReconciliation(edge, source, api, until, hours);
    return await tellDifferences(population, edge, source, options.account, lost);
  } finally {
    await api.close();
  }
}

async function connectOrTell(edge: Edge, source: Source, account: Account, api: Api): Promise<void> {
  try {
    await connect(
      edge,
      source,
      account,
      campaigns.map(({ id }) => id),
    );
  } catch (error) {
    const advice = api.requests.length > 0 ? "" : ` It did not ask ${api.origin}: start it with IMPACT_API=${api.origin} npm start.`;
    throw new Error(`Postback Edge did not take the credentials.${advice}\n${error instanceof Error ? error.message : error}`);
  }
}

/** Returns the ids of what a postback was lost of. */
async function tellLife(population: Population, until: number, source: Source, options: Options): Promise<Set<string>> {
  const { seed, speed, faults, method } = options;
  let told = 0;
  const { plan, sent } = await live(population, {
    until,
    templates: templatesOf(source, method),
    faults,
    seed,
    speed,
    concurrency: 4,
    onProgress: (now, soFar) => {
      if (now - told < hour) return;
      told = now;
      console.log(`  ${new Date(now).toISOString().slice(0, 16)}  ${soFar.acknowledged} acknowledged, ${soFar.retried} tried again`);
    },
  });
  const fates = Object.entries(Object.groupBy(plan.calls, ({ fate }) => fate)).map(([fate, calls]) => `${calls.length} ${fate}`);
  console.log(
    `Postbacks: ${plan.calls.length} (${fates.join(", ")}), and ${plan.lost.length} lost. Answers: ${JSON.stringify(sent.answers)}.`,
  );
  for (const { call, last } of sent.givenUp.slice(0, 3)) console.log(`  given up: ${call.kind} of ${call.subject}, last answer ${last}`);
  return new Set(plan.lost.map(({ subject }) => subject));
}

async function tellReconciliation(edge: Edge, source: Source, api: Api, until: number, hours: number): Promise<void> {
  const before = api.requests.length;
  const walk = await reconcile(edge, source, until - (hours + 1) * hour, until);
  const reason = walk.reason ? `: ${walk.reason}` : "";
  console.log(`Reconciliation ${walk.state}${reason}; ${walk.repaired} repaired, ${api.requests.length - before} calls of the API.`);
}

async function tellDifferences(
  population: Population,
  edge: Edge,
  source: Source,
  account: Account["kind"],
  lost: Set<string>,
): Promise<number> {
  const truth = population.truth();
  const ledger = await listAll<LedgerAction>(edge, source, "/actions");
  const inquiries = await listAll<LedgerMatter>(edge, source, "/inquiries");
  const jobs = await listAll<LedgerMatter>(edge, source, "/jobs");
  const unheard = account === "brand" ? (["sub_id1", "sub_id2", "sub_id3"] as const) : []; // a brand's API does not tell them
  const { told, unsought } = jobsToldOf(truth, lost);
  if (unsought > 0)
    console.log(`Of ${unsought} jobs the postback was lost that are not looked for: they failed, or none was ever told of.`);
  const differences = [
    ...compareActions(truth, ledger, [...unheard]),
    ...compareMatters(truth.inquiries, inquiries),
    ...compareMatters(told, jobs),
  ];
  const states = Object.entries(Object.groupBy(truth.actions, ({ state }) => state)).map(([state, some]) => `${some.length} ${state}`);
  console.log(
    `Truth: ${truth.actions.length} actions (${states.join(", ")}), ${truth.inquiries.length} inquiries, ${truth.jobs.length} jobs.`,
  );
  console.log(`Ledger: ${ledger.length} actions, ${inquiries.length} inquiries, ${jobs.length} jobs.`);
  for (const difference of differences.slice(0, shownDifferences)) console.log(`  ${difference}`);
  if (differences.length > shownDifferences) console.log(`  … and ${differences.length - shownDifferences} more`);
  console.log(differences.length === 0 ? "The ledger equals the truth." : `${differences.length} differences.`);
  return differences.length === 0 ? 0 : 1;
}
