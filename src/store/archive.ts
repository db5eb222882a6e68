import type { Line } from "./archived.ts";

/** What a part of the archive holds. */
export const contents = ["events", "quarantine"] as const;
export type Content = (typeof contents)[number];

/** One object in the archive: some hundred lines of one day. */
export interface Part {
  key: string;
  lines: number;
  /** Compressed, in bytes. */
  size: number;
}

/**
 * Writes lines of one day, compressed, under a name made of the day, the first of them and the SHA-256 of all: what differs never
 * takes another's place, and what is equal is written once.
 */
export async function writePart(bucket: R2Bucket, content: Content, day: string, first: string, lines: Line[]): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const bytes = await bytesOf(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")));
  const sha256 = await crypto.subtle.digest("SHA-256", bytes);
  const key = `${content}/${day}/${first}-${Buffer.from(sha256).toString("hex").slice(0, 16)}.ndjson.gz`;
  const options = { sha256, httpMetadata: { contentType: "application/gzip" }, customMetadata: { lines: String(lines.length) } };
  if ((await bucket.put(key, bytes, options)) === null) throw new Error(`R2 did not take ${key}`);
}

/** The lines of a part. Throws when there is none of this name. */
export async function readPart(bucket: R2Bucket, key: string): Promise<Line[]> {
  const object = await bucket.get(key);
  if (!object) throw new Error(`${key} is not in the archive any more`);
  const text = await new Response(object.body.pipeThrough(new DecompressionStream("gzip"))).text();
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** The parts of a day, oldest first. `next` goes on where this page ends; null at the end. */
export async function listParts(
  bucket: R2Bucket,
  content: Content,
  search: { day: string; after?: string | undefined; limit: number },
): Promise<{ parts: Part[]; next: string | null }> {
  const { objects, truncated } = await bucket.list({
    prefix: `${content}/${search.day}/`,
    limit: search.limit,
    include: ["customMetadata"],
    ...(search.after && { startAfter: search.after }),
  });
  const parts = objects.map(({ key, size, customMetadata }) => ({ key, size, lines: Number(customMetadata?.["lines"]) }));
  return { parts, next: truncated ? (parts.at(-1)?.key ?? null) : null };
}

/** The days that the archive has something of, oldest first. */
export async function listDays(
  bucket: R2Bucket,
  content: Content,
  search: { after?: string | undefined; limit: number },
): Promise<{ days: string[]; next: string | null }> {
  const { delimitedPrefixes, truncated } = await bucket.list({
    prefix: `${content}/`,
    delimiter: "/",
    limit: search.limit,
    ...(search.after && { startAfter: `${content}/${search.after}/~` }),
  });
  const days = delimitedPrefixes.map((prefix) => prefix.slice(content.length + 1, -1));
  return { days, next: truncated ? (days.at(-1) ?? null) : null };
}

async function bytesOf(stream: ReadableStream): Promise<ArrayBuffer> {
  return await new Response(stream).arrayBuffer();
}
