import * as z from "zod";
import type { App } from "../app.ts";
import { Problem } from "../domain/problem.ts";
import { day as dayMs, second } from "../domain/time.ts";
import * as archive from "../store/archive.ts";
import { restore } from "../store/retention.ts";
import { dayPage, daysPage, restoredPage } from "../ui/archive.ts";
import { endpoint } from "./endpoint.ts";
import { paging, wrongCursor } from "./input.ts";

/** What was read back stays so long at least. */
const stayMs = 7 * dayMs;
/** One call reads back so many parts at the most, and begins none after so long. */
const mostParts = 20;
const runMs = 15 * second;
/** So many lines are written in one transaction. */
const linesAtOnce = 50;

const content = z.enum(archive.contents).default("events").describe("Events with their deliveries and attempts, or calls in quarantine.");

export const listDays = endpoint({
  summary: "The days that the archive has something of, oldest first",
  query: z.strictObject({ content, ...paging, cursor: z.iso.date("is not the `next` of a page").optional() }),
  run: async ({ app, query }) => {
    const { days, next } = await archive.listDays(bucketOf(app), query.content, { after: query.cursor, limit: query.limit });
    return { body: { data: days, next } };
  },
  page: ({ answer, query, view }) => daysPage(view, query.content, answer),
});

export const listParts = endpoint({
  summary: "The parts of one day in the archive: objects of compressed NDJSON in R2",
  query: z.strictObject({ content, ...paging }),
  run: async ({ app, params, query }) => {
    const search = { day: dayOf(params["day"]), after: query.cursor, limit: query.limit };
    if (query.cursor?.startsWith(`${query.content}/${search.day}/`) === false) throw wrongCursor();
    const { parts, next } = await archive.listParts(bucketOf(app), query.content, search);
    return { body: { data: parts, next } };
  },
  page: ({ answer, params, query, view }) => dayPage(view, dayOf(params["day"]), query.content, answer),
});

export const reingestDay = endpoint({
  summary: "Read a day back from the archive, as it was: nothing is delivered again. Call it with `next` for a cursor until that is null",
  body: z.strictObject({ content, cursor: z.string().optional().describe("`next` of the call before.") }),
  run: async ({ app, params, body }) => {
    const bucket = bucketOf(app);
    const began = app.now();
    const search = { day: dayOf(params["day"]), after: body.cursor, limit: mostParts };
    const { parts, next } = await archive.listParts(bucket, body.content, search);
    const counts = { lines: 0, restored: 0 };
    for (const [nth, { key }] of parts.entries()) {
      if (nth > 0 && app.now() - began > runMs) return { body: { ...counts, next: parts[nth - 1]?.key ?? null } };
      const lines = await archive.readPart(bucket, key);
      counts.lines += lines.length;
      for (let start = 0; start < lines.length; start += linesAtOnce)
        counts.restored += await restore(app.db, lines.slice(start, start + linesAtOnce), began + stayMs);
    }
    return { body: { ...counts, next } };
  },
  form: (fields) => ({ content: fields.text("content"), cursor: fields.text("cursor") }),
  page: ({ answer, params, typed: { values } }) =>
    restoredPage(
      dayOf(params["day"]),
      values["content"] ?? "events",
      { lines: soFar(values["lines"]), restored: soFar(values["restored"]) },
      answer,
    ),
});

/** What the calls before came to, as the form says. */
function soFar(text = "0"): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function bucketOf({ archive }: App): R2Bucket {
  if (archive) return archive;
  throw new Problem("not_found", "There is no archive: bind an R2 bucket as ARCHIVE (see [[r2_buckets]] in wrangler.toml) and deploy.");
}

function dayOf(text = ""): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new Problem("not_found", "The archive is by days in UTC, like /archive/2026-05-13. GET /archive lists them.");
}
