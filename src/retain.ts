import type { App } from "./app.ts";
import { book } from "./book.ts";
import { day, formatInstant, type Instant, second } from "./domain/time.ts";
import { type Content, writePart } from "./store/archive.ts";
import type { Line } from "./store/archived.ts";
import { nextSlice, prune, pruneQuarantined, readLines, readQuarantined } from "./store/retention.ts";
import { numberOf, type Row, textOf } from "./store/rows.ts";

/** So long a run may take; the next one begins a minute after this one did. */
const runMs = 20 * second;
/** After each slice D1 is left to others for so many times as long as the slice took. */
const rest = 4;

type Retaining = Pick<App, "db" | "now"> & { archive: R2Bucket };

/**
 * Moves what is older than RETENTION_DAYS from D1 into the archive, a slice at a time: written there first, deleted here after.
 * Stopped anywhere, it begins with the same slice again; what was written twice is read back once.
 */
export async function retain(app: App): Promise<void> {
  const { archive, config } = app;
  if (archive === null || config.retentionDays === null) return;
  const began = app.now();
  const end = began - config.retentionDays * day;
  await book(app, runMs); // what is not in the books must not go
  for (const move of [moveEvents, moveQuarantined]) {
    while (app.now() - began < runMs) {
      const from = app.now();
      if (!(await move({ ...app, archive }, end))) break;
      await new Promise((resolve) => setTimeout(resolve, rest * (app.now() - from)));
    }
  }
}

/** Returns whether there may be more. */
async function moveEvents({ db, archive, now }: Retaining, end: Instant): Promise<boolean> {
  const slice = await nextSlice(db, end, now());
  if (slice === null) return false;
  await write(archive, "events", await readLines(db, slice.ids));
  const deleted = await prune(db, slice, end, now());
  if (deleted > 0) console.log(`retain: ${deleted} events went into the archive, up to ${slice.position}`);
  return true;
}

async function moveQuarantined({ db, archive }: Retaining, end: Instant): Promise<boolean> {
  const lines = await readQuarantined(db, end);
  if (lines.length === 0) return false;
  await write(archive, "quarantine", lines);
  await pruneQuarantined(
    db,
    lines.map((line) => textOf(firstRow(line), "id")),
  );
  return true;
}

/** One part for each day that the lines are of. */
async function write(archive: R2Bucket, content: Content, lines: Line[]): Promise<void> {
  const days = Map.groupBy(lines, (line) => formatInstant(numberOf(firstRow(line), "received_at")).slice(0, 10));
  for (const [day, ofDay] of days) await writePart(archive, content, day, textOf(firstRow(ofDay[0] ?? {}), "id"), ofDay);
}

function firstRow(line: Line): Row {
  return (line.events ?? line.quarantine ?? [])[0] ?? {};
}
