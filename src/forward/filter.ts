import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import type { Event } from "../domain/event.ts";
import { formatMoney, type Micros } from "../domain/money.ts";
import { Problem } from "../domain/problem.ts";
import { amounts, filterNames, texts, textsOf } from "./names.ts";
import { limitWork } from "./work.ts";

export { filterNames };

/** A checked filter. A field that the event does not have is no match, as an error in CEL is, and so is one that does too much. */
export type Filter = (event: Event, sourceName: string) => boolean;

/** `type` is taken in CEL; filters write it all the same, and it is renamed after parsing. */
const typeVariable = "type_";

const language = new Environment({
  limits: { maxAstNodes: 300, maxDepth: 30, maxListElements: 200, maxMapEntries: 20, maxCallArguments: 8 },
});
for (const name of Object.keys(texts)) language.registerVariable(name === "type" ? typeVariable : name, "string");
for (const name of Object.keys(amounts)) language.registerVariable(name, "double");
language.registerVariable("is_test", "bool");
language.registerVariable("fields", "map<string, string>");

/**
 * Compiles a CEL expression over an event; the empty one selects everything.
 * Throws `invalid_input` with line and column when it does not parse, names an unknown field, or is not true or false.
 */
export function compileFilter(source: string): Filter {
  if (source.trim() === "") return () => true;
  const program = parse(source);
  const begin = limitWork(nodesOf(program.ast));
  return (event, sourceName) => {
    begin();
    try {
      return program(context(event, sourceName)) === true;
    } catch {
      return false;
    }
  };
}

function parse(source: string) {
  let program: ReturnType<typeof language.parse>;
  try {
    program = language.parse(source);
  } catch (error) {
    throw mistake(source, error);
  }
  let loops = 0;
  for (const node of nodesOf(program.ast)) {
    if (node.op === "id" && node.args === "type") (node as { args: string }).args = typeVariable;
    if (node.op !== "rcall" && node.op !== "call") continue;
    const called = String(node.args[0]);
    if (called === "matches")
      throw refuse(
        source,
        node.pos,
        "matches() is not available: regular expressions can run without end. Use ==, startsWith, endsWith, contains or in",
      );
    if (loopNames.has(called) && ++loops > 1) throw refuse(source, node.pos, `${called}() is the second loop; a filter may hold one`);
  }
  const verdict = program.check();
  if (!verdict.valid) throw mistake(source, verdict.error);
  if (verdict.type !== "bool") throw refuse(source, 0, `The filter is a ${verdict.type}; it must be true or false, like payout >= 10.0`);
  return program;
}

const loopNames = new Set(["all", "exists", "exists_one", "map", "filter", "bind"]);

function nodesOf(node: ASTNode): ASTNode[] {
  const inner = [node.args].flat(3).filter((one): one is ASTNode => typeof one === "object" && one !== null && "op" in one);
  return [node, ...inner.flatMap(nodesOf)];
}

function context(event: Event, sourceName: string) {
  const { type, ...others } = textsOf(event, sourceName);
  return {
    ...others,
    [typeVariable]: type,
    payout: double(amounts.payout(event)),
    amount: double(amounts.amount(event)),
    is_test: event.isTest,
    fields: event.fields,
  };
}

/** The one place where money is a float: it is compared here, never kept. */
function double(micros: Micros | null): number {
  return micros === null ? 0 : Number(formatMoney(micros));
}

/** What helps, by the beginning of what the parser says. */
const hints: [begin: string, hint: string][] = [
  ["Unknown variable", `. Known names: ${filterNames.join(", ")}`],
  ["Unexpected character: =", ". Write == to compare"],
];

function mistake(source: string, error: unknown): Problem {
  const { range, summary } = error as { range?: { start: number }; summary?: string };
  const hint = hints.find(([begin]) => summary?.startsWith(begin))?.[1] ?? "";
  return refuse(source, range?.start ?? 0, `${(summary ?? String(error)).replaceAll(typeVariable, "type")}${hint}`);
}

function refuse(source: string, position: number, reason: string): Problem {
  const before = source.slice(0, position).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new Problem("invalid_input", `The filter has a mistake at line ${line}, column ${column}: ${reason}.`, [
    { field: "filter", reason, line, column },
  ]);
}
