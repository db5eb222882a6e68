import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { deliveryId } from "../../src/domain/delivery.ts";
import type { Gap } from "../../src/domain/gap.ts";
import { newShortId, newTimedId } from "../../src/domain/id.ts";
import type { Reading } from "../../src/domain/reading.ts";
import { listReadingsOf, saveReadings } from "../../src/store/readings.ts";
import { changeState, findReconciliation, saveReconciliation } from "../../src/store/reconciliations.ts";
import { type Repair, readSeen, saveRepairs } from "../../src/store/repairs.ts";
import { aReading } from "../domain/told.ts";
import { metered } from "./meter.ts";
import { anEvent, count, save } from "./samples.ts";

const now = Date.now();

/** An event of reconciliation with all that belongs to it: its reading, two deliveries, its gap. */
function aRepair(
  parts: Partial<Repair> = {},
  action: { sourceId?: string; actionId?: string } = {},
): Repair & { reading: Reading; gap: Gap } {
  const event = anEvent({ origin: "reconciliation", receivedAt: now, ...action });
  const { sourceId, actionId, subject } = event;
  const reading = aReading({ sourceId, actionId: actionId ?? "", id: crypto.randomUUID(), payout: 5n, deltaPayout: 5n });
  const gap: Gap = {
    id: newTimedId("gap", now),
    sourceId,
    subject: subject ?? "",
    type: "action.pending",
    reason: "call_lost",
    detail: "lost",
    effectiveAt: now,
    eventId: event.id,
    reconciliationId: "rec_1",
  };
  const selected = [newShortId("dst"), newShortId("dst")].map((destinationId) => ({ destinationId, action: null, once: false }));
  return { event, reading, selected, gap, ...parts } as Repair & { reading: Reading; gap: Gap };
}

/** What D1 has of a repair. */
async function written({ event, reading }: Repair & { reading: Reading }) {
  const [stored] = await listReadingsOf(env.DB, [[reading.sourceId, reading.actionId]]);
  return {
    events: await count("events", "id = ?", event.id),
    deliveries: await count("deliveries", "event_id = ?", event.id),
    gaps: await count("gaps", "event_id = ?", event.id),
    toldBy: stored?.toldBy ?? null,
    eventId: stored?.eventId ?? null,
  };
}

const nothing = { events: 0, deliveries: 0, gaps: 0, toldBy: null, eventId: null };

