import type { ASTNode } from "@marcbachmann/cel-js";

/** What one evaluation of a filter may cost, in characters looked at: some tenths of a second at the worst, a thousand times what a filter takes. */
const most = 20_000_000;

/** What a call of a function costs, however little it is given. */
const perCall = 20;

/** What a date in a zone of its own costs: Intl makes it. */
const perZone = 300_000;

/** What cel-js takes to tell of an error, such as a field that is not there; a loop goes on after it. */
const perError = 1000;

const overspent = new Error("The filter does too much for this event.");

/** A node with what cel-js's type check leaves on it: the function that is given the operands' values, and a macro's expansion. */
type Checked = ASTNode & { handle?: Handle; meta: { alternate?: { handle?: Handle } } };
type Handle = (...given: unknown[]) => unknown;

/**
 * Makes the nodes of a checked filter pay before they do their work, by the size of what they are given; cel-js knows no such limit.
 * Returns what is to be called before each evaluation. What is over the limit throws, which in CEL is no match.
 */
export function limitWork(nodes: ASTNode[]): () => void {
  let left = most;
  const pay = (cost: number) => {
    left -= cost;
    if (left < 0) throw overspent;
  };
  const paying = (handle: Handle, cost: (given: unknown[]) => number): Handle => {
    return (...given) => {
      pay(cost(given));
      try {
        return handle(...given);
      } catch (error) {
        pay(perError);
        throw error;
      }
    };
  };
  for (const node of nodes as Checked[]) {
    const loop = node.meta.alternate;
    if (node.handle) node.handle = paying(node.handle, (given) => costOf(node, given));
    if (loop?.handle) loop.handle = paying(loop.handle, ([list]) => 2 * nodes.length * lengthOf(list));
  }
  return () => {
    left = most;
  };
}

function costOf({ op, args }: ASTNode, [first, second]: unknown[]): number {
  if (op === "." || op === ".?" || op === "[]" || op === "[?]" || op === "?:") return 1;
  if (op === "in") return 1 + sizeOf(first) + (Array.isArray(second) ? sizeOf(second) : 0);
  if (op !== "call" && op !== "rcall") return 1 + sizeOf(first) + sizeOf(second);
  const [receiver, argument] = first as unknown[];
  const [one, other] = [sizeOf(receiver), sizeOf(argument)];
  const called = String(args[0]);
  if (receiver instanceof Date && argument !== undefined) return perZone;
  const made = called === "join" ? lengthOf(receiver) * other : makers.has(called) ? one * perMember : 0;
  return perCall + one + other + made + (searches.has(called) ? (one * other) / 16 : 0);
}

/** They look for a text in another, and compare some letters of it again and again. */
const searches = new Set(["contains", "indexOf", "lastIndexOf", "split"]);

/** They make a list, or more, of a text. */
const makers = new Set(["split", "json"]);

const perMember = 10;
const perKey = 100;

/** The characters or bytes of a value, its members' together, and what it takes to go over them. */
function sizeOf(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce<number>((size, member) => size + sizeOf(member), value.length * perMember);
  return lengthOf(value) * perKey;
}

/** The members of a list, the keys of an object; of anything else, nothing. */
function lengthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.length;
  const known = keyCounts.get(value) ?? Object.keys(value).length;
  keyCounts.set(value, known);
  return known;
}

/** Counting keys takes as long as what is to be paid for; no value changes during an evaluation. */
const keyCounts = new WeakMap<object, number>();
