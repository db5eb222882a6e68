import { type AuditView, auditTable } from "./changes.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, state } from "./words.ts";

interface Settings {
  version: string;
  health: { status: string; d1: string; queues: { deliveries: string; intake: string } };
  settings: Record<string, string | number | boolean | string[] | null>;
  has_archive: boolean;
  encryption_key: string;
  audit: AuditView[];
}

/** What each setting is for. */
const meanings: Record<string, string> = {
  INGEST_MODE: "The lane of a postback: straight into D1, or through the intake Queue, which writes many at once.",
  RETENTION_DAYS: "What is older goes from D1 into the archive. Not set: all is kept.",
  STORE_TIME_LIMIT_MS: "How long D1 may take to store a postback before it goes through the Queue.",
  INTAKE_TIME_LIMIT_MS: "How long the Queue may take before impact.com is told to come again.",
  ALLOW_LOOPBACK: "For development only: destinations may be on this machine, over http.",
  ALLOWED_TARGETS: "Hosts that destinations may be at although they are not public.",
  DNS_OVER_HTTPS: "Where the names of destinations are looked up before each call.",
  IMPACT_API: "Where impact.com's API is.",
};

/** How this Worker is set up. */
export function settingsPage(
  view: View,
  { version, health, settings, has_archive, encryption_key, audit }: Settings,
  names: Map<string, string>,
): Page {
  return {
    title: "Settings",
    lead: "How this Worker is set up, whether it is well, and what was changed.",
    body: [
      section(
        "Health",
        facts([
          ["D1, the database", state(health.d1)],
          ["Queue of deliveries", state(health.queues.deliveries)],
          ["Queue of intake", state(health.queues.intake)],
          ["Version", version],
        ]),
        html`<a href="/health">As JSON</a>`,
      ),
      section(
        "Retention",
        facts([
          [
            "Kept in D1",
            settings["RETENTION_DAYS"] ? `${settings["RETENTION_DAYS"]} days, then moved to the archive` : "everything, for good",
          ],
          [
            "Archive",
            has_archive
              ? html`an R2 bucket: <a href="/archive">what is in it</a>`
              : html`none: no R2 bucket is bound as ${code("ARCHIVE")} in ${code("wrangler.toml")}`,
          ],
        ]),
      ),
      section("Variables and secrets", [
        html`<p class="hint">They are changed in ${code("wrangler.toml")}, secrets with ${code("npx wrangler secret put NAME")}, and count from the next deployment on. A new operator token signs everybody out.</p>`,
        table(
          "Settings",
          [
            { head: "Name", cell: ([name]) => html`<span class="day">${code(name)}</span>` },
            { head: "Value", cell: ([, value]) => shown(value) },
            { head: "What it is for", cell: ([name]) => meanings[name] ?? "" },
          ],
          [...Object.entries(settings)],
        ),
        facts([
          [
            "Key that secrets are encrypted under",
            html`${code(encryption_key)}, which only names it. ${code("npm run rotate-key")} changes it`,
          ],
        ]),
      ]),
      section("Changes", auditTable(view, audit, names), audit.length > 0 ? html`<a href="/audit">All changes</a>` : null),
    ],
  };
}

function shown(value: Settings["settings"][string]): Html {
  if (value === null || (Array.isArray(value) && value.length === 0)) return html`<span class="none">not set</span>`;
  return html`<code>${Array.isArray(value) ? value.join(", ") : String(value)}</code>`;
}
