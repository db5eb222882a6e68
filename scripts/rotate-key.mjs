/**
 * `OPERATOR_TOKEN=… npm run rotate-key -- <url>`: gives the deployed Worker a new ENCRYPTION_KEY; nobody has to know the old one. It may
 * break off anywhere and be run again: a key that is on the Worker is never replaced before all that it sealed is sealed anew, and the
 * new key stays in a file until the Worker needs no other.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail, quiet, root, wrangler } from "./local.mjs";

const file = join(root, ".next-encryption-key");
const settleMs = 30_000; // for a secret to reach all of Cloudflare's places
const patienceMs = 180_000; // without any progress

const url = readUrl(process.argv[2]);
const token = process.env.OPERATOR_TOKEN || fail("Set OPERATOR_TOKEN in the environment to the operator token of the deployed Worker.");
const isNextThere = listSecrets().includes("NEXT_ENCRYPTION_KEY");
const begun = findBegun();

// Without a next key on the Worker this only shows, before anything is changed, that it answers and can open all that it has.
if (!isNextThere) await reencrypt(null);
const key = begun?.key ?? begin();
const id = createHash("sha256").update(Buffer.from(key, "base64")).digest("hex").slice(0, 8); // as in src/store/seal.ts
if (!isNextThere) must(key, "secret", "put", "NEXT_ENCRYPTION_KEY");
console.log("Sealing all secrets with the new key …");
await sleep(settleMs);
await reencrypt(id);
await sleep(settleMs);
await reencrypt(id); // what was sealed with the old key meanwhile, by a place that had not heard of the new one

must(key, "secret", "put", "ENCRYPTION_KEY");
must("", "secret", "delete", "NEXT_ENCRYPTION_KEY");
rmSync(file, { force: true });
console.log(`Done: ENCRYPTION_KEY is a new one, ${id}, and all secrets are sealed with it.`);

/** The operator token goes there: https, or this machine. */
function readUrl(text) {
  const { protocol, hostname, origin } = URL.canParse(text) ? new URL(text) : {};
  if (protocol === "https:" || hostname === "127.0.0.1") return origin;
  fail("Give the Worker's address: npm run rotate-key -- https://postback-edge.<your subdomain>.workers.dev");
}

function listSecrets() {
  const listed = run("", "secret", "list", "--format", "json");
  if (listed.status !== 0) fail(`${listed.output}\nWhich secrets the Worker has is not known, so nothing was changed.`);
  return JSON.parse(listed.stdout).map(({ name }) => name);
}

/** What an earlier run has left, { url, key }, or null. A next key on the Worker that is not known here must stay: it has sealed. */
function findBegun() {
  let left = null;
  try {
    left = JSON.parse(readFileSync(file, "utf8"));
  } catch {} // not there, or damaged
  if (isNextThere && !left)
    fail(`The Worker has a NEXT_ENCRYPTION_KEY, but ${file}, which would hold its value, is ${existsSync(file) ? "damaged" : "not here"}.
An earlier run broke off, perhaps on another machine, or is still going on. Nothing was changed now, and nothing is broken: the Worker
opens what either key sealed. Run this where the file is. Should it be lost for good: \`npx wrangler secret delete NEXT_ENCRYPTION_KEY\`,
and new secrets for each destination whose deliveries then say that its secrets are sealed with another key.`);
  if (!left && existsSync(file)) fail(`${file} is damaged, and the Worker does not have its key: delete the file.`);
  if (left && !isNextThere && left.url !== url)
    fail(`${file} is that of ${left.url}. Run this for that address first, or delete the file if no NEXT_ENCRYPTION_KEY is there.`);
  if (left) console.log("Going on with the change of keys that an earlier run began.");
  return left;
}

/** A new key, on disk before anyone hears of it. */
function begin() {
  const made = randomBytes(32).toString("base64");
  writeFileSync(file, JSON.stringify({ url, key: made }), { mode: 0o600, flag: "wx", flush: true });
  return made;
}

/** Has the Worker seal anew, a part at a time, until nothing is left that another key than `wanted` (null: its present one) sealed. */
async function reencrypt(wanted) {
  let [least, lastProgress, trouble] = [Infinity, Date.now(), ""];
  while (Date.now() - lastProgress < patienceMs) {
    const { left, key: used, status, text } = await post();
    const mayPass = status === 429 || (status === 409 && wanted); // 409: a place without the new key cannot open what it sealed
    if (status >= 300 && status < 500 && !mayPass) fail(`${url} answered ${status}: ${text}\n${again()}`);
    if (!Number.isInteger(left) || !used) trouble = `The Worker at ${url} gives no answer (${status ? `${status}: ${text}` : text}).`;
    else if (wanted && used !== wanted) trouble = `${url} does not seal with the new key. Is it the Worker of wrangler.toml?`;
    else if (left === 0) return;
    else trouble = `Secrets of ${left} destinations or sources cannot be opened by the Worker. Give them new ones, or delete them.`;
    if (left < least && (!wanted || used === wanted)) [least, lastProgress] = [left, Date.now()];
    else await sleep(2000);
  }
  fail(`${trouble}\n${again()}`);
}

async function post() {
  const init = { method: "POST", redirect: "manual", signal: AbortSignal.timeout(60_000) };
  try {
    const answer = await fetch(`${url}/destinations/reencrypt`, { ...init, headers: { authorization: `Bearer ${token}` } });
    const text = (await answer.text()).slice(0, 500);
    return { ...(answer.ok ? JSON.parse(text) : {}), status: answer.status, text };
  } catch (error) {
    return { text: error.cause?.message ?? error.message };
  }
}

/** With `input` on its standard input, where no list of processes shows it. */
function must(input, ...args) {
  const { status, output } = run(input, ...args);
  if (status !== 0) fail(`${output}\n${again()}`);
  console.log(`wrangler ${args.join(" ")}: done`);
}

function again() {
  return existsSync(file) ? "The change is not complete; nothing is broken. Run this again to go on." : "Nothing was changed.";
}

function run(input, ...args) {
  const env = { ...process.env, ...quiet, CI: "1" }; // CI: without the question whether to delete
  const { status, stdout, stderr } = spawnSync(process.execPath, [wrangler, ...args], { cwd: root, env, input, encoding: "utf8" });
  return { status, stdout, output: (stdout + stderr).trim() };
}
