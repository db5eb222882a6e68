import type { App } from "../app.ts";
import type { Source } from "../domain/source.ts";
import { foldKey, isMacroName, macros } from "../postback/fields.ts";
import { isSecretKey } from "../postback/secrets.ts";
import { listKeys, listLatestCalls } from "../store/calls.ts";
import type { Page } from "../ui/layout.ts";
import { keysPage, type Macros, type UnknownKey } from "../ui/source-keys.ts";
import { endpoint } from "./endpoint.ts";
import { keysOf } from "./reread.ts";
import type { Asked } from "./source-pages.ts";
import { findSource, viewSource } from "./sources.ts";

const most = 100;

export const showKeys = endpoint({
  summary:
    "The keys that a source sent lately and that name no macro of impact.com: what a mapping may be made of, those seen most often first",
  run: async ({ app, params }) => {
    const source = await findSource(app, params["id"]);
    return { body: { mapping: source.mapping, unknown: await unknownKeys(app, source) } };
  },
  page: (shown) => keysForm(shown),
});

/** The form of a source's mapping, with what was typed. */
export async function keysForm({ app, params, typed }: Asked): Promise<Page> {
  const source = await findSource(app, params["id"]);
  return keysPage(typed, viewSource(source), await unknownKeys(app, source), choices);
}

/** From events, and from calls in quarantine: an unknown key may be the reason why they are there. What is mapped otherwise is known. */
async function unknownKeys(app: App, source: Source): Promise<UnknownKey[]> {
  const [heard, { refused }] = await Promise.all([listKeys(app.db, source.id), listLatestCalls(app.db, source.id)]);
  const known = new Set(Object.keys(source.mapping).map(foldKey));
  const found = new Map<string, UnknownKey>();
  const note = (key: string, example: string, times: number, isQuarantined: boolean) => {
    if (isMacroName(key) || (known.has(foldKey(key)) && !Object.hasOwn(source.mapping, key))) return;
    const before = found.get(key);
    found.set(key, {
      key,
      example: before?.example || (isSecretKey(key) ? "" : example),
      times: (before?.times ?? 0) + times,
      is_quarantined: isQuarantined || (before?.is_quarantined ?? false),
    });
  };
  for (const { key, example, times } of heard) note(key, example, times, false);
  for (const one of refused) for (const { key, value } of keysOf(one, null) ?? []) note(key, value.slice(0, 80), 1, true);
  return [...found.values()].sort((one, other) => other.times - one.times).slice(0, most);
}

const all = Object.values(macros).flat();
const named = (isKnown: boolean) => [...new Set(all.filter(({ known }) => known === isKnown).map(({ name }) => name))].sort();
const seen = named(true);
const choices: Macros = [
  ["Seen in impact.com's documents or calls", seen],
  ["Names of its API's fields", named(false).filter((name) => !seen.includes(name))],
];
