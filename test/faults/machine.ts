import { type ChildProcess, execFile, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { operator, until } from "../flow/edge.ts";
import { freePort, root } from "../flow/launch.ts";

export const secrets = {
  OPERATOR_TOKEN: "operator-token-of-the-faults",
  ENCRYPTION_KEY: Buffer.alloc(32, 9).toString("base64"),
};

/** How an edge is set up. `isPlain`: without the fault worker around it. */
export interface Setup {
  isPlain?: boolean;
  vars?: Record<string, string>;
  /** How often a queue hands a message over again before it is a dead letter. */
  maxRetries?: number;
}

const wrangler = path.join(root, "node_modules", "wrangler", "bin", "wrangler.js");
const quiet = {
  CI: "1",
  NO_COLOR: "1",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

/** What all edges of a run have in common: a folder, the bundles, an empty migrated database. `clear` removes all of it. */
export async function newWorkshop() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "postback-edge-faults-"));
  const configs: string[] = [];
  const run = async (args: string[], env: Record<string, string> = {}) =>
    await promisify(execFile)(process.execPath, [wrangler, ...args], { cwd: root, env: { ...process.env, ...quiet, ...env } });

  const configOf = (settings: (toml: string) => string): string => {
    const file = path.join(root, `.wrangler.${crypto.randomUUID()}.toml`);
    fs.writeFileSync(file, settings(fs.readFileSync(path.join(root, "wrangler.toml"), "utf8")));
    configs.push(file);
    return file;
  };
  const bundle = async (main: string): Promise<string> => {
    const outdir = path.join(folder, `bundle-${path.basename(path.dirname(main))}`);
    const config = configOf((toml) => toml.replace(/^main = .*/m, `main = ${JSON.stringify(main)}`));
    await run(["deploy", "--dry-run", "--outdir", outdir, "--config", config]);
    const file = fs.readdirSync(outdir).find((name) => name.endsWith(".js")) as string;
    return path.join(outdir, file);
  };
  const migrate = async (stateDir: string, migrationsDir = "migrations") => {
    const config = configOf((toml) => toml.replace(/^migrations_dir = .*/m, `migrations_dir = ${JSON.stringify(migrationsDir)}`));
    await run(["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir, "--config", config]);
  };
  const execute = async (stateDir: string, sql: string) => {
    const file = path.join(folder, `${crypto.randomUUID()}.sql`);
    fs.writeFileSync(file, sql);
    await run(["d1", "execute", "DB", "--local", "--persist-to", stateDir, "--yes", "--file", file, "--config", configOf((toml) => toml)]);
  };

  const clear = () => {
    for (const file of configs) fs.rmSync(file, { force: true });
    fs.rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clear);

  const blank = path.join(folder, "blank");
  const bundles = new Map<string, Promise<string>>();
  /** The Worker as one file: within the fault worker, or as it is. Made when it is first asked for. */
  const bundleOf = (main: "test/faults/worker.ts" | "src/index.ts") => {
    const known = bundles.get(main) ?? bundle(main);
    bundles.set(main, known);
    return known;
  };
  await Promise.all([bundleOf("test/faults/worker.ts"), migrate(blank)]);
  return {
    folder,
    bundleOf,
    blank,
    configOf,
    migrate,
    execute,
    clear,
  };
}

export type Workshop = Awaited<ReturnType<typeof newWorkshop>>;

/** An edge that can be killed at any instant, and started again on the same state, port and address. */
export async function newEdge(workshop: Workshop, setup: Setup, control: string | null) {
  const stateDir = path.join(workshop.folder, crypto.randomUUID());
  fs.cpSync(workshop.blank, stateDir, { recursive: true });
  const secretsFile = path.join(stateDir, "secrets.env");
  fs.writeFileSync(
    secretsFile,
    Object.entries(secrets)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const said: string[] = [];
  let main = await workshop.bundleOf(setup.isPlain ? "src/index.ts" : "test/faults/worker.ts");
  let child: ChildProcess | null = null;
  let stopped = false;

  const start = async () => {
    const vars = { ALLOWED_TARGETS: "127.0.0.1", ...(control ? { FAULT_CONTROL: control } : {}), ...setup.vars };
    const config = workshop.configOf((toml) => impatient(toml, main, setup.maxRetries ?? 100));
    const args = ["dev", "--config", config, "--ip", "127.0.0.1", "--port", String(port), "--persist-to", stateDir];
    args.push(
      "--env-file",
      secretsFile,
      "--inspector-port",
      "0",
      "--log-level",
      "warn",
      "--show-interactive-dev-session=false",
      "--test-scheduled",
    );
    for (const [name, value] of Object.entries(vars)) args.push("--var", `${name}:${value}`);
    const env = { ...process.env, ...quiet, WRANGLER_REGISTRY_PATH: path.join(stateDir, "registry") };
    const started = spawn(process.execPath, [wrangler, ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk) => said.push(String(chunk)));
    child = started;
    await until(async () => {
      if (started.exitCode !== null) throw new Error(`the edge did not start: ${said.join("").slice(-2000)}`);
      const answer = await fetch(`${base}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
      return answer?.status === 200;
    }, 40_000).catch((error) => {
      throw new Error(`the edge did not start: ${error.message}: ${said.join("").slice(-2000)}`);
    });
  };
  const kill = () => {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL"); // its whole group at once
    } catch {
      // it was gone already
    }
    child = null;
  };
  process.once("exit", kill);
  await start();
  return {
    base,
    stateDir,
    said,
    operate: operator(base, secrets.OPERATOR_TOKEN),
    start: async () => {
      if (!stopped) await start();
    },
    kill,
    /** From the next start on. */
    deploy: (file: string) => {
      main = file;
    },
    cron: async () => {
      const answer = await fetch(`${base}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`, { signal: AbortSignal.timeout(30_000) }).catch(
        () => null,
      );
      await answer?.text();
    },
    stop: () => {
      stopped = true;
      kill();
      process.off("exit", kill);
      fs.rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

export type Edge = Awaited<ReturnType<typeof newEdge>>;

/** wrangler.toml with queues that come again after a second. */
function impatient(toml: string, main: string, maxRetries: number): string {
  return toml
    .replace(/^main = .*/m, `main = ${JSON.stringify(main)}\nno_bundle = true`)
    .replace(/^retry_delay = \d+/gm, "retry_delay = 1")
    .replace(/(queue = "postback-edge-(?:deliveries|intake)"\nmax_batch_size[^[]*?)max_retries = \d+/g, `$1max_retries = ${maxRetries}`);
}
