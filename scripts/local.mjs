/** What the scripts share: where things are, what is secret, how Wrangler is called. */
import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const port = readPort(process.env.PORT || "8787");
export const base = `http://127.0.0.1:${port}`;
export const stateDir = resolve(root, process.env.STATE_DIR || ".state");
export const firstSourceFile = join(stateDir, "first-source.json");
const devVarsFile = join(root, ".dev.vars");

/** To be run with `process.execPath`: that needs no shell, on no system. */
export const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");

/** Wrangler without banner, update check, telemetry, and without its log in the home directory, which would hold URLs with tokens. */
export const quiet = {
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
};

/** The values of .dev.vars, or {} before the first start. */
export function readDevVars() {
  return existsSync(devVarsFile) ? parseEnv(readFileSync(devVarsFile, "utf8")) : {};
}

/** Adds what is missing to .dev.vars, changes nothing that is there, and returns all of it. */
export function completeDevVars() {
  const present = readDevVars();
  const wanted = { ...newSecrets(), ALLOW_LOOPBACK: "true" };
  const missing = Object.entries(wanted).filter(([name]) => !present[name]);
  if (missing.length === 0) return present;
  const lines = missing.map(([name, value]) => `${name}=${value}\n`).join("");
  const unended = existsSync(devVarsFile) && !/(^|\n)$/.test(readFileSync(devVarsFile, "utf8"));
  appendFileSync(devVarsFile, unended ? `\n${lines}` : lines, { mode: 0o600 });
  chmodSync(devVarsFile, 0o600);
  return readDevVars();
}

/** The two secrets that the Worker cannot do without. */
export function newSecrets() {
  return { OPERATOR_TOKEN: randomBytes(32).toString("base64url"), ENCRYPTION_KEY: randomBytes(32).toString("base64") };
}

/** The source that `npm start` made, { id, name, token }, or null. */
export function findFirstSource() {
  return existsSync(firstSourceFile) ? JSON.parse(readFileSync(firstSourceFile, "utf8")) : null;
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

function readPort(text) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 65535) fail(`PORT must be a number from 1 to 65535, not "${text}".`);
  return number;
}
