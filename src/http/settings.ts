import * as z from "zod";
import type { App } from "../app.ts";
import { version } from "../domain/version.ts";
import { listAudit } from "../store/audit.ts";
import { auditTable } from "../ui/changes.ts";
import { pager } from "../ui/parts.ts";
import { settingsPage } from "../ui/settings.ts";
import { destinationNames } from "./deliveries.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames } from "./events.ts";
import { healthOf } from "./health.ts";
import { instant, pagingBy } from "./input.ts";

export const showSettings = endpoint({
  summary: "How this Worker is set up, and whether it is well; no secrets",
  run: async ({ app }) => {
    const { config } = app;
    const [health, { entries }] = await Promise.all([healthOf(app), listAudit(app.db, { limit: 10 })]);
    return {
      body: {
        version,
        health,
        settings: {
          INGEST_MODE: config.ingestMode,
          RETENTION_DAYS: config.retentionDays,
          STORE_TIME_LIMIT_MS: config.storeTimeLimitMs,
          INTAKE_TIME_LIMIT_MS: config.intakeTimeLimitMs,
          ALLOW_LOOPBACK: config.allowLoopback,
          ALLOWED_TARGETS: config.allowedTargets,
          DNS_OVER_HTTPS: config.dnsOverHttps,
          IMPACT_API: config.impactApi,
        },
        has_archive: app.archive !== null,
        encryption_key: app.seal.keyId,
        audit: entries.map(viewAudit),
      },
    };
  },
  page: async ({ app, answer, view }) => settingsPage(view, answer, await namesOf(app)),
});

export const showAudit = endpoint({
  summary: "What operators changed, the latest first: never a value, only which fields were given",
  query: z.strictObject(pagingBy("aud")),
  run: async ({ app, query }) => {
    const { entries, next } = await listAudit(app.db, query);
    return { body: { data: entries.map(viewAudit), next } };
  },
  page: async ({ app, answer, view }) => ({
    title: "Changes",
    lead: "What operators changed: never a value, only which fields were given.",
    body: [auditTable(view, answer.data, await namesOf(app)), pager(view, answer.next)],
  }),
});

function viewAudit({ at, ...entry }: Awaited<ReturnType<typeof listAudit>>["entries"][number]) {
  return { ...entry, at: instant(at) };
}

/** What sources and destinations are called, by their ids. */
async function namesOf(app: App): Promise<Map<string, string>> {
  return new Map([...(await sourceNames(app)), ...(await destinationNames(app))]);
}
