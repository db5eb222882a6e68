import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Gap } from "../../src/domain/gap.ts";
import { newEventId, newShortId, newTimedId } from "../../src/domain/id.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { type Hints, listGaps, readCapture, readHints } from "../../src/store/gaps.ts";
import { saveReadings } from "../../src/store/readings.ts";
import { readSeen, saveRepairs } from "../../src/store/repairs.ts";
import { aReading } from "../domain/told.ts";
import { anEvent, save } from "./samples.ts";

const now = Date.now();
const today = Math.floor(Date.parse("2026-05-13T00:00:00Z") / day) * day;

async function aGap(sourceId: string, at: number, parts: Partial<Gap> = {}): Promise<string> {
  const event = anEvent({ sourceId, origin: "reconciliation", receivedAt: now });
  const own = {
    id: newTimedId("gap", at),
    sourceId,
    subject: event.subject ?? "",
    type: "action.pending",
    reason: "call_lost",
    detail: "lost",
  } as const;
  const gap: Gap = { ...own, effectiveAt: at - hour, eventId: event.id, reconciliationId: "rec_1", ...parts };
  await saveRepairs(env.DB, await readSeen(env.DB), [{ event, reading: null, selected: [], gap }], [], now);
  return gap.id;
}

test("gaps are listed newest first, page by page, by source, reason, reconciliation and when they were noticed", async () => {
  const sourceId = newShortId("src");
  const [first, second, third] = [
    await aGap(sourceId, now),
    await aGap(sourceId, now + minute, { reason: "nothing_came" }),
    await aGap(sourceId, now + 2 * minute, { reconciliationId: "rec_2" }),
  ];
  const list = async (search: object) => (await listGaps(env.DB, { source: sourceId, limit: 50, ...search })).gaps.map(({ id }) => id);
  expect(await list({})).toEqual([third, second, first]);
  expect(await list({ cursor: third })).toEqual([second, first]);
  expect(await list({ reason: "nothing_came" })).toEqual([second]);
  expect(await list({ reconciliation: "rec_2" })).toEqual([third]);
  expect(await list({ since: now + minute })).toEqual([third, second]);
  expect(await list({ until: now + minute })).toEqual([first]);
  expect((await listGaps(env.DB, { source: sourceId, limit: 1 })).next).toBe(third);
});

describe("the capture rate", () => {
  const captureOf = async (sourceId: string, since: number, until: number) =>
    (await readCapture(env.DB, [sourceId], since, until)).map(({ sourceId: _, ...days }) => days);

  const of = (sourceId: string, parts: object) =>
    aReading({ sourceId, id: crypto.randomUUID(), at: today + hour, toldBy: "postback", eventId: crypto.randomUUID(), ...parts });

  test("counts updates and clearings that came and that had to be repaired, by UTC day, the latest first", async () => {
    const sourceId = newShortId("src");
    const repaired = { toldBy: "reconciliation" };
    await saveReadings(env.DB, [
      of(sourceId, {}),
      of(sourceId, { at: today + day - 1 }),
      of(sourceId, repaired),
      of(sourceId, { kind: "clearing" }),
      of(sourceId, { at: today - 1 }),
      of(sourceId, { ...repaired, at: today - day }),
      of(sourceId, { ...repaired, at: today + day }),
    ]);
    expect(await captureOf(sourceId, today - day, today + 2 * day)).toEqual([
      { day: today + day, captured: 0, repaired: 1 },
      { day: today, captured: 3, repaired: 1 },
      { day: today - day, captured: 1, repaired: 1 },
    ]);
    expect(await captureOf(sourceId, today, today + day)).toEqual([{ day: today, captured: 3, repaired: 1 }]);
  });

  test("is that of each source, in the order in which they were asked for", async () => {
    const [one, other, third] = [newShortId("src"), newShortId("src"), newShortId("src")];
    await saveReadings(env.DB, [of(one, {}), of(other, { toldBy: "reconciliation" }), of(other, { at: today - 1 }), of(third, {})]);
    expect(await readCapture(env.DB, [other, one], today - day, today + day)).toEqual([
      { sourceId: other, day: today, captured: 0, repaired: 1 },
      { sourceId: other, day: today - day, captured: 1, repaired: 0 },
      { sourceId: one, day: today, captured: 1, repaired: 0 },
    ]);
  });

  test("counts the rows of an order, which one event tells, as one", async () => {
    const sourceId = newShortId("src");
    const [told, repaired] = [{ eventId: "evt_told" }, { eventId: "evt_repaired", toldBy: "reconciliation" }];
    await saveReadings(
      env.DB,
      [told, told, repaired, repaired, repaired].map((parts) => of(sourceId, parts)),
    );
    expect(await captureOf(sourceId, today, today + day)).toEqual([{ day: today, captured: 1, repaired: 1 }]);
  });

  test("leaves out what impact.com never tells, what is history, and what waits", async () => {
    const sourceId = newShortId("src");
    await saveReadings(env.DB, [
      of(sourceId, { kind: "approval", toldBy: "reconciliation" }),
      of(sourceId, { kind: "correction", toldBy: "reconciliation" }),
      of(sourceId, { kind: "repeat" }),
      of(sourceId, { toldBy: "import" }),
      of(sourceId, { toldBy: null, eventId: null }),
    ]);
    expect(await captureOf(sourceId, today, today + day)).toEqual([]);
  });
});

