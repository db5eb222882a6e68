import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { newShortId, newTimedId } from "../../src/domain/id.ts";
import type { Reconciliation } from "../../src/domain/reconciliation.ts";
import { minute, second } from "../../src/domain/time.ts";
import {
  changeState,
  findReconciliation,
  isReconciling,
  leaseReconciliation,
  listDueReconciliations,
  listReconciliations,
  noteProgress,
  type Progress,
  renewLease,
  resumeFailed,
  saveReconciliation,
} from "../../src/store/reconciliations.ts";

const db = env.DB;
const now = Date.now();
const until = now + 30 * second;
const sources: string[] = [];

afterAll(async () => {
  for (const id of sources) await db.prepare("update reconciliations set state = 'cancelled' where source_id = ?").bind(id).run();
});

async function aReconciliation(parts: Partial<Reconciliation> = {}): Promise<Reconciliation> {
  const one: Reconciliation = {
    id: newTimedId("rec", now),
    sourceId: newShortId("src"),
    task: "updates",
    origin: "reconciliation",
    since: now - minute,
    until: now,
    state: "running",
    cursor: { legs: [{ of: "updates", since: now - minute, until: now }], next: null, total: 1 },
    calls: 0,
    records: 0,
    repaired: 0,
    failures: 0,
    reason: null,
    nextAt: now,
    leasedUntil: 0,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
    ...parts,
  };
  sources.push(one.sourceId);
  await saveReconciliation(db, one);
  return one;
}

const progress = (one: Reconciliation, parts: Partial<Progress> = {}): Progress => ({
  cursor: { ...one.cursor, next: "Actions?Page=2" },
  calls: 2,
  records: 30,
  failures: 0,
  reason: null,
  lacksAccess: false,
  nextAt: now,
  state: "running",
  leasedUntil: 0,
  ...parts,
});

const leased = async (one: Reconciliation) => (await leaseReconciliation(db, one.id, until, now)) as Reconciliation;

test("comes back as it was begun", async () => {
  const one = await aReconciliation();
  expect(await findReconciliation(db, one.id)).toEqual(one);
  expect(await findReconciliation(db, "rec_none")).toBeNull();
});

describe("a lease", () => {
  test("of several that want it one gets", async () => {
    const one = await aReconciliation();
    const all = await Promise.all([1, 2, 3].map(() => leaseReconciliation(db, one.id, until, now)));
    expect(all.filter(Boolean)).toHaveLength(1);
  });

  test("can be taken by another once it is over", async () => {
    const one = await aReconciliation();
    await leased(one);
    expect(await leaseReconciliation(db, one.id, until + minute, until - 1)).toBeNull();
    expect(await leaseReconciliation(db, one.id, until + minute, until)).toMatchObject({ id: one.id, leasedUntil: until + minute });
  });

  test("is not given for what waits, or has ended", async () => {
    const waiting = await aReconciliation({ nextAt: now + 1 });
    const ended = await aReconciliation();
    await changeState(db, ended.id, ["running"], "cancelled", now);
    for (const { id } of [waiting, ended]) expect(await leaseReconciliation(db, id, until, now)).toBeNull();
    expect(await leaseReconciliation(db, waiting.id, until, now + 1)).not.toBeNull();
  });

  test("is renewed as long as it is one's own", async () => {
    const one = await aReconciliation();
    await leased(one);
    expect(await renewLease(db, one.id, until, until + minute)).toBe(true);
    expect(await renewLease(db, one.id, until, until + 2 * minute)).toBe(false);
    expect((await findReconciliation(db, one.id))?.leasedUntil).toBe(until + minute);
  });
});

describe("progress", () => {
  test("is added up, and gives the lease back", async () => {
    const mine = await leased(await aReconciliation());
    await noteProgress(db, mine, progress(mine, { leasedUntil: until }), now + 1);
    const after = await noteProgress(db, mine, progress(mine, { reason: "slow", nextAt: now + 5, failures: 1 }), now + 2);
    expect(after).toMatchObject({
      calls: 4,
      records: 60,
      failures: 1,
      reason: "slow",
      nextAt: now + 5,
      leasedUntil: 0,
      updatedAt: now + 2,
    });
    expect(after).toMatchObject({ state: "running", finishedAt: null, cursor: { next: "Actions?Page=2" } });
  });

  test("with a lease that is lost writes nothing", async () => {
    const one = await aReconciliation();
    const mine = await leased(one);
    const theirs = (await leaseReconciliation(db, one.id, until + minute, until)) as Reconciliation;
    expect(await noteProgress(db, mine, progress(mine), now)).toBeNull();
    expect(await findReconciliation(db, one.id)).toEqual(theirs);
  });

  test("of one that was paused meanwhile is kept, and it stays paused", async () => {
    const mine = await leased(await aReconciliation());
    await changeState(db, mine.id, ["running"], "paused", now);
    const after = await noteProgress(db, mine, progress(mine, { state: "finished" }), now + 1);
    expect(after).toMatchObject({ state: "paused", records: 30, finishedAt: null, cursor: { next: "Actions?Page=2" } });
  });

  test("to its end notes when that was", async () => {
    for (const state of ["finished", "failed"] as const) {
      const mine = await leased(await aReconciliation());
      expect(await noteProgress(db, mine, progress(mine, { state }), now + 7)).toMatchObject({ state, finishedAt: now + 7 });
    }
  });
});

