/**
 * An object as keys and text: scalars directly, nested objects under dotted keys (`customer.city`), lists kept whole beside
 * them. Null is absent. Deeper than eight levels, the rest is kept whole too.
 */
export function flatten(object: Record<string, unknown>) {
  const entries: [string, string][] = [];
  const nested: Record<string, unknown> = Object.create(null);
  collect(object, "", 0);
  return { entries, nested };

  function collect(value: Record<string, unknown>, path: string, depth: number) {
    for (const [key, inner] of Object.entries(value)) {
      const name = path + key;
      if (inner === null || inner === undefined) continue;
      if (typeof inner !== "object") entries.push([name, String(inner)]);
      else if (Array.isArray(inner) || depth === 8) nested[name] = inner;
      else collect(inner as Record<string, unknown>, `${name}.`, depth + 1);
    }
  }
}
