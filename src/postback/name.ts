import type { Fields, Warning } from "../domain/fields.ts";
import type { Kind } from "../domain/kind.ts";
import { findMacro, foldKey } from "./fields.ts";
import { isSecretKey, removed } from "./secrets.ts";

/** Fields under impact's names, the macros that came literally (`ActionId` for `{ActionId}`), and what was odd. */
export interface Named {
  fields: Fields;
  unresolved: string[];
  warnings: Warning[];
}

/** Which of two keys for the same thing is believed: the one the operator mapped, then impact's own name, then a synonym. */
const rank = { verbatim: 0, synonym: 1, name: 2, mapping: 3 };

interface Candidate {
  key: string;
  value: string;
  name: string;
  rank: number;
}

/**
 * Gives each decoded value impact's name for it: by the source's mapping first, then by the macro's own name, then by a
 * synonym from impact.com's API; every other key stays as it is. Among equals the last value that is not empty wins.
 */
export function nameFields(entries: [string, string][], kind: Kind, mapping: Record<string, string>): Named {
  const mapped = new Map(Object.entries(mapping).map(([key, macro]) => [foldKey(key), macro]));
  const warnings: Warning[] = [];
  const unresolved: string[] = [];
  const resolved = entries.filter(([key, value]) => {
    const macro = literalMacro(value);
    if (macro) {
      unresolved.push(macro);
      warnings.push({ code: "unresolved_macro", field: key, detail: `impact.com put nothing in place of {${macro.slice(0, 80)}}.` });
    }
    return value !== "" && !macro;
  });

  const candidates = resolved.map(([key, value]) => ({ key, value, ...nameOf(key, kind, mapped) }));
  const best = new Map<string, number>();
  for (const { name, rank } of candidates) best.set(name, Math.max(rank, best.get(name) ?? 0));

  const fields = new Map<string, string>();
  for (const candidate of candidates) {
    const isBest = candidate.rank === best.get(candidate.name);
    const name = isBest ? candidate.name : candidate.key;
    const value = withoutSecret(candidate, warnings);
    const isOutranked = !isBest && name === candidate.name;
    if (isOutranked || (fields.has(name) && fields.get(name) !== value)) {
      const which = isOutranked ? "the one that the mapping names counts" : "the last one counts";
      warnings.push({ code: "repeated_key", field: candidate.key, detail: `This came more than once with different values; ${which}.` });
    }
    if (!isOutranked) fields.set(name, value);
  }
  return { fields: Object.fromEntries(fields), unresolved, warnings };
}

function literalMacro(value: string): string | undefined {
  return /^\s*\{([A-Za-z0-9]+)\}\s*$/.exec(value)?.[1];
}

function nameOf(key: string, kind: Kind, mapped: Map<string, string>): { name: string; rank: number } {
  const wanted = mapped.get(foldKey(key));
  if (wanted !== undefined) return { name: findMacro(kind, wanted)?.macro.name ?? wanted, rank: rank.mapping };
  const found = findMacro(kind, key);
  if (found) return { name: found.macro.name, rank: found.synonym ? rank.synonym : rank.name };
  return { name: key, rank: rank.verbatim };
}

function withoutSecret({ key, value, rank: given }: Candidate, warnings: Warning[]): string {
  if (given !== rank.verbatim || !isSecretKey(key)) return value;
  warnings.push({
    code: "secret_removed",
    field: key,
    detail: "The value of this key looks like a secret and was removed from the event.",
  });
  return removed;
}
