import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import type { Source } from "../../src/domain/source.ts";
import type { Row } from "../../src/store/rows.ts";
import { saveSource, selectSources, sourceOf } from "../../src/store/sources.ts";
import { aSource } from "../kit.ts";

function unique(parts: Partial<Source> = {}): Source {
  const id = newShortId("src");
  return aSource({ id, name: `store ${id}`, tokenHash: id, ...parts });
}

async function stored(id: string): Promise<Source | undefined> {
  const { results } = await env.DB.prepare(selectSources).all<Row>();
  return results.map(sourceOf).find((source) => source.id === id);
}

const full: Partial<Source> = {
  account: "brand",
  previousTokenHash: "old",
  previousTokenUntil: 5_000_000_000_000,
  mapping: { cid: "SubId1", ключ: "SubId2" },
  dedupeWindow: 0,
  successStatus: 204,
  successBody: "✓ OK",
  invalidStatus: 202,
  requiredHeader: { name: "x-key", valueHash: "hash" },
  allowedIps: ["203.0.113.0/24", "2001:db8::/32"],
  ipPolicy: "enforce",
  createdAt: 1,
  updatedAt: 2,
};

test("a source comes back as it was saved", async () => {
  const source = unique(full);
  await saveSource(env.DB, source);
  expect(await stored(source.id)).toEqual(source);
});

test("a source with nothing special comes back as it was saved", async () => {
  const source = unique();
  await saveSource(env.DB, source);
  expect(await stored(source.id)).toEqual(source);
});

test("saving again changes all but the time of creation", async () => {
  const source = unique();
  await saveSource(env.DB, source);
  const changed = { ...source, ...full, name: `${source.name} renamed`, tokenHash: `${source.tokenHash} rotated`, createdAt: 77 };
  await saveSource(env.DB, changed);
  expect(await stored(source.id)).toEqual({ ...changed, createdAt: source.createdAt });
});
