import { createTestHarness } from "wrangler";

export const operatorToken = "operator-token-of-the-flows";

/** The real bundle in workerd with its real queues, and the operator's way in. */
export async function startEdge() {
  const harness = createTestHarness();
  await harness.update({
    workers: [
      {
        configPath: "./wrangler.toml",
        vars: { ALLOW_LOOPBACK: "true" },
        secrets: { OPERATOR_TOKEN: operatorToken, ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") },
      },
    ],
  });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  await worker.applyD1Migrations("DB");
  const base = url.origin;
  return {
    base,
    operate: operator(base),
    sweep: () => worker.scheduled({ cron: "* * * * *", scheduledTime: new Date() }),
    close: () => harness.close(),
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
