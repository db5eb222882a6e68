import type { Kind } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Source } from "../domain/source.ts";
import { decode } from "../postback/decode.ts";
import { findMacro } from "../postback/fields.ts";
import { isSecretKey, removed } from "../postback/secrets.ts";
import { postingOf } from "../receive.ts";
import type { Copy } from "../store/catalog.ts";
import type { Quarantined } from "../store/quarantine.ts";
import type { KeyView, Would } from "../ui/quarantined.ts";
import { viewEvent } from "./events.ts";

/** The source of a call in quarantine, as it is now. Throws `not_found`. */
export function sourceOfOne({ sources }: Pick<Copy, "sources">, one: Quarantined): Source {
  const source = sources.find(({ id }) => id === one.sourceId);
  if (source) return source;
  throw new Problem("not_found", "The source of this call does not exist any more.");
}

/** A call in quarantine as it stood at the door; it keeps its id and its time of arrival. */
export function receiptAgain({ receipt, id, receivedAt, truncated, ...one }: Quarantined, { tokenHash }: Source, kind?: Kind): Receipt {
  return { ...receipt, id, receivedAt, truncated, kind: kind ?? one.kind, tokenHash };
}

/** What a call would become with a mapping. Nothing is stored. */
export function wouldBecome(
  copy: Pick<Copy, "sources" | "destinations">,
  one: Quarantined,
  mapping?: Record<string, string>,
  kind?: Kind,
): Would {
  const source = sourceOfOne(copy, one);
  const tried = { ...source, mapping: mapping ?? source.mapping };
  const asked = { mapping: tried.mapping, kind: kind ?? null };
  try {
    const { event, selected } = postingOf(receiptAgain(one, source, kind), tried, copy.destinations);
    const names = new Map(copy.destinations.map(({ id, name }) => [id, name]));
    const destinations = selected.map(({ destinationId }) => names.get(destinationId) ?? destinationId);
    const shown = viewEvent(event, new Map([[source.id, source.name]]));
    return { ok: true, ...asked, event: shown, destinations, code: null, detail: null, errors: [] };
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const { code, message, mistakes } = problem;
    return { ok: false, ...asked, event: null, destinations: [], code, detail: message, errors: mistakes };
  }
}

const mostKeys = 60;

/** The keys that came with a call, each with its value and what it is read as by its own name; null where they cannot be read. */
export function keysOf(one: Quarantined, kind: Kind | null): KeyView[] | null {
  const entries = entriesOf(one);
  if (entries === null) return null;
  return [...new Map(entries)].slice(0, mostKeys).map(([key, value]) => ({
    key,
    value: isSecretKey(key) ? removed : value.slice(0, 200),
    known: (kind && findMacro(kind, key)?.macro.name) ?? null,
  }));
}

function entriesOf({ receipt, ...one }: Quarantined): [string, string][] | null {
  try {
    return decode({ ...receipt, ...one, tokenHash: "" }).entries;
  } catch {
    return null; // what is wrong with it, the reason says already
  }
}
