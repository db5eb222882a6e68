import { createHash } from "node:crypto";

/** What was written, counted and hashed on its way. */
export interface Written {
  bytes: number;
  /** Hex. */
  sha256: string;
}

/** A result cannot be stored as it came; the message says why. `isLasting` when it would be the same another time. */
export class ResultRefused extends Error {
  override readonly name = "ResultRefused";
  readonly isLasting: boolean;

  constructor(message: string, isLasting: boolean) {
    super(message);
    this.isLasting = isLasting;
  }
}

/** The parts of a large object, which but for the last have to be equal, of 5 MB at least. Source: Cloudflare, R2's limits. */
const partSize = 8 * 1024 * 1024;

/**
 * Writes a stream of any length, a part at a time, so that no more than one part of it is in memory. The object is there once all
 * of it is, and not before. Throws `ResultRefused`, and what the stream or R2 throw.
 */
export async function writeResult(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  { length, sizeLimit, contentType }: { length: number | null; sizeLimit: number; contentType: string },
): Promise<Written> {
  const hash = createHash("sha256");
  const options = { httpMetadata: { contentType } };
  const parts: R2UploadedPart[] = [];
  let bytes = 0;
  let upload: R2MultipartUpload | null = null;
  try {
    refuseLonger(length ?? 0, sizeLimit);
    for await (const { part, isLast } of inParts(body)) {
      hash.update(part);
      bytes += part.byteLength;
      refuseLonger(bytes, sizeLimit);
      if (isLast && length !== null && bytes !== length) throw new ResultRefused(`it has ${bytes} bytes in place of ${length}`, false);
      const sha256 = isLast ? hash.digest("hex") : null;
      if (sha256 !== null && upload === null) {
        if ((await bucket.put(key, part, { ...options, sha256 })) === null) throw new Error("R2 did not take it");
      } else if (part.byteLength > 0) {
        upload ??= await bucket.createMultipartUpload(key, options);
        parts.push(await upload.uploadPart(parts.length + 1, part));
      }
      if (sha256 === null) continue;
      await upload?.complete(parts);
      return { bytes, sha256 };
    }
    throw new Error("a stream without an end");
  } catch (error) {
    await body.cancel().catch(() => null); // it may be at its end, or broken
    await upload?.abort().catch((reason) => console.warn("results: R2 forgets an unfinished upload by itself", String(reason)));
    throw error;
  }
}

function refuseLonger(bytes: number, sizeLimit: number): void {
  if (bytes > sizeLimit) throw new ResultRefused(`it is larger than ${Math.floor(sizeLimit / 1024 / 1024)} MB`, true);
}

/** A stream in parts of one size, the last of which may be shorter, or empty. Each is to be used before the next one is asked for. */
async function* inParts(body: ReadableStream<Uint8Array>): AsyncGenerator<{ part: Uint8Array; isLast: boolean }> {
  const buffer = new Uint8Array(partSize);
  let filled = 0;
  const reader = body.getReader();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      for (let rest = value ?? new Uint8Array(); rest.byteLength > 0; ) {
        const taken = rest.subarray(0, partSize - filled);
        buffer.set(taken, filled);
        filled += taken.byteLength;
        rest = rest.subarray(taken.byteLength);
        if (filled < partSize) continue;
        yield { part: buffer, isLast: false };
        filled = 0;
      }
    }
  } finally {
    reader.releaseLock();
  }
  yield { part: buffer.subarray(0, filled), isLast: true };
}
