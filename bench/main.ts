/**
 * `npm run bench`: measures side by side, in one run on one machine, and writes the tables of docs/performance.md.
 * `--only throughput,costs` measures some parts, `--rounds 9` more often, `--quick` shortly, to try: it prints and writes nothing.
 */
import { write } from "./doc.ts";
import { install } from "./install.ts";
import { machine } from "./machine.ts";
import { type Options, readOptions } from "./options.ts";

const parts: Record<string, () => Promise<(options: Options) => Promise<string>>> = {
  throughput: async () => (await import("./parts/throughput.ts")).throughput,
  delivery: async () => (await import("./parts/delivery.ts")).delivery,
  cpu: async () => (await import("./parts/cpu.ts")).cpu,
  costs: async () => (await import("./parts/costs.ts")).costs,
  growth: async () => (await import("./parts/growth.ts")).growth,
  pages: async () => (await import("./parts/pages.ts")).pages,
  plan: async () => (await import("./parts/plan.ts")).plan,
  reports: async () => (await import("./parts/reports.ts")).reports,
  retention: async () => (await import("./parts/retention.ts")).retention,
};

/** What is counted is exact, and counted once. */
const counted = ["costs", "plan"];

const options = readOptions(process.argv.slice(2), Object.keys(parts));
install();
for (const [name, part] of Object.entries(parts).filter(([name]) => options.only.includes(name))) {
  const measure = await part();
  console.error(`${name}:`);
  const start = performance.now();
  const tables = await measure(options);
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  const how = counted.includes(name) ? "counted once" : `${options.rounds} rounds`;
  const made = `*\`npm run bench -- --only ${name}\`, ${new Date().toISOString().slice(0, 10)}, ${how}, ${minutes} min; ${machine()}.*`;
  console.log(`\n${tables}\n\n${made}\n`);
  if (!options.isQuick) write(name, `${tables}\n\n${made}`);
}
process.exit(0);
