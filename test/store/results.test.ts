import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ResultRefused, writeResult } from "../../src/store/results.ts";

const archive = (env as unknown as { ARCHIVE: R2Bucket }).ARCHIVE;
const MB = 1024 * 1024;
const newKey = () => `jobs/test/${crypto.randomUUID()}.csv`;
const usual = { length: null, sizeLimit: 100 * MB, contentType: "text/csv" };

/** A body of `size` bytes in chunks, no two of them alike; counts what was taken of it. */
function aBody(size: number, chunk = 64 * 1024 - 7) {
  const hash = createHash("sha256");
  const state = { taken: 0, sha256: "" };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const bytes = new Uint8Array(Math.min(chunk, size - state.taken)).fill(state.taken % 251);
        if (bytes.byteLength > 0) controller.enqueue(bytes);
        hash.update(bytes);
        state.taken += bytes.byteLength;
        if (state.taken < size) return;
        state.sha256 = hash.digest("hex");
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

/** The bucket, with a look at what was taken whenever something is written. */
function watched(look: (bytes: number) => void): R2Bucket {
  let uploaded = 0;
  const note = (part: { byteLength: number }) => {
    look(uploaded);
    uploaded += part.byteLength;
  };
  return {
    put: async (key: string, part: Uint8Array, options: R2PutOptions) => {
      note(part);
      return await archive.put(key, part, options);
    },
    createMultipartUpload: async (key: string, options: R2MultipartOptions) => {
      const upload = await archive.createMultipartUpload(key, options);
      const uploadPart = async (nth: number, part: Uint8Array) => {
        note(part);
        return await upload.uploadPart(nth, part);
      };
      return { uploadPart, complete: (parts: R2UploadedPart[]) => upload.complete(parts), abort: () => upload.abort() };
    },
  } as unknown as R2Bucket;
}

async function sha256In(key: string): Promise<string> {
  const hash = createHash("sha256");
  const object = await archive.get(key);
  for await (const chunk of object?.body ?? []) hash.update(chunk);
  return hash.digest("hex");
}

describe("a stream is stored as it came, counted and hashed", () => {
  test.each([0, 1, 8 * MB - 1, 8 * MB, 8 * MB + 1, 16 * MB, 40 * MB])("of %i bytes, with one part of it in memory", async (size) => {
    const key = newKey();
    const { body, state } = aBody(size);
    const ahead: number[] = [];
    const bucket = watched((uploaded) => ahead.push(state.taken - uploaded));
    const written = await writeResult(bucket, key, body, { ...usual, length: size });
    expect(written).toEqual({ bytes: size, sha256: state.sha256 });
    expect(await archive.head(key)).toMatchObject({ size, httpMetadata: { contentType: "text/csv" } });
    expect(await sha256In(key)).toBe(state.sha256);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(8 * MB + 64 * 1024);
    await archive.delete(key);
  });
});

describe("what is not whole is not stored", () => {
  const broken = (size: number) => {
    const { body } = aBody(size);
    const stop = new TransformStream<Uint8Array, Uint8Array>({
      flush: () => {
        throw new Error("Network connection lost.");
      },
    });
    return body.pipeThrough(stop);
  };
  const long = (size: number) => aBody(size).body;

  test.each([
    ["breaks off within the first part", () => broken(100), usual],
    ["breaks off behind it", () => broken(9 * MB), usual],
    ["is shorter than was said", () => long(100), { ...usual, length: 101 }],
    ["is shorter than was said, behind the first part", () => long(9 * MB), { ...usual, length: 10 * MB }],
    ["is longer than was said", () => long(100), { ...usual, length: 99 }],
    ["is larger than it may be", () => long(20 * MB), { ...usual, sizeLimit: 10 * MB }],
  ])("when it %s", async (_, body, options) => {
    const key = newKey();
    await expect(writeResult(archive, key, body(), options)).rejects.toThrow(/lost|in place of|larger/);
    expect(await archive.head(key)).toBeNull();
  });

  test("when it says beforehand that it is too large, of which nothing is read", async () => {
    const { body, state } = aBody(20 * MB);
    const refusal = await writeResult(archive, newKey(), body, { ...usual, sizeLimit: MB, length: 20 * MB }).catch((error) => error);
    expect(refusal).toBeInstanceOf(ResultRefused);
    expect(refusal).toMatchObject({ isLasting: true, message: "it is larger than 1 MB" });
    expect(state.taken).toBe(0);
  });
});