describe("a repair", () => {
  test("is written with its reading, its deliveries and its gap", async () => {
    const repair = aRepair();
    const saved = await saveRepairs(env.DB, await readSeen(env.DB), [repair], [], now);
    expect([...saved]).toEqual([repair.event.id]);
    expect(await written(repair)).toEqual({ events: 1, deliveries: 2, gaps: 1, toldBy: "reconciliation", eventId: repair.event.id });
  });

  test("is not written, nor anything of it, when a postback of its action came since it was looked at", async () => {
    const repair = aRepair();
    const { sourceId, actionId, subject } = repair.event;
    const seen = await readSeen(env.DB);
    await save(anEvent({ sourceId, actionId, subject }));
    expect([...(await saveRepairs(env.DB, seen, [repair], [], now))]).toEqual([]);
    expect(await written(repair)).toEqual(nothing);
  });

  test("is written though a postback of another action came, or of the same action of another source", async () => {
    const repair = aRepair();
    const { actionId, subject, sourceId } = repair.event;
    const seen = await readSeen(env.DB);
    await save(anEvent({ actionId, subject }));
    await save(anEvent({ sourceId }));
    expect((await saveRepairs(env.DB, seen, [repair], [], now)).size).toBe(1);
  });

  test("is not written again for a reading that is told already", async () => {
    const [first, second] = [aRepair(), aRepair()];
    const again = aRepair({ reading: first.reading }, { sourceId: first.event.sourceId, actionId: first.event.actionId ?? "" });
    await saveRepairs(env.DB, await readSeen(env.DB), [first], [], now);
    const saved = await saveRepairs(env.DB, await readSeen(env.DB), [again, second], [], now);
    expect([...saved]).toEqual([second.event.id]);
    expect(await count("events", "subject = ? and source_id = ?", first.event.subject, first.event.sourceId)).toBe(1);
    expect(await written({ ...again, reading: first.reading })).toMatchObject({ events: 0, gaps: 0, eventId: first.event.id });
  });

  test("of an inquiry has no reading", async () => {
    const repair = aRepair({ reading: null });
    await saveRepairs(env.DB, await readSeen(env.DB), [repair], [], now);
    expect([await count("events", "id = ?", repair.event.id), await count("readings", "event_id = ?", repair.event.id)]).toEqual([1, 0]);
  });

  test("of one action several at once are all written, in their order", async () => {
    const first = aRepair();
    const { sourceId, actionId } = first.event;
    const rest = [1, 2, 3].map(() => aRepair({}, { sourceId, actionId: actionId ?? "" }));
    await saveRepairs(env.DB, await readSeen(env.DB), [first, ...rest], [], now);
    const { results } = await env.DB.prepare("select id from events where source_id = ? order by seq").bind(sourceId).all();
    expect(results.map(({ id }) => id)).toEqual([first, ...rest].map(({ event }) => event.id));
  });

  test("that goes wrong leaves nothing", async () => {
    const repair = aRepair({ gap: { ...aRepair().gap, eventId: "", reason: null as never } });
    const broken = { ...repair, gap: { ...repair.gap, eventId: repair.event.id } };
    await expect(saveRepairs(env.DB, await readSeen(env.DB), [broken], [], now)).rejects.toThrow();
    expect(await written(repair)).toEqual(nothing);
  });

  test("counts for its walk when it is written, once, and not when it is not", async () => {
    const [repair, untold] = [aRepair(), aRepair({ gap: null as never })];
    const other = aRepair({}, { sourceId: repair.event.sourceId, actionId: "1.2.3" });
    const id = newTimedId("rec", now);
    const cursor = { legs: [], next: null, total: 0 };
    const counts = { calls: 0, records: 0, repaired: 0, failures: 0, reason: null };
    const times = { since: 1, until: 2, nextAt: now + 1e11, leasedUntil: 0, createdAt: now, updatedAt: now, finishedAt: null };
    const walk = {
      id,
      sourceId: "src_1",
      task: "backfill",
      origin: "reconciliation",
      state: "running",
      cursor,
      ...counts,
      ...times,
    } as const;
    await saveReconciliation(env.DB, walk);
    for (const { gap } of [repair, other]) gap.reconciliationId = id;
    const counted = async () => (await findReconciliation(env.DB, id))?.repaired;
    const seen = await readSeen(env.DB);
    await save(anEvent({ sourceId: other.event.sourceId, actionId: "1.2.3", subject: "action:1.2.3" }));
    for (let times = 0; times < 2; times++) {
      await saveRepairs(env.DB, seen, [repair, untold, other], [], now);
      expect(await counted()).toBe(1);
    }
    await changeState(env.DB, id, ["running"], "cancelled", now);
  });

  test("is due at once, and its ring is waited for", async () => {
    const repair = aRepair();
    await saveRepairs(env.DB, await readSeen(env.DB), [repair], [], now);
    const row = await env.DB.prepare("select state, next_at, ring_at from deliveries where event_id = ?")
      .bind(repair.event.id)
      .first<any>();
    expect([row.state, row.next_at, row.ring_at > now]).toEqual(["pending", now, true]);
  });

  test("reaches a destination that hears of each action once with its first event, and not when it has heard already", async () => {
    const once = { destinationId: newShortId("dst"), action: crypto.randomUUID(), once: true };
    const first = aRepair({ selected: [once] });
    const second = aRepair({ selected: [once] }, { sourceId: first.event.sourceId, actionId: first.event.actionId ?? "" });
    await saveRepairs(env.DB, await readSeen(env.DB), [first, second], [], now);
    const later = aRepair({ selected: [once] });
    await saveRepairs(env.DB, await readSeen(env.DB), [later], [], now);
    const { results } = await env.DB.prepare("select event_id from deliveries where destination_id = ?").bind(once.destinationId).all();
    expect(results.map((row) => deliveryId({ eventId: row["event_id"] as string, ...once }))).toEqual([
      deliveryId({ eventId: first.event.id, ...once }),
    ]);
  });

  test("costs one round trip, however many there are, and some rows each", async () => {
    const { db, bill } = metered(env.DB);
    await saveRepairs(
      db,
      await readSeen(env.DB),
      Array.from({ length: 10 }, () => aRepair()),
      [],
      now,
    );
    expect(bill.roundTrips).toBe(1);
    console.info(`rows written of ten repairs with two deliveries each: ${bill.rowsWritten}`);
    expect(bill.rowsWritten).toBeLessThanOrEqual(10 * 25);
  });
});

describe("what else was found out of readings", () => {
  test("is kept, and what was known before stays", async () => {
    const event = anEvent();
    await save(event);
    const one = aReading({ sourceId: event.sourceId, actionId: event.actionId ?? "", deltaPayout: 5n });
    await saveReadings(env.DB, [one]);
    const found: Reading = { ...one, payout: 5n, toldBy: "postback", eventId: event.id };
    await saveRepairs(env.DB, await readSeen(env.DB), [], [found], now);
    await saveRepairs(env.DB, await readSeen(env.DB), [], [{ ...found, payout: 6n, toldBy: "import" }], now);
    expect(await listReadingsOf(env.DB, [[one.sourceId, one.actionId]])).toEqual([found]);
  });

  test("and is told by an event that is not there is not kept", async () => {
    const one = aReading({ sourceId: newShortId("src"), actionId: "1" });
    await saveReadings(env.DB, [one]);
    await saveRepairs(env.DB, await readSeen(env.DB), [], [{ ...one, toldBy: "postback", eventId: "evt_none" }], now);
    expect(await listReadingsOf(env.DB, [[one.sourceId, one.actionId]])).toEqual([one]);
  });
});
