import { createHash } from "node:crypto";
import type { Fields } from "../domain/fields.ts";
import { foldKey } from "./fields.ts";

/**
 * SHA-256 over source, kind and what the notification says, hex. Blind to the order and spelling of keys and to absent
 * values, so that a redelivery is recognised whatever shape it takes; values count to the letter.
 */
export function fingerprint(sourceId: string, kind: string, fields: Fields, nested: Record<string, unknown>): string {
  const pairs = [...Object.entries(fields), ...Object.entries(nested)];
  const canonical = pairs.map(([key, value]) => JSON.stringify([foldKey(key), sorted(value)])).sort();
  return createHash("sha256")
    .update(JSON.stringify([sourceId, kind, canonical]))
    .digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
