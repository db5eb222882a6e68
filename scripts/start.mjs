/** `npm start`: the whole of it on this machine, with secrets, database and a first source made on the way. Ctrl-C ends it, leaving nothing running. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { base, completeDevVars, fail, findFirstSource, firstSourceFile, port, quiet, root, stateDir, wrangler } from "./local.mjs";
import { whenOrphaned } from "./orphan.mjs";

const readyLimitMs = 60_000;
const cronMs = 60_000;
const graceMs = 20_000; // the sweep leaves alone what was accepted in the last seconds, before a kill perhaps
const patienceMs = 6_000;

let running = null; // what is on the leash now
let stopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop());
whenOrphaned(stop);

await refuseBusyPort();
const secrets = completeDevVars();
await migrate();
const server = serve();
server.ended.then((code) => stop(`\nwrangler dev ended by itself (exit code ${code}); what it said is above.`));
await becomeReady();
const source = (await firstSourceStillThere()) ?? (await createFirstSource());
tell();
ring();
setTimeout(ring, graceMs);
setInterval(ring, cronMs);

/** Ends what runs, then this process: with a complaint and exit code 1, or without and 0. Only the first call counts. */
async function stop(complaint) {
  if (stopping) return new Promise(() => {});
  stopping = true;
  running?.leash.stdin.end();
  await running?.ended;
  if (complaint) fail(complaint);
  process.exit(0);
}

/** A predecessor that was killed lets go of its port within a few seconds; another program does not. */
async function refuseBusyPort() {
  const deadline = Date.now() + patienceMs;
  let error = await whyNotListen();
  if (error?.code === "EADDRINUSE")
    console.error(`Port ${port} is in use; waiting ${patienceMs / 1000} s, in case it is just being let go …`);
  while (error?.code === "EADDRINUSE" && Date.now() < deadline) {
    await sleep(250);
    error = await whyNotListen();
  }
  if (error?.code === "EADDRINUSE")
    fail(`Port ${port} is in use: is Postback Edge running already? Take another: PORT=${port === 8788 ? 8789 : 8788} npm start`);
  if (error) fail(`Port ${port} cannot be used: ${error.message}`);
}

async function whyNotListen() {
  const probe = createServer();
  const error = await new Promise((done) => probe.once("error", done).listen(port, "127.0.0.1", done));
  if (!error) await new Promise((done) => probe.close(done));
  return error;
}

async function migrate() {
  mkdirSync(stateDir, { recursive: true });
  const applying = leashed("pipe", { CI: "1" }, "d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir);
  let output = "";
  for (const stream of [applying.leash.stdout, applying.leash.stderr]) stream.on("data", (chunk) => (output += chunk));
  if ((await applying.ended) !== 0) await stop(`${output}\nThe migrations could not be applied to the database in ${stateDir}.`);
}

function serve() {
  const args = ["--ip", "127.0.0.1", "--port", String(port), "--persist-to", stateDir, "--inspector-port", "0"];
  // Request lines would show tokens, so only warnings. --test-scheduled spares the advice to ring the cron by hand: we do.
  args.push("--log-level", "warn", "--show-interactive-dev-session=false", "--test-scheduled");
  // Of .dev.vars, Wrangler passes on only what [secrets] lists. And the second lane is no safe place here: the local Queue is in
  // memory and a kill empties it, so a postback waits for a busy database.
  args.push("--var", `ALLOW_LOOPBACK:${secrets.ALLOW_LOOPBACK}`, "--var", `STORE_TIME_LIMIT_MS:${secrets.STORE_TIME_LIMIT_MS ?? 20_000}`);
  if (process.env.IMPACT_API) args.push("--var", `IMPACT_API:${process.env.IMPACT_API}`); // a simulated one, for `npm run simulate`
  const env = { CLOUDFLARE_CF_FETCH_ENABLED: "false", X_LOCAL_EXPLORER: "false", X_LOCAL_OBSERVABILITY: "false" };
  return leashed("inherit", env, "dev", ...args);
}

/** Wrangler on the leash, and its exit code to come. The leash has a group of its own, so that who kills ours does not get it too. */
function leashed(output, env, ...args) {
  const leashFile = fileURLToPath(new URL("leash.mjs", import.meta.url));
  const leash = spawn(process.execPath, [leashFile, process.execPath, wrangler, ...args], {
    cwd: root,
    env: { ...process.env, ...quiet, WRANGLER_REGISTRY_PATH: join(stateDir, "registry"), ...env },
    stdio: ["pipe", output, output],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  running = { leash, ended: new Promise((done) => leash.on("close", done)) };
  return running;
}

async function becomeReady() {
  const deadline = Date.now() + readyLimitMs;
  let last = "no answer";
  while (Date.now() < deadline) {
    const answer = await fetch(`${base}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (answer?.status === 200) return;
    if (answer) last = `${answer.status} ${await answer.text()}`;
    await sleep(100);
  }
  await stop(`\nThe Worker was not healthy within ${readyLimitMs / 1000} s (GET /health: ${last}). What Wrangler said is above.`);
}

/** The source of an earlier start, unless the database it was in is gone. */
async function firstSourceStillThere() {
  const kept = findFirstSource();
  if (!kept) return null;
  const answer = await fetch(`${base}/in/${kept.token}/action-lifecycle`, { method: "HEAD" });
  return answer.ok ? kept : null;
}

/** A source's token is shown once, when it is made, so it is kept beside the database it belongs to. */
async function createFirstSource() {
  const answer = await fetch(`${base}/sources`, {
    method: "POST",
    headers: { authorization: `Bearer ${secrets.OPERATOR_TOKEN}`, "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ name: "impact", account: "partner" }),
  });
  if (answer.status !== 201) await stop(`The first source could not be created: ${answer.status} ${await answer.text()}`);
  const { id, name, token } = await answer.json();
  writeFileSync(firstSourceFile, JSON.stringify({ id, name, token }), { mode: 0o600 });
  return { id, name, token };
}

function tell() {
  const url = `${base}/in/${source.token}/action-lifecycle`;
  const query = "action_id=1000.4636.158133&status=PENDING&payout=0.88&delta_payout=0.88&amount=21.99&delta_amount=21.99&currency=USD";
  console.log(`
Postback Edge runs at ${base} (state in ${stateDir.startsWith(root) ? relative(root, stateDir) : stateDir}). Ctrl-C stops it.

  Dashboard       ${base} (sign in with the operator token)
  Operator token  ${secrets.OPERATOR_TOKEN}
  Postback URL    ${url}

Send a postback:
  curl '${url}?${query}'

See one action delivered, signed and verified, from another terminal:
  npm run demo
`);
}

/** Nothing fires cron locally, and the local Queue forgets everything at a restart. */
async function ring() {
  const problem = await fetch(`${base}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`, { signal: AbortSignal.timeout(110_000) }).then(
    (answer) => (answer.ok ? null : `answer ${answer.status}`),
    (error) => error.message,
  );
  if (problem && !stopping) console.warn(`The scheduled run failed: ${problem}`);
}
