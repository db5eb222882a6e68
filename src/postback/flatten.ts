import { Problem } from "../domain/problem.ts";

/** Levels that a list may have: D1's JSON refuses a thousand, and no template has ten. */
const deepestList = 50;
const deepestPath = 8;
/** Characters of all keys together: a long key above many others would multiply. */
const largestKeys = 400_000;

/**
 * An object as keys and text: scalars directly, nested objects under dotted keys (`customer.city`), lists kept whole beside
 * them. Null is absent. Below eight levels of objects, the rest is kept whole too. Throws `undecodable` for what is no postback.
 */
export function flatten(object: Record<string, unknown>) {
  const entries: [string, string][] = [];
  const nested: Record<string, unknown> = Object.create(null);
  let room = largestKeys;
  collect(object, "", 0);
  return { entries, nested };

  function collect(value: Record<string, unknown>, path: string, depth: number) {
    for (const [key, inner] of Object.entries(value)) {
      const name = path + key;
      if (inner === null || inner === undefined) continue;
      room -= name.length;
      if (room < 0) throw new Problem("undecodable", "The body's keys are too long, taken together. Send a flat object with short keys.");
      if (typeof inner !== "object") entries.push([name, String(inner)]);
      else if (Array.isArray(inner) || depth === deepestPath) nested[name] = checkDepth(inner, deepestList);
      else collect(inner as Record<string, unknown>, `${name}.`, depth + 1);
    }
  }
}

function checkDepth(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) throw new Problem("undecodable", `The body is nested more than ${deepestList} levels deep. Send a flat object.`);
  for (const inner of Object.values(value)) checkDepth(inner, levels - 1);
  return value;
}
