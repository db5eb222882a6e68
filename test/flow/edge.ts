import fs from "node:fs";
import path from "node:path";
import { createTestHarness, unstable_DevEnv } from "wrangler";

const root = path.join(import.meta.dirname, "..", "..");

export const operatorToken = "operator-token-of-the-flows";

interface Beside {
  /** Variables besides ALLOW_LOOPBACK, or in its place. */
  vars?: Record<string, string>;
  /** Paths of other Workers' wrangler.toml, to run beside. */
  workers?: string[];
}

/** The real bundle in workerd with its real queues, and the operator's way in. `settings` changes wrangler.toml's text first. */
export async function startEdge(settings: (toml: string) => string = (toml) => toml, { vars = {}, workers = [] }: Beside = {}) {
  const configPath = path.join(root, `.wrangler.${crypto.randomUUID()}.toml`);
  fs.writeFileSync(configPath, settings(fs.readFileSync(path.join(root, "wrangler.toml"), "utf8")));
  leaveDirectly();
  const harness = createTestHarness();
  const secrets = { OPERATOR_TOKEN: operatorToken, ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") };
  const own = { configPath, vars: { ALLOW_LOOPBACK: "true", ...vars }, secrets };
  await harness.update({ workers: [own, ...workers.map((other) => ({ configPath: other }))] });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  await worker.applyD1Migrations("DB");
  return {
    base: url.origin,
    worker: (name: string) => harness.getWorker(name),
    operate: operator(url.origin),
    sweep: async () => void (await worker.scheduled({ cron: "* * * * *" })),
    sql: async (text: string) => void (await ((await worker.getEnv()) as { DB: D1Database }).DB.prepare(text).run()),
    logs: () => harness.getLogs().map(({ level, message }) => `${level}: ${message}`),
    close: async () => {
      await harness.close();
      fs.rmSync(configPath);
    },
  };
}

let isPatched = false;

/**
 * Requests leave by workerd itself, as with `wrangler dev` and in production. The harness has them sent by Node, which follows
 * redirects and answers 500 in the place of a broken connection.
 */
function leaveDirectly(): void {
  if (isPatched) return;
  isPatched = true;
  const controller = Object.getPrototypeOf(new unstable_DevEnv().config);
  const set = controller.set;
  controller.set = function (input: { dev: object }, ...rest: unknown[]) {
    return set.call(this, { ...input, dev: { ...input.dev, outboundService: undefined } }, ...rest);
  };
}

/** Calls a running Worker as its operator. */
export function operator(base: string, token = operatorToken) {
  return async <T = any>(path: string, input?: unknown, method = input === undefined ? "GET" : "POST"): Promise<T> => {
    const body = input === undefined ? {} : { body: JSON.stringify(input) };
    const response = await fetch(base + path, { method, headers: { authorization: `Bearer ${token}` }, ...body });
    const text = await response.text();
    if (response.status >= 400) throw new Error(`${method} ${path}: ${text}`);
    return (text ? JSON.parse(text) : null) as T;
  };
}

/** Waits until `isTrue`, or throws after `limitMs`. */
export async function until(isTrue: () => unknown, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error("it did not come true in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
