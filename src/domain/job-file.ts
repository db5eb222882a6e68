import { createHash } from "node:crypto";
import { day, formatInstant, type Instant, minute } from "./time.ts";

/** `waiting`: it is still to be fetched; `stored`: it is in R2, and was told; `failed`: it was told that there is none. */
export type JobFileState = "waiting" | "stored" | "failed";

/** The result of a job that a postback (`hintEventId`) gave a hint of. What it is and where is known once it is stored. */
export interface JobFile {
  hintEventId: string;
  sourceId: string;
  jobId: string;
  state: JobFileState;
  attempts: number;
  nextAt: Instant;
  key: string | null;
  bytes: number | null;
  sha256: string | null;
  contentType: string | null;
  /** The event that told of it. */
  eventId: string | null;
  /** Why there is no file, or none yet. */
  reason: string | null;
  createdAt: Instant;
  updatedAt: Instant;
}

const waitsMs = [1, 2, 5, 10, 30].map((minutes) => minutes * minute);

/** How long to wait after so many attempts. */
export function waitAfter(attempts: number): number {
  return waitsMs[attempts - 1] ?? (waitsMs.at(-1) as number);
}

/** What may still change is waited for so long. */
export const longestWaitMs = day;

/** What impact.com says once more after so many attempts will not change. */
export const enoughAttempts = 4;

/**
 * Where in R2 a result stands, without the ending: made of the job and of when it was completed (a job that is run again has another
 * result), and of nothing else that came from outside. Ids are opaque text: what is no letter, digit, `-` or `_` goes, and a hash
 * stands for it.
 */
export function placeOf({ sourceId, jobId, hintEventId }: JobFile, completedAt: Instant | null): string {
  const plain = jobId.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 64);
  const name = plain === jobId ? plain : `${plain}~${createHash("sha256").update(jobId).digest("hex").slice(0, 16)}`;
  const run = completedAt === null ? hintEventId : formatInstant(completedAt).replace(/[:.]/g, "-");
  return `jobs/${sourceId}/${name}/${run}`;
}

/** Endings by content type; all else is `bin`. */
const endings: Record<string, string> = {
  "text/csv": "csv",
  "application/csv": "csv",
  "application/json": "json",
  "application/xml": "xml",
  "text/xml": "xml",
  "application/zip": "zip",
  "application/gzip": "gz",
};

const types: Record<string, string> = {
  csv: "text/csv",
  json: "application/json",
  xml: "application/xml",
  zip: "application/zip",
  gz: "application/gzip",
  bin: "application/octet-stream",
};

/** What a file is, by the header fields it came with: its ending, and the content type that we serve it with. */
export function formOf(contentType: string | null, disposition: string | null): { ending: string; contentType: string } {
  const [, named = ""] = /filename="?[^";]*\.([a-z]{2,4})"?\s*(?:;|$)/i.exec(disposition ?? "") ?? [];
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const ending = endings[type] ?? (Object.hasOwn(types, named.toLowerCase()) ? named.toLowerCase() : "bin");
  return { ending, contentType: types[ending] as string };
}
