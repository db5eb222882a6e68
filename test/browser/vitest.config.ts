import path from "node:path";
import { defineConfig } from "vitest/config";

/** The journeys through the pages, in a real Chromium, before the real bundle: `npm run test:browser`. */
export default defineConfig({
  root: path.join(import.meta.dirname, "..", ".."),
  test: {
    include: ["test/browser/**/*.test.ts"],
    silent: "passed-only",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
