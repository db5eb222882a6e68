import { version } from "../domain/version.ts";
import { listActions, showAction } from "./actions.ts";
import { listAlerts } from "./alerts.ts";
import { listDays, listParts, reingestDay } from "./archive.ts";
import { putConnection, removeConnection, showAccess, showConnection } from "./connections.ts";
import { listDeliveries, retryDelivery, showDelivery } from "./deliveries.ts";
import { showDestinationHealth } from "./destination-health.ts";
import { reencrypt, rotateKey } from "./destination-keys.ts";
import { showDestinationForm, showNewDestination } from "./destination-pages.ts";
import { listPresets, previewDestination, showPreview } from "./destination-preview.ts";
import {
  createDestination,
  deleteDestination,
  listDestinations,
  showDestination,
  testDestination,
  updateDestination,
} from "./destinations.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { listEvents, showEvent } from "./events.ts";
import { checkFilter } from "./filters.ts";
import { listGaps, showCapture } from "./gaps.ts";
import { showHealth } from "./health.ts";
import { downloadFile, fetchFile } from "./job-files.ts";
import { showLogin, signIn, signOut } from "./login.ts";
import { inquiries, jobs, trackingValueRequests } from "./matters.ts";
import { openApi } from "./openapi.ts";
import { showOverview } from "./overview.ts";
import { wantsPage } from "./page.ts";
import { probePostback, receivePostback } from "./postback.ts";
import { dismissQuarantine, listQuarantine } from "./quarantine.ts";
import { previewReingest, showQuarantined } from "./quarantine-preview.ts";
import {
  cancelReconciliation,
  createReconciliation,
  listReconciliations,
  pauseReconciliation,
  resumeReconciliation,
  showNewReconciliation,
  showReconciliation,
} from "./reconciliations.ts";
import { createRecovery, listRecoveries, showNewRecovery, showRecovery, stopRecovery } from "./recoveries.ts";
import { reingest } from "./reingest.ts";
import { reingestMany, showReingest } from "./reingest-many.ts";
import { replayEvent } from "./replay.ts";
import { showReport } from "./reports.ts";
import { showAudit, showSettings } from "./settings.ts";
import { showKeys } from "./source-keys.ts";
import { showConnecting, showNewSource, showSourceForm } from "./source-pages.ts";
import { createSource, listSources, rotateToken, showSource, updateSource } from "./sources.ts";

export type Methods = Partial<Record<"GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE", Endpoint>>;

const document = endpoint({
  summary: "This document",
  isOpen: true,
  run: async ({ origin }) => ({ body: openApi(routes, origin) }),
});

const welcome = endpoint({
  summary: "What this is, and where to go on",
  isOpen: true,
  run: async ({ origin, request }) => {
    if (wantsPage(request)) return Response.redirect(`${origin}/overview`, 303);
    return { body: { name: "Postback Edge", version, api: `${origin}/openapi.json`, health: `${origin}/health` } };
  },
});

/** Every address there is, and who answers there. */
export const routes: [path: string, methods: Methods][] = [
  ["/", { GET: welcome }],
  ["/in/:token/:kind?", { GET: receivePostback, POST: receivePostback, HEAD: probePostback }],
  ["/sources", { GET: listSources, POST: createSource }],
  ["/sources/new", { GET: showNewSource }],
  ["/sources/:id/connect", { GET: showConnecting }],
  ["/sources/:id/keys", { GET: showKeys }],
  ["/sources/:id/edit", { GET: showSourceForm }],
  ["/sources/:id/access", { GET: showAccess }],
  ["/sources/:id", { GET: showSource, PATCH: updateSource }],
  ["/sources/:id/token", { POST: rotateToken }],
  ["/sources/:id/api", { GET: showConnection, PUT: putConnection, DELETE: removeConnection }],
  ["/destinations", { GET: listDestinations, POST: createDestination }],
  ["/destinations/preview", { POST: previewDestination }],
  ["/destinations/reencrypt", { POST: reencrypt }],
  ["/destinations/new", { GET: showNewDestination }],
  ["/destinations/:id/edit", { GET: showDestinationForm }],
  ["/destinations/:id/preview", { GET: showPreview }],
  ["/destinations/:id/health", { GET: showDestinationHealth }],
  ["/filters", { POST: checkFilter }],
  ["/destinations/:id", { GET: showDestination, PATCH: updateDestination, DELETE: deleteDestination }],
  ["/destinations/:id/test", { POST: testDestination }],
  ["/destinations/:id/secret", { POST: rotateKey }],
  ["/presets", { GET: listPresets }],
  ["/events", { GET: listEvents }],
  ["/events/:id", { GET: showEvent }],
  ["/events/:id/replay", { POST: replayEvent }],
  ["/actions", { GET: listActions }],
  ["/actions/:action_id", { GET: showAction }],
  ["/reports", { GET: showReport }],
  ["/inquiries", { GET: inquiries.list }],
  ["/inquiries/:id", { GET: inquiries.show }],
  ["/tracking-value-requests", { GET: trackingValueRequests.list }],
  ["/tracking-value-requests/:id", { GET: trackingValueRequests.show }],
  ["/jobs", { GET: jobs.list }],
  ["/jobs/:id", { GET: jobs.show }],
  ["/jobs/:id/download", { GET: downloadFile }],
  ["/jobs/:id/fetch", { POST: fetchFile }],
  ["/deliveries", { GET: listDeliveries }],
  ["/deliveries/:id", { GET: showDelivery }],
  ["/deliveries/:id/retry", { POST: retryDelivery }],
  ["/reconciliations", { GET: listReconciliations, POST: createReconciliation }],
  ["/reconciliations/new", { GET: showNewReconciliation }],
  ["/reconciliations/:id", { GET: showReconciliation }],
  ["/reconciliations/:id/pause", { POST: pauseReconciliation }],
  ["/reconciliations/:id/resume", { POST: resumeReconciliation }],
  ["/reconciliations/:id/cancel", { POST: cancelReconciliation }],
  ["/gaps", { GET: listGaps }],
  ["/capture", { GET: showCapture }],
  ["/recoveries", { GET: listRecoveries, POST: createRecovery }],
  ["/recoveries/new", { GET: showNewRecovery }],
  ["/recoveries/:id", { GET: showRecovery }],
  ["/recoveries/:id/cancel", { POST: stopRecovery }],
  ["/quarantine", { GET: listQuarantine }],
  ["/quarantine/reingest", { GET: showReingest, POST: reingestMany }],
  ["/quarantine/:id/preview", { POST: previewReingest }],
  ["/quarantine/:id", { GET: showQuarantined }],
  ["/quarantine/:id/reingest", { POST: reingest }],
  ["/quarantine/:id/dismiss", { POST: dismissQuarantine }],
  ["/overview", { GET: showOverview }],
  ["/settings", { GET: showSettings }],
  ["/audit", { GET: showAudit }],
  ["/login", { GET: showLogin, POST: signIn }],
  ["/logout", { POST: signOut }],
  ["/alerts", { GET: listAlerts }],
  ["/archive", { GET: listDays }],
  ["/archive/:day", { GET: listParts }],
  ["/archive/:day/reingest", { POST: reingestDay }],
  ["/health", { GET: showHealth }],
  ["/openapi.json", { GET: document }],
];
