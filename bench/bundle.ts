import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

process.env["WRANGLER_LOG"] ??= "error";
const {
  unstable_getMiniflareWorkerOptions: optionsOf,
  unstable_readConfig: readConfig,
  unstable_splitSqlQuery: split,
} = await import("wrangler");

export const root = path.join(import.meta.dirname, "..");

/** A folder for everything that this run leaves behind; gone when it ends. */
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "postback-edge-bench-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

/** What `npm run deploy` would upload, in a folder: `index.js` and its map. With `entry`, that file in the place of src/index.ts. */
export function bundle(entry?: string): string {
  const name = path.basename(entry ?? "index.ts", ".ts");
  const folder = path.join(scratch, `bundle-${name}`);
  const file = path.join(folder, `${name}.js`);
  if (fs.existsSync(file)) return file;
  wrangler([
    "deploy",
    ...(entry ? [path.join(root, entry)] : []),
    "--config",
    path.join(root, "wrangler.toml"),
    "--dry-run",
    "--outdir",
    folder,
  ]);
  return file;
}

/** Runs Wrangler quietly in the project; what it says is told only when it fails. */
export function wrangler(args: string[]): string {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  const program = path.join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  return execFileSync(process.execPath, [program, ...args], { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The settings of wrangler.toml as Miniflare takes them: dates, flags, database, queues. Secrets of this folder are left out. */
export function settings() {
  const file = path.join(root, "wrangler.toml");
  const { compatibilityDate, compatibilityFlags, d1Databases, queueProducers, queueConsumers, r2Buckets } = optionsOf(file).workerOptions;
  const { vars } = readConfig({ config: file });
  return { compatibilityDate, compatibilityFlags, d1Databases, queueProducers, queueConsumers, r2Buckets, bindings: vars };
}

/** The statements that make an empty database ours. */
export function schema(): string[] {
  return split(fs.readFileSync(path.join(root, "schema.sql"), "utf8"));
}
