import { existsSync, readFileSync } from "node:fs";
import { parseArgs, parseEnv } from "node:util";
import type { PostbackFaults } from "./postbacks.ts";

export interface Options {
  edge: string;
  token: string;
  port: number;
  account: "partner" | "brand";
  method: "GET" | "POST";
  actions: number;
  hours: number;
  speed: number;
  seed: string;
  faults: PostbackFaults;
  updateNumbers: "any" | "ascending";
  updateState: "then" | "now";
  scalars: "strings" | "typed" | "mixed";
  /** Undefined leaves it to Postback Edge. */
  dedupeSeconds: number | undefined;
  isWithoutApi: boolean;
}

export const help = `npm run simulate -- [options]     beside a running npm start

  --actions 500      how many actions are tracked
  --hours 24         how long the simulated life is
  --speed 1440       simulated seconds in a second: a day takes a minute; 0 is as fast as possible
  --seed 1           the same seed is the same life
  --loss 0.05        the share of postbacks that are lost
  --repeat 0.05      … that are sent twice
  --delay 0.1        … that come minutes to hours late
  --reorder 0.2      … that are overtaken by the next one of their action
  --account partner  or brand
  --method GET       or POST
  --update-numbers any   or ascending: whether the numbers in the ids of updates grow with time
  --update-state then    or now: whether an update tells its own state, or its action's present one
  --scalars strings      or typed, or mixed: how the API writes numbers
  --dedupe-window    seconds within which any earlier twin is a repeat; Postback Edge's own 900 unless said. They are seconds of
                     the real clock: in a day that passes in a minute, a second reversal looks like a repeat of the first,
                     and only reconciliation finds out. 0 takes that away
  --edge URL         where Postback Edge is (http://127.0.0.1:8787, or the port in PORT)
  --port 8790        where the simulated API is: start with IMPACT_API=http://127.0.0.1:8790 npm start
  --without-api      postbacks only, no reconciliation: what is lost stays lost

The operator token is that of .dev.vars, or OPERATOR_TOKEN.`;

/** Reads the command line; null when it asks for help. Throws what is wrong with it, in words. */
export function readOptions(args: string[], env: Record<string, string | undefined> = process.env): Options | null {
  const { values } = parseArgs({ args, options: { ...texts, help: { type: "boolean" }, "without-api": { type: "boolean" } } });
  if (values.help) return null;
  const number = (name: keyof typeof texts, least: number, most: number) => {
    const value = Number(values[name]);
    if (values[name] === "" || !(value >= least && value <= most)) throw new Error(`--${name} must be a number from ${least} to ${most}.`);
    return value;
  };
  const word = <T extends string>(name: keyof typeof texts, words: readonly T[]): T => {
    const found = words.find((candidate) => candidate === values[name]);
    if (!found) throw new Error(`--${name} must be ${words.join(" or ")}.`);
    return found;
  };
  return {
    edge: (values.edge || `http://127.0.0.1:${env["PORT"] || 8787}`).replace(/\/$/, ""),
    token: env["OPERATOR_TOKEN"] || readToken(),
    port: number("port", 0, 65_535),
    account: word("account", ["partner", "brand"]),
    method: word("method", ["GET", "POST"]),
    actions: Math.floor(number("actions", 1, 1_000_000)),
    hours: number("hours", 1, 45 * 24),
    speed: number("speed", 0, 1e9),
    seed: values.seed,
    faults: { loss: number("loss", 0, 1), repeat: number("repeat", 0, 1), delay: number("delay", 0, 1), reorder: number("reorder", 0, 1) },
    updateNumbers: word("update-numbers", ["any", "ascending"]),
    updateState: word("update-state", ["then", "now"]),
    scalars: word("scalars", ["strings", "typed", "mixed"]),
    dedupeSeconds: values["dedupe-window"] === "" ? undefined : Math.floor(number("dedupe-window", 0, 2_592_000)),
    isWithoutApi: values["without-api"] ?? false,
  };
}

const text = (usual: string) => ({ type: "string" as const, default: usual });
const texts = {
  edge: text(""),
  port: text("8790"),
  account: text("partner"),
  method: text("GET"),
  actions: text("500"),
  hours: text("24"),
  speed: text("1440"),
  seed: text("1"),
  loss: text("0.05"),
  repeat: text("0.05"),
  delay: text("0.1"),
  reorder: text("0.2"),
  "update-numbers": text("any"),
  "update-state": text("then"),
  scalars: text("strings"),
  "dedupe-window": text(""),
};

function readToken(): string {
  const file = new URL("../.dev.vars", import.meta.url);
  const token = existsSync(file) ? parseEnv(readFileSync(file, "utf8"))["OPERATOR_TOKEN"] : undefined;
  if (!token) throw new Error("There is no operator token: start Postback Edge first (npm start), or set OPERATOR_TOKEN.");
  return token;
}
