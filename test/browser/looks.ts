import fs from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds on a page that is serious or worse, in one line each. */
export async function seriousOf(page: Page): Promise<string[]> {
  await page.evaluate(axe); // by the debugger, which no Content-Security-Policy stops
  const { violations } = await page.evaluate<any>(`axe.run(document, { resultTypes: ["violations"] })`);
  const serious = violations.filter(({ impact }: { impact: string }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }: { id: string; nodes: { target: string[]; failureSummary: string }[] }) =>
    nodes
      .slice(0, 3)
      .map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ").slice(0, 200)}`),
  );
}

/** By how many pixels a page is wider than its window; 0 where nothing has to be scrolled sideways. */
export async function overflowOf(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
