import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import { newShortId, newTimedId } from "../../src/domain/id.ts";
import type { Reconciliation } from "../../src/domain/reconciliation.ts";
import { hour } from "../../src/domain/time.ts";
import { deleteConnection, findConnection, saveConnection } from "../../src/store/connections.ts";
import { takeTurn } from "../../src/store/turns.ts";
import { count } from "./samples.ts";

const db = env.DB;
const now = Date.now();
const sources: string[] = [];

afterAll(async () => {
  for (const id of sources) {
    await deleteConnection(db, id);
    await db.prepare("update reconciliations set state = 'cancelled' where source_id = ?").bind(id).run();
  }
});

async function aSource(): Promise<string> {
  const sourceId = newShortId("src");
  sources.push(sourceId);
  const account = { sealed: "v1.a.b", accountHash: "a", accountHint: "IR…", campaignIds: [], origin: "", failure: null };
  const abilities = { actions: "ok", updates: "ok", inquiries: "ok", jobs: "ok" };
  const times = { watermark: now, nextUpdatesAt: now, nextStatesAt: now, createdAt: now, updatedAt: now };
  await saveConnection(db, { sourceId, ...account, abilities, ...times });
  return sourceId;
}

function aWalk(sourceId: string, task: Reconciliation["task"]): Reconciliation {
  const counts = { calls: 0, records: 0, repaired: 0, failures: 0 };
  const times = { since: now - hour, until: now, nextAt: now + 1e11, leasedUntil: 0, createdAt: now, updatedAt: now, finishedAt: null };
  const cursor = { legs: [], next: null, total: 0 };
  return {
    id: newTimedId("rec", now),
    sourceId,
    task,
    origin: "reconciliation",
    state: "running",
    cursor,
    reason: null,
    ...counts,
    ...times,
  };
}

test.each(["updates", "states"] as const)("of those who take the turn of %s at once, one begins a walk", async (task) => {
  const sourceId = await aSource();
  const turn = { task, due: now, next: now + hour };
  const all = await Promise.all(Array.from({ length: 5 }, () => takeTurn(db, aWalk(sourceId, task), turn)));
  expect([all.filter(Boolean).length, await count("reconciliations", "source_id = ?", sourceId)]).toEqual([1, 1]);
  const planned = { updates: { nextUpdatesAt: now + hour, nextStatesAt: now }, states: { nextUpdatesAt: now, nextStatesAt: now + hour } };
  expect(await findConnection(db, sourceId)).toMatchObject(planned[task]);
});

test("a turn whose walk cannot be written is not taken", async () => {
  const sourceId = await aSource();
  const turn = { task: "states", due: now, next: now + hour } as const;
  await expect(takeTurn(db, { ...aWalk(sourceId, "states"), origin: "nowhere" as never }, turn)).rejects.toThrow();
  expect(await findConnection(db, sourceId)).toMatchObject({ nextStatesAt: now });
});

test("without access there is no turn to take", async () => {
  const sourceId = newShortId("src");
  expect(await takeTurn(db, aWalk(sourceId, "states"), { task: "states", due: now, next: now + hour })).toBe(false);
  expect(await count("reconciliations", "source_id = ?", sourceId)).toBe(0);
});