describe("what may explain why something was missed", () => {
  const ask = (sourceId: string, thing = "1.2.3") =>
    readHints(env.DB, sourceId, [{ thing, kind: "action-lifecycle", at: now }]).then(([hints]) => hints as Hints);

  test("is nothing where nothing came", async () => {
    expect(await ask(newShortId("src"))).toEqual({ quarantined: null, hasNeighbours: false, hasKind: false, hasChanges: false });
  });

  test("are neighbours within half an hour, of the same source, by postback", async () => {
    const found = [];
    for (const parts of [{ receivedAt: now - 29 * minute }, { receivedAt: now - 31 * minute }, { origin: "reconciliation" as const }]) {
      const sourceId = newShortId("src");
      await save(anEvent({ sourceId, receivedAt: now, ...parts }));
      found.push((await ask(sourceId)).hasNeighbours);
    }
    expect(found).toEqual([true, false, false]);
  });

  test("is whether a change ever came: a reversal, or what is worth more than it changed by", async () => {
    const found = [];
    for (const parts of [{}, { status: "REVERSED" }, { deltaPayout: 1n }, { deltaAmount: 1n }]) {
      const sourceId = newShortId("src");
      await save(anEvent({ sourceId, ...parts }));
      found.push((await ask(sourceId)).hasChanges);
    }
    expect(found).toEqual([false, true, true, true]);
  });

  test("is a call in quarantine that names it, from an hour before on", async () => {
    const sourceId = newShortId("src");
    const insert = `insert into quarantine (id, source_id, received_at, kind, code, detail, mistakes, method, query, headers, ip, body, truncated)
      select ?1, ?2, ?3, 'action-lifecycle', 'invalid', 'bad', '[]', 'GET', ?4, '{}', '', ?5, 0`;
    const put = async (at: number, query: string, body = "") => {
      const id = newEventId(at);
      await env.DB.prepare(insert).bind(id, sourceId, at, query, new TextEncoder().encode(body)).run();
      return id;
    };
    await put(now - 2 * hour, "ActionId=1.2.3");
    await put(now, "ActionId=other");
    expect((await ask(sourceId)).quarantined).toBeNull();
    const inBody = await put(now + 1, "", '{"ActionId":"4.5.6"}');
    const inQuery = await put(now + 2, "ActionId=1.2.3");
    expect([(await ask(sourceId)).quarantined, (await ask(sourceId, "4.5.6")).quarantined]).toEqual([inQuery, inBody]);
  });
});
