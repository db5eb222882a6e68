import type { App } from "./app.ts";
import { type Event, madeEvent } from "./domain/event.ts";
import type { Fields } from "./domain/fields.ts";
import type { JobFile } from "./domain/job-file.ts";
import { formatInstant, type Instant } from "./domain/time.ts";
import { select } from "./forward/select.ts";
import type { JobRecord } from "./impact/map.ts";
import { linkLifeMs, linkTo } from "./link.ts";
import { fingerprint } from "./postback/fingerprint.ts";
import { selectedOf } from "./receive.ts";
import { ring, ringsOf } from "./ring.ts";
import { findConnection } from "./store/connections.ts";
import { type Ending, tellFile } from "./store/job-files.ts";

/** How a look at a job ended: its result is in R2, it had none because it failed, or there is none to be had, for a reason. */
export type Found =
  | { kind: "stored"; record: JobRecord; stored: NonNullable<Ending["stored"]> }
  | { kind: "unsuccessful"; record: JobRecord }
  | { kind: "missing"; record: JobRecord | null; reason: string };

/** It is not over. `at`: not before then; `isLasting`: it would be the same the next time. */
export interface Later {
  kind: "later";
  reason: string;
  at: Instant | null;
  isLasting: boolean;
  record: JobRecord | null;
}

/** Makes the event of a job that is over, and sends it down the same road as all others, once. */
export async function tellJob(app: App, file: JobFile, found: Found): Promise<void> {
  const { sources, destinations } = await app.catalog.current(app.db);
  const origin = (await findConnection(app.db, file.sourceId))?.origin ?? null;
  const event = eventOf(app, file, found, origin);
  const name = sources.find(({ id }) => id === file.sourceId)?.name ?? file.sourceId;
  const wanting = select(event, name, destinations);
  const selected = wanting.map((destination) => selectedOf(event, destination));
  if (!(await tellFile(app.db, file, endingOf(found), event, selected))) return;
  const rings = ringsOf(event.id, wanting);
  if (rings.length > 0) await ring(app, rings);
}

function endingOf(found: Found): Ending {
  if (found.kind === "stored") return { state: "stored", stored: found.stored, reason: null };
  const reason = found.kind === "missing" ? found.reason : `impact.com says that the job is ${found.record.status}`;
  return { state: "failed", stored: null, reason };
}

function eventOf(app: App, file: JobFile, found: Found, origin: string | null): Event {
  const now = app.now();
  const { record } = found;
  const fields = { JobId: file.jobId, Status: "COMPLETED", ...saidBy(record), ...added(app, file, found, origin, now) };
  const kind = "job-completion";
  return madeEvent({
    sourceId: file.sourceId,
    origin: "reconciliation",
    kind,
    type: found.kind === "unsuccessful" ? "job.failed" : "job.completed",
    subject: `job:${file.jobId}`,
    fingerprint: fingerprint(file.sourceId, kind, fields, {}),
    status: fields.Status.trim().toUpperCase(),
    receivedAt: now,
    occurredAt: record?.completedAt ?? null,
    fields,
  });
}

/** The job's own record, without impact.com's addresses of it and without CreatedBy, which is the AccountSID. */
export function saidBy(record: JobRecord | null): Fields {
  const entries = Object.entries(record?.fields ?? {});
  return Object.fromEntries(entries.filter(([name]) => !/ur[il]$/i.test(name) && name !== "CreatedBy" && name !== "JobId"));
}

function added({ config }: App, { jobId, hintEventId }: JobFile, found: Found, origin: string | null, now: Instant): Fields {
  if (found.kind === "missing") return { DownloadProblem: `The result could not be downloaded: ${found.reason}.` };
  if (found.kind === "unsuccessful") return {};
  const { bytes, sha256, contentType } = found.stored;
  const about = { Bytes: String(bytes), Sha256: sha256 ?? "", ContentType: contentType ?? "" };
  if (origin === null) return about; // the access to the API was taken away meanwhile, and with it our own address
  const expiresAt = now + linkLifeMs;
  const url = linkTo(config, origin, { jobId, hintEventId, expiresAt });
  return { ...about, DownloadUrl: url, DownloadExpires: formatInstant(Math.floor(expiresAt / 1000) * 1000) };
}
