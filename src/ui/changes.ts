import { type Html, html } from "./html.ts";
import { empty, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, when } from "./words.ts";

/** A change by an operator. */
export interface AuditView {
  at: string | null;
  who: string;
  ip: string;
  method: string;
  path: string;
  summary: string;
  fields: string[];
}

/** What was done, and where that is looked at. What stands in braces is the thing; `$1` is its id. */
const sayings: [call: RegExp, words: string, way: string][] = [
  [/^POST \/sources$/, "Created {a source}", "/sources"],
  [/^PATCH \/sources\/([^/]+)$/, "Changed {a source}", "/sources/$1"],
  [/^POST \/sources\/([^/]+)\/token$/, "Gave {a source} a new token", "/sources/$1"],
  [/^PUT \/sources\/([^/]+)\/api$/, "Gave {a source} access to impact.com's API", "/sources/$1"],
  [/^DELETE \/sources\/([^/]+)\/api$/, "Took access to impact.com's API from {a source}", "/sources/$1"],
  [/^POST \/destinations$/, "Created {a destination}", "/destinations"],
  [/^PATCH \/destinations\/([^/]+)$/, "Changed {a destination}", "/destinations/$1"],
  [/^DELETE \/destinations\/([^/]+)$/, "Deleted {a destination}", "/destinations/$1"],
  [/^POST \/destinations\/reencrypt$/, "Encrypted the secrets of {destinations} anew", "/destinations"],
  [/^POST \/destinations\/([^/]+)\/test$/, "Sent a sample to {a destination}", "/destinations/$1"],
  [/^POST \/destinations\/([^/]+)\/secret$/, "Gave {a destination} a new signing key", "/destinations/$1"],
  [/^POST \/events\/([^/]+)\/replay$/, "Sent {an event} again", "/events/$1"],
  [/^POST \/deliveries\/([^/]+)\/retry$/, "Sent {a delivery} again", "/deliveries/$1"],
  [/^POST \/recoveries$/, "Began {a recovery}", "/recoveries"],
  [/^POST \/recoveries\/([^/]+)\/cancel$/, "Cancelled {a recovery}", "/recoveries/$1"],
  [/^POST \/reconciliations$/, "Began {a reconciliation}", "/reconciliations"],
  [/^POST \/reconciliations\/([^/]+)\/pause$/, "Paused {a reconciliation}", "/reconciliations/$1"],
  [/^POST \/reconciliations\/([^/]+)\/resume$/, "Resumed {a reconciliation}", "/reconciliations/$1"],
  [/^POST \/reconciliations\/([^/]+)\/cancel$/, "Cancelled {a reconciliation}", "/reconciliations/$1"],
  [/^POST \/quarantine\/reingest$/, "Re-ingested {calls in quarantine}", "/quarantine?resolved=true"],
  [/^POST \/quarantine\/([^/]+)\/reingest$/, "Re-ingested {a call}", "/quarantine/$1"],
  [/^POST \/quarantine\/([^/]+)\/dismiss$/, "Set {a call} aside", "/quarantine/$1"],
  [/^POST \/jobs\/([^/]+)\/fetch$/, "Fetched the result of {a job}", "/jobs/$1"],
  [/^POST \/archive\/([^/]+)\/reingest$/, "Read {a day} back from the archive", "/archive/$1"],
];

/** Changes by operators; `names` are those of sources and destinations that are there, by id. */
export function auditTable(view: View, entries: AuditView[], names: Map<string, string>): Html {
  if (entries.length === 0)
    return empty(
      "Nothing was changed yet",
      "Every change by an operator is written down here: what, when, and from where. Never a secret.",
    );
  return table(
    "Changes by operators",
    [
      { head: "When", cell: ({ at }) => when(at, view.now) },
      {
        head: "What",
        cell: (entry) =>
          html`<div>${wordsOf(entry, names)}<span class="under"><small>${entry.method} ${code(entry.path)}</small></span></div>`,
      },
      { head: "Fields", cell: ({ fields }) => fields.map((field) => field.replaceAll("_", " ")).join(", ") || "–" },
      { head: "Who", cell: ({ who, ip }) => html`${who === "session" ? "a browser" : "the token"}${ip ? html`, ${code(ip)}` : null}` },
    ],
    entries,
  );
}

/** What was done in few words, with a way to the thing; what is not known here as the API says it. */
export function wordsOf({ method, path, summary }: Pick<AuditView, "method" | "path" | "summary">, names: Map<string, string>): Html {
  const call = `${method} ${path}`;
  const saying = sayings.find(([pattern]) => pattern.test(call));
  if (!saying) return html`${summary.split(". ")[0]}`;
  const [pattern, words, way] = saying;
  const id = pattern.exec(call)?.[1] ?? "";
  const [before, thing = "", after] = words.split(/[{}]/);
  return html`${before}${named(thing, id, way.replace("$1", id), names)}${after}`;
}

/** What has a name and none any more was deleted, and has no page. */
function named(thing: string, id: string, href: string, names: Map<string, string>): Html {
  const name = names.get(id);
  if (name !== undefined) return html`${thing.replace(/^an? /, "the ")} <a href="${href}">${name}</a>`;
  return /^(src|dst)_/.test(id) ? html`${thing}` : html`<a href="${href}">${thing}</a>`;
}
