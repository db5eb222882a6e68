/** `npm run faults`: every fault of the table, on the real Worker; a line for each, and exit code 1 when a promise was broken. */
import { parseArgs } from "node:util";
import { complaint, head, line } from "./report.ts";
import type { Result } from "./round.ts";
import { newSuite } from "./suite.ts";
import { table } from "./table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    seed: { type: "string" },
    size: { type: "string", default: "24" },
    short: { type: "boolean", default: false },
    bail: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
  },
});
const parts = values.only.split("|");
const wanted = table.filter(({ name, isShort }) => parts.some((part) => name.includes(part)) && (!values.short || isShort));
if (values.list || wanted.length === 0) {
  for (const { name } of values.list ? wanted : table) console.log(name);
  process.exit(values.list ? 0 : 2);
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const began = Date.now();
console.log(`Seed ${firstSeed}. Every row is played on the real Worker in workerd, with real local D1 and queues.\n`);
const suite = await newSuite();
console.log(head(values.markdown));
let failed = 0;
let seed = firstSeed; // another one for each play
for (const fault of wanted) {
  const rounds = Number(values.rounds ?? fault.rounds ?? 1);
  const plays = fault.rounds ? 1 : rounds; // of one that kills, its kills are its rounds
  const results: Result[] = [];
  for (let play = 0; play < plays; play++) results.push(await suite.play(fault, { size: Number(values.size), kills: rounds }, seed++));
  console.log(line({ fault: fault.name, rounds, results }, values.markdown));
  const told = complaint({ fault: fault.name, rounds, results });
  if (told) {
    failed++;
    console.log(told);
    if (values.bail) break;
  }
}
await suite.close();
const minutes = ((Date.now() - began) / 60_000).toFixed(1);
console.log(
  failed === 0
    ? `\nNothing was lost, and every promise was kept (${minutes} min).`
    : `\n${failed} of ${wanted.length} rows broke a promise.`,
);
process.exit(failed === 0 ? 0 : 1);
