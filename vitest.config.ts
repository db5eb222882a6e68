import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

process.env["WRANGLER_LOG"] ??= "error";
process.env["WRANGLER_SEND_METRICS"] ??= "false";
process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";

/** `worker` runs inside workerd, on a real local D1 and real queues; `system` runs in Node, and drives whole systems from outside. */
export default defineConfig(async () => {
  const migrations = await readD1Migrations(path.join(import.meta.dirname, "migrations"));
  const bindings = {
    MIGRATIONS: migrations,
    OPERATOR_TOKEN: "operator-token-of-the-tests",
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
    ALLOW_LOOPBACK: "true",
    FUZZ: process.env["FUZZ"] ?? "1",
  };
  return {
    test: {
      silent: "passed-only" as const,
      projects: [
        {
          plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" }, miniflare: { bindings, r2Buckets: ["ARCHIVE"] } })],
          test: {
            name: "worker",
            isolate: false,
            testTimeout: 20_000,
            include: [
              "test/{cases,domain,forward,http,impact,postback,store,ui}/**/*.test.ts",
              "test/{attempt,authorize,book,call,collect,config,dead,deliver,intake,link,news,receive,reconcile,reconcile-together,repair,retain,sweep,take,take-jobs,walk,watch}.test.ts",
            ],
            setupFiles: ["test/setup.ts"],
          },
        },
        {
          test: {
            name: "system",
            include: ["test/{flow,faults,simulate}/**/*.test.ts", "test/{layers,schema}.test.ts"],
            testTimeout: 120_000,
            hookTimeout: 120_000,
            fileParallelism: false,
          },
        },
      ],
    },
  };
});
