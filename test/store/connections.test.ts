import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { Connection } from "../../src/domain/connection.ts";
import { newShortId } from "../../src/domain/id.ts";
import { hour, minute } from "../../src/domain/time.ts";
import {
  deleteConnection,
  findConnection,
  listConnections,
  moveWatermark,
  noteFailure,
  resealConnection,
  saveConnection,
} from "../../src/store/connections.ts";

const db = env.DB;
const made: string[] = [];
const now = Date.parse("2026-11-20T08:00:00.123Z");

function aConnection(parts: Partial<Connection> = {}): Connection {
  const sourceId = newShortId("src");
  made.push(sourceId);
  return {
    sourceId,
    sealed: "v2.sealed",
    accountHash: "a".repeat(64),
    accountHint: "IR…abcd",
    campaignIds: ["1000", "2000"],
    abilities: { actions: "ok", updates: "ok", inquiries: "The AuthToken lacks the scope ActionInquiries.", jobs: "ok" },
    origin: "https://edge.example",
    watermark: now,
    nextUpdatesAt: now,
    nextStatesAt: now,
    failure: null,
    createdAt: now,
    updatedAt: now,
    ...parts,
  };
}

afterAll(async () => {
  for (const id of made) await deleteConnection(db, id);
});

async function saved(parts: Partial<Connection> = {}): Promise<Connection> {
  return await saveConnection(db, aConnection(parts));
}

test("what is saved is found as it was, alone and among all", async () => {
  const connection = aConnection();
  expect(await saveConnection(db, connection)).toEqual(connection);
  expect(await findConnection(db, connection.sourceId)).toEqual(connection);
  expect(await listConnections(db)).toContainEqual(connection);
});

test("a source without one has none", async () => expect(await findConnection(db, "src_none")).toBeNull());

describe("saving it again", () => {
  const later = now + hour;
  const anew = (connection: Connection, parts: Partial<Connection> = {}) =>
    saveConnection(db, {
      ...connection,
      sealed: "v2.other",
      watermark: later,
      nextUpdatesAt: later,
      createdAt: later,
      updatedAt: later,
      ...parts,
    });

  test("keeps how far it has come, and since when it is there, where the account is the same", async () => {
    const connection = await saved({ failure: "no" });
    const after = await anew(connection, { failure: null });
    expect(after).toEqual({ ...connection, sealed: "v2.other", nextUpdatesAt: later, failure: null, updatedAt: later });
    expect(await findConnection(db, connection.sourceId)).toEqual(after);
  });

  test("begins anew with another account", async () => {
    const after = await anew(await saved(), { accountHash: "b".repeat(64) });
    expect(after).toMatchObject({ accountHash: "b".repeat(64), watermark: later, createdAt: now });
  });
});

test("is deleted once", async () => {
  const { sourceId } = await saved();
  expect([await deleteConnection(db, sourceId), await deleteConnection(db, sourceId)]).toEqual([true, false]);
  expect(await findConnection(db, sourceId)).toBeNull();
});

test("the watermark never goes back", async () => {
  const { sourceId } = await saved();
  await moveWatermark(db, sourceId, now + hour);
  await moveWatermark(db, sourceId, now + minute);
  expect(await findConnection(db, sourceId)).toMatchObject({ watermark: now + hour });
});

test("a failure is news once, and so is its end", async () => {
  const { sourceId } = await saved();
  const notes = [];
  for (const reason of [null, "no", "no", "still no", null, null]) notes.push(await noteFailure(db, sourceId, reason, now + minute));
  expect(notes).toEqual([false, true, false, true, true, false]);
  await noteFailure(db, sourceId, "no", now + hour);
  expect(await findConnection(db, sourceId)).toMatchObject({ failure: "no", updatedAt: now + hour });
});

test("what was changed while it was sealed anew stays as it was changed", async () => {
  const { sourceId } = await saved();
  await resealConnection(db, sourceId, "v2.lost", "v2.former");
  expect(await findConnection(db, sourceId)).toMatchObject({ sealed: "v2.sealed" });
  await resealConnection(db, sourceId, "v2.new", "v2.sealed");
  expect(await findConnection(db, sourceId)).toMatchObject({ sealed: "v2.new", updatedAt: now });
});