describe("its state", () => {
  test("changes only from where it may", async () => {
    const one = await aReconciliation();
    expect(await changeState(db, one.id, ["paused", "failed"], "running", now)).toBeNull();
    expect(await changeState(db, one.id, ["running"], "paused", now + 1)).toMatchObject({ state: "paused", finishedAt: null });
    expect(await changeState(db, one.id, ["running", "paused"], "cancelled", now + 2)).toMatchObject({
      state: "cancelled",
      finishedAt: now + 2,
    });
  });

  test("when it goes on, forgets what failed, and is due at once", async () => {
    const mine = await leased(await aReconciliation());
    await noteProgress(db, mine, progress(mine, { state: "failed", failures: 12, reason: "gone", nextAt: now + minute }), now);
    const on = await changeState(db, mine.id, ["failed"], "running", now + 3);
    expect(on).toMatchObject({ state: "running", failures: 0, reason: null, nextAt: now + 3, finishedAt: null });
  });
});

test("what failed for lack of access goes on: what was asked for, and the last of each hour and day", async () => {
  const { sourceId } = await aReconciliation();
  const failed = async (parts: Partial<Reconciliation>, lacksAccess = true) => {
    const mine = await leased(await aReconciliation({ sourceId, ...parts }));
    await noteProgress(db, mine, progress(mine, { state: "failed", failures: 1, reason: "no", lacksAccess }), now);
    return mine.id;
  };
  const [former, latest] = [await failed({}), await failed({})];
  const backfills = [await failed({ task: "backfill" }), await failed({ task: "backfill" })];
  const daily = await failed({ task: "states" });
  const others = [await failed({ task: "backfill" }, false), await failed({ sourceId: newShortId("src") }), former];
  expect((await resumeFailed(db, sourceId, now + 1)).sort()).toEqual([latest, ...backfills, daily].sort());
  expect(await findReconciliation(db, latest)).toMatchObject({
    state: "running",
    reason: null,
    failures: 0,
    nextAt: now + 1,
    finishedAt: null,
  });
  for (const id of others) expect(await findReconciliation(db, id)).toMatchObject({ state: "failed", reason: "no" });
  expect(await resumeFailed(db, sourceId, now + 2)).toEqual([former]);
});

test("due are those that run, whose time has come, and that nobody is at", async () => {
  const [due, waiting, taken, paused] = [
    await aReconciliation({ nextAt: 5 }),
    await aReconciliation({ nextAt: now + 1 }),
    await aReconciliation({ nextAt: 6 }),
    await aReconciliation({ nextAt: 7 }),
  ];
  await leased(taken);
  await changeState(db, paused.id, ["running"], "paused", now);
  const ids = await listDueReconciliations(db, now);
  expect([due, waiting, taken, paused].map(({ id }) => ids.includes(id))).toEqual([true, false, false, false]);
  expect(ids.indexOf(due.id)).toBe(0);
});

test("a source is reconciling while one of the task runs", async () => {
  const { id, sourceId } = await aReconciliation();
  const ask = async () => [await isReconciling(db, sourceId, "updates"), await isReconciling(db, sourceId, "states")];
  expect(await ask()).toEqual([true, false]);
  await changeState(db, id, ["running"], "paused", now);
  expect(await ask()).toEqual([false, false]);
});

test("are listed newest first, page by page, by source, task and state", async () => {
  const sourceId = newShortId("src");
  const all = [
    await aReconciliation({ sourceId, id: newTimedId("rec", now + 1) }),
    await aReconciliation({ sourceId, id: newTimedId("rec", now + 2), task: "states" }),
    await aReconciliation({ sourceId, id: newTimedId("rec", now + 3) }),
  ];
  const ids = all.map(({ id }) => id).reverse();
  const list = async (search: Record<string, string>) =>
    (await listReconciliations(db, { source: sourceId, limit: 50, ...search })).reconciliations.map(({ id }) => id);
  expect(await list({})).toEqual(ids);
  expect(await list({ cursor: ids[0] as string })).toEqual(ids.slice(1));
  expect(await list({ task: "states" })).toEqual([ids[1]]);
  await changeState(db, ids[2] as string, ["running"], "paused", now);
  expect([await list({ state: "paused" }), await list({ state: "running", task: "updates" })]).toEqual([[ids[2]], [ids[0]]]);
  expect((await listReconciliations(db, { source: sourceId, limit: 2 })).next).toBe(ids[1]);
});
