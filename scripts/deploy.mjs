/** `npm run deploy`: makes what is missing in the Cloudflare account, then deploys. A second run changes no secret and keeps all data. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, newSecrets, quiet, root, wrangler } from "./local.mjs";

const config = readFileSync(join(root, "wrangler.toml"), "utf8");
const [database] = namesOf("database_name");
const queues = namesOf("queue", "dead_letter_queue");

// A signal ends Wrangler first; this process has a file to remove after it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

const databaseIsNew = ensureDatabase();
for (const queue of queues) ensureQueue(queue);
show("The migrations could not be applied.", "d1", "migrations", "apply", database, "--remote");

const present = listSecrets() ?? fail("Which secrets the Worker has is not known, so nothing was deployed.");
const made = makeSecrets(present);
if (made.ENCRYPTION_KEY && !databaseIsNew)
  console.warn("The database was there before this ENCRYPTION_KEY: destinations in it need new signing secrets, if there are any.");

const { status, url } = deploy(made);
// Even a failed deploy may have left a Worker with the new token in it.
if (made.OPERATOR_TOKEN && (status === 0 || (listSecrets()?.includes("OPERATOR_TOKEN") ?? true))) tellToken(made.OPERATOR_TOKEN);
if (status !== 0) fail("The deploy did not succeed; the reason is above. It is safe to run it again.");
tellNext(url ?? "https://<the address above>");

/** Every value of these keys in wrangler.toml, once. */
function namesOf(...keys) {
  const lines = config.matchAll(new RegExp(`^\\s*(?:${keys.join("|")})\\s*=\\s*"([^"]+)"`, "gm"));
  return [...new Set([...lines].map(([, value]) => value))];
}

/** wrangler.toml names the database without an id, and Wrangler looks it up by its name. Returns whether it was made now. */
function ensureDatabase() {
  const listed = ask("d1", "list", "--json");
  if (listed.status !== 0)
    fail(`${listed.output}
Sign in with \`npx wrangler login\`, or set CLOUDFLARE_API_TOKEN. With more than one account, set CLOUDFLARE_ACCOUNT_ID too.`);
  if (JSON.parse(listed.stdout).some(({ name }) => name === database)) return false;
  create("database", database, "d1", "create", database);
  return true;
}

/** A deploy makes the queues it sends to, but not the one for dead letters, and it wants that one first. */
function ensureQueue(queue) {
  const found = ask("queues", "info", queue);
  if (found.status === 0) return;
  if (!found.output.includes("does not exist")) fail(found.output);
  create("queue", queue, "queues", "create", queue);
}

function create(what, name, ...command) {
  const done = ask(...command);
  if (done.status !== 0) fail(`${done.output}\nThe ${what} ${name} could not be created.`);
  console.log(`Created the ${what} ${name}.`);
}

/** The names of the Worker's secrets, none if there is no Worker yet, null if it could not be found out. */
function listSecrets() {
  const listed = ask("secret", "list", "--format", "json");
  if (listed.status === 0) return JSON.parse(listed.stdout).map(({ name }) => name);
  if (/Worker ".*" not found/.test(listed.output)) return [];
  console.error(listed.output);
  return null;
}

/** Values for the secrets that are not there yet: from the environment (to take up an earlier key), else new. */
function makeSecrets(present) {
  const missing = Object.entries(newSecrets()).filter(([name]) => !present.includes(name));
  return Object.fromEntries(missing.map(([name, value]) => [name, process.env[name] || value]));
}

/** A first deploy must bring its secrets along, because a Worker that does not exist cannot be given any. Returns the exit code and the Worker's address. */
function deploy(secrets) {
  const dir = mkdtempSync(join(tmpdir(), "postback-edge-"));
  try {
    const file = join(dir, "secrets.json");
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    const withSecrets = Object.keys(secrets).length > 0 ? ["--secrets-file", file] : [];
    const report = join(dir, "report.ndjson");
    const { status } = run("inherit", { WRANGLER_OUTPUT_FILE_PATH: report }, "deploy", ...withSecrets);
    return { status, url: addressIn(report) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function addressIn(report) {
  if (!existsSync(report)) return undefined;
  const lines = readFileSync(report, "utf8").trim().split("\n");
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ targets }) => targets ?? [])
    .find((target) => target.startsWith("https://"));
}

function show(complaint, ...args) {
  const { status } = run("inherit", { CI: "1" }, ...args); // CI: without the question whether to go on
  if (status !== 0) fail(`\n${complaint}`);
}

function ask(...args) {
  const { status, stdout, stderr } = run("pipe", {}, ...args);
  return { status, stdout, output: (stdout + stderr).trim() };
}

function run(output, env, ...args) {
  return spawnSync(process.execPath, [wrangler, ...args], {
    cwd: root,
    env: { ...process.env, ...quiet, ...env },
    stdio: [output === "pipe" ? "ignore" : "inherit", output, output],
    encoding: "utf8",
  });
}

function tellToken(token) {
  console.log(`
Operator token: ${token}
Keep it now: it is shown this once and cannot be read again. A new one can be set at any time: npx wrangler secret put OPERATOR_TOKEN`);
}

function tellNext(url) {
  console.log(`
Deployed. Next, make a source; the answer holds the postback URLs to paste into impact.com:

  curl ${url}/sources -H "authorization: Bearer $OPERATOR_TOKEN" -H "content-type: application/json" -d '{"name":"impact","account":"partner"}'
`);
}
