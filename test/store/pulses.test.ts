import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newEventId } from "../../src/domain/id.ts";
import { Problem } from "../../src/domain/problem.ts";
import { hourOf, type Pulse } from "../../src/domain/pulse.ts";
import { hour, minute } from "../../src/domain/time.ts";
import { readOverview } from "../../src/store/overview.ts";
import { addDuplicates, listCallsSince, listHeard } from "../../src/store/pulses.ts";
import { saveQuarantined } from "../../src/store/quarantine.ts";
import { pruneQuarantined } from "../../src/store/retention.ts";
import { aReceipt, newSource } from "../kit.ts";
import { metered } from "./meter.ts";
import { anEvent, save } from "./samples.ts";

const db = env.DB;
const now = hourOf(Date.now()) + 40 * minute;
const none = { received: 0, reversed: 0, unknown: 0, duplicates: 0, quarantined: 0 };

async function heardOf(sourceId: string, at = now) {
  return (await listHeard(db, at)).find((one) => one.sourceId === sourceId);
}

const pulsesOf = async (sourceId: string) => ((await heardOf(sourceId))?.pulses ?? []).sort((a: Pulse, b: Pulse) => a.hour - b.hour);

async function refuse(sourceId: string, receivedAt: number): Promise<string> {
  const receipt = aReceipt({ id: newEventId(receivedAt), receivedAt });
  await saveQuarantined(db, { receipt, sourceId, problem: new Problem("invalid", "bad") });
  return receipt.id;
}

describe("repeats", () => {
  test("are added to those of their hour", async () => {
    const { id } = await newSource();
    const counts = [1, 2].map((count) => ({ sourceId: id, hour: hourOf(now), count }));
    await addDuplicates(db, [...counts, { sourceId: id, hour: hourOf(now) - hour, count: 5 }]);
    await addDuplicates(db, counts);
    expect(await pulsesOf(id)).toEqual([
      { ...none, hour: hourOf(now) - hour, duplicates: 5 },
      { ...none, hour: hourOf(now), duplicates: 6 },
    ]);
  });

  test("of a source and an hour are a row, however many they are", async () => {
    const { db: counted, bill } = metered(db);
    await addDuplicates(counted, [{ sourceId: (await newSource()).id, hour: hourOf(now), count: 1000 }]);
    expect([bill.roundTrips, bill.rowsWritten]).toEqual([1, 1]);
  });
});

describe("what is in quarantine", () => {
  test("is counted by hour of arrival, and counting it again changes nothing", async () => {
    const { id } = await newSource();
    for (const minutes of [0, 1, 45]) await refuse(id, now - minutes * minute);
    const expected = [
      { ...none, hour: hourOf(now) - hour, quarantined: 1 },
      { ...none, hour: hourOf(now), quarantined: 2 },
    ];
    expect([await pulsesOf(id), await pulsesOf(id)]).toEqual([expected, expected]);
  });

  test("stays counted when it is deleted", async () => {
    const { id } = await newSource();
    const refused = [await refuse(id, now), await refuse(id, now)];
    await pulsesOf(id);
    await pruneQuarantined(db, refused.slice(1));
    expect(await pulsesOf(id)).toEqual([{ ...none, hour: hourOf(now), quarantined: 2 }]);
  });
});

describe("the last call of a source", () => {
  test("is the later one of its events and of what is in quarantine", async () => {
    const { id } = await newSource();
    await addDuplicates(db, [{ sourceId: id, hour: hourOf(now), count: 1 }]);
    expect((await heardOf(id))?.lastAt).toBeNull();
    await save(anEvent({ sourceId: id, receivedAt: now - 9 * minute }));
    await save(anEvent({ sourceId: id, receivedAt: now - 20 * minute }));
    expect((await heardOf(id))?.lastAt).toBe(now - 9 * minute);
    await refuse(id, now - 3 * minute);
    expect((await heardOf(id))?.lastAt).toBe(now - 3 * minute);
  });

  test("is none that reconciliation found", async () => {
    const { id } = await newSource();
    await addDuplicates(db, [{ sourceId: id, hour: hourOf(now), count: 1 }]);
    await save(anEvent({ sourceId: id, receivedAt: now, origin: "reconciliation" }));
    expect((await heardOf(id))?.lastAt).toBeNull();
  });
});

describe("how much came since a moment", () => {
  const callsOf = async (sourceId: string, at = now) =>
    (await listCallsSince(db, at - 24 * hour, at)).find((one) => one.sourceId === sourceId);

  test("counts what was refused at once, before pulses know of it", async () => {
    const { id } = await newSource();
    await addDuplicates(db, [{ sourceId: id, hour: hourOf(now), count: 3 }]);
    for (const minutes of [1, 2, 60]) await refuse(id, now - minutes * minute);
    expect(await callsOf(id)).toEqual({ sourceId: id, received: 0, duplicates: 3, quarantined: 3, lastHour: hourOf(now) });
  });

  test("counts it once when pulses know of it, and still when it was pruned", async () => {
    const { id } = await newSource();
    const refused = [await refuse(id, now), await refuse(id, now)];
    await pulsesOf(id);
    expect((await callsOf(id))?.quarantined).toBe(2);
    await pruneQuarantined(db, refused);
    expect((await callsOf(id))?.quarantined).toBe(2);
  });

  test("is what the overview counts, of pruned and of new refusals", async () => {
    const at = Date.parse("2024-02-01T10:40:00Z");
    const sources = [await newSource(), await newSource()];
    const pruned = await refuse(sources[0]?.id ?? "", at - 30 * minute);
    await db.prepare("insert into pulses (source_id, hour, quarantined) values (?1, ?2, 1)").bind(sources[0]?.id, hourOf(at)).run();
    await pruneQuarantined(db, [pruned]);
    const kept = [await refuse(sources[1]?.id ?? "", at - minute)];
    const counts = await Promise.all(sources.map(async ({ id }) => (await callsOf(id, at))?.quarantined));
    const { calls } = await readOverview(db, at - 24 * hour, at, hour);
    expect([counts, calls.map(({ quarantined }) => quarantined)]).toEqual([[1, 1], [2]]);
    await pruneQuarantined(db, kept);
    await db.prepare("delete from pulses where hour = ?").bind(hourOf(at)).run();
  });

  test("leaves out what came before", async () => {
    const { id } = await newSource();
    await refuse(id, now - 26 * hour);
    expect(await callsOf(id)).toBeUndefined();
  });
});

test("all sources are one round trip, and what is older than five weeks is left out", async () => {
  const [one, other] = [await newSource(), await newSource()];
  await addDuplicates(db, [
    { sourceId: one.id, hour: hourOf(now) - 35 * 24 * hour, count: 1 },
    { sourceId: one.id, hour: hourOf(now) - 36 * 24 * hour, count: 1 },
    { sourceId: other.id, hour: hourOf(now), count: 1 },
  ]);
  const { db: counted, bill } = metered(db);
  const heard = await listHeard(counted, now);
  expect(bill.roundTrips).toBe(1);
  expect(heard.find(({ sourceId }) => sourceId === one.id)?.pulses).toHaveLength(1);
  expect(heard.find(({ sourceId }) => sourceId === other.id)?.pulses).toHaveLength(1);
});
