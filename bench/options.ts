import { parseArgs } from "node:util";

/** How a part is to measure. `seconds` is about the length of one slice of load. */
export interface Options {
  only: string[];
  rounds: number;
  seconds: number;
  isQuick: boolean;
  say(progress: string): void;
}

/** Reads `--only <part>` (more than once, or with commas), `--rounds <n>` and `--quick`. Throws on anything else. */
export function readOptions(args: string[], parts: string[]): Options {
  const { values } = parseArgs({
    args,
    options: { only: { type: "string", multiple: true }, rounds: { type: "string" }, quick: { type: "boolean", default: false } },
  });
  const only = (values.only ?? parts).flatMap((list) => list.split(","));
  const unknown = only.filter((part) => !parts.includes(part));
  if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(", ")}; there are ${parts.join(", ")}`);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) throw new Error("--rounds must be a whole number from 1 to 50");
  return { only, rounds, seconds: values.quick ? 0.7 : 2, isQuick: values.quick, say: (progress) => console.error(`  … ${progress}`) };
}
