import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { newShortId } from "../../src/domain/id.ts";
import { hourOf } from "../../src/domain/pulse.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { readLatestNamings, readNamings } from "../../src/store/namings.ts";
import { metered } from "./meter.ts";
import { anEvent, save } from "./samples.ts";

/** An hour that no other test lives in. */
const at = Date.parse("2004-05-13T10:00:00Z");
const kind = "action-lifecycle";
const nameless = { subject: null, actionId: null };

const put = async (sourceId: string, parts: Partial<Event> = {}) => void (await save(anEvent({ sourceId, receivedAt: at, ...parts })));
const booked = async (sourceId: string, hours: number[]) =>
  await env.DB.prepare("insert into pulses (source_id, hour, received) select ?1, value, 1 from json_each(?2)")
    .bind(sourceId, JSON.stringify(hours))
    .run();

describe("whether postbacks say what they are about", () => {
  test("is told by kind and hour, with the minutes in which some did not", async () => {
    const sourceId = newShortId("src");
    for (const ms of [0, minute, minute + 1, hour - 1]) await put(sourceId, { ...nameless, receivedAt: at + ms });
    for (const parts of [{}, { receivedAt: at + 2 * minute }, { receivedAt: at + hour }]) await put(sourceId, parts);
    await put(sourceId, { ...nameless, kind: "action-clearing" });
    const namings = await readNamings(env.DB, sourceId, [at, at + hour, at + 2 * hour]);
    expect(namings.map((one) => ({ ...one, nameless: one.nameless.toSorted() }))).toEqual([
      { kind: "action-clearing", hour: at, named: 0, nameless: [at] },
      { kind, hour: at, named: 2, nameless: [at, at + minute, at + 59 * minute] },
      { kind, hour: at + hour, named: 1, nameless: [] },
    ]);
  });

  test("is not told by tests, by our own events, nor by those of other sources", async () => {
    const sourceId = newShortId("src");
    await put(sourceId, { ...nameless, isTest: true });
    await put(sourceId, { origin: "reconciliation" });
    await put(newShortId("src"), nameless);
    expect(await readNamings(env.DB, sourceId, [at])).toEqual([]);
  });

  test("is told of the latest 24 hours of seven days in which something came, in one round trip", async () => {
    const sourceId = newShortId("src");
    const now = at + 30 * day;
    const hours = Array.from({ length: 30 }, (_, nth) => hourOf(now) - (2 + 4 * nth) * hour);
    const early = hourOf(now) - 8 * day;
    await booked(sourceId, [...hours, early]);
    for (const receivedAt of [...hours, early, hourOf(now) - hour]) await put(sourceId, { receivedAt }); // the last of them is not in the books
    const { db, bill } = metered(env.DB);
    const namings = await readLatestNamings(db, sourceId, now);
    expect(namings.map((one) => one.hour)).toEqual(hours.slice(0, 24));
    expect(bill.roundTrips).toBe(1);
  });
});
