import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

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

interface Settings {
  version: string;
  health: { status: string; d1: string; queues: { deliveries: string; intake: string } };
  settings: Record<string, string | number | boolean | string[] | null>;
  has_archive: boolean;
  encryption_key: string;
  audit: AuditView[];
}

/** How this Worker is set up. */
export function settingsPage(view: View, { version, health, settings, has_archive, encryption_key, audit }: Settings): Page {
  return {
    title: "Settings",
    lead: "How this Worker is set up. Settings are vars and secrets of the Worker: change them in wrangler.toml or with wrangler secret put, and deploy.",
    body: html`
${section(
  "Health",
  facts([
    ["D1", state(health.d1)],
    ["Queue of deliveries", state(health.queues.deliveries)],
    ["Queue of intake", state(health.queues.intake)],
    ["Version", version],
  ]),
)}
${section(
  "Retention",
  facts([
    ["Kept in D1", settings["RETENTION_DAYS"] ? `${settings["RETENTION_DAYS"]} days` : "everything"],
    ["Archive", has_archive ? html`an R2 bucket, see <a href="/archive">what is in it</a>` : "no R2 bucket is bound as ARCHIVE"],
  ]),
)}
${section("Settings", facts([...Object.entries(settings).map(([name, value]): [string, Html] => [name, shown(value)]), ["Encryption key", code(encryption_key)]]))}
${section("Changes", auditTable(view, audit), html`<a href="/audit">All changes</a>`)}`,
  };
}

/** Changes by operators. */
export function auditTable(view: View, entries: AuditView[]): Html {
  if (entries.length === 0)
    return empty(
      "Nothing was changed yet",
      "Every change by an operator is written down here: what, when, and from where. Never a secret.",
    );
  return table(
    "Changes by operators",
    [
      { head: "When", cell: ({ at }) => when(at, view.now) },
      { head: "What", cell: ({ summary }) => summary },
      { head: "Where", cell: ({ method, path }) => html`${method} ${code(path)}` },
      { head: "Fields", cell: ({ fields }) => fields.join(", ") || "–" },
      { head: "Who", cell: ({ who, ip }) => html`${who === "session" ? "a browser" : "the token"}${ip ? html`, ${code(ip)}` : null}` },
    ],
    entries,
  );
}

function shown(value: Settings["settings"][string]): Html {
  if (value === null || (Array.isArray(value) && value.length === 0)) return html`<span class="none">not set</span>`;
  return html`<code>${Array.isArray(value) ? value.join(", ") : String(value)}</code>`;
}
