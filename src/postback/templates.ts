import type { Kind } from "../domain/kind.ts";
import { macros } from "./fields.ts";

/** What to paste into impact.com for one kind. `unverified` names the macros that were not seen to exist. */
export interface Templates {
  get: string;
  post: string;
  unverified: string[];
}

/**
 * The exact URL for GET and the exact JSON body for POST. The action kinds hold only macros that were seen to work, and
 * always the deltas, which tell the order of an action's events; of the other kinds no macro list is published.
 */
export function templates(kind: Kind, url: string): Templates {
  const seen = macros[kind].filter((macro) => macro.known);
  const listed = seen.length > 0 ? seen : macros[kind];
  const pairs = listed.map(({ name }) => [snakeCase(name), `{${name}}`] as const);
  return {
    get: `${url}?${pairs.map(([key, macro]) => `${key}=${macro}`).join("&")}`,
    post: JSON.stringify(Object.fromEntries(pairs), null, 2),
    unverified: listed.filter((macro) => !macro.known).map(({ name }) => name),
  };
}

function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}
