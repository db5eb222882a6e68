import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { minute } from "../../src/domain/time.ts";
import { listReadingsOf, listUntold, saveReadings } from "../../src/store/readings.ts";
import { aReading, tracked } from "../domain/told.ts";

describe("readings", () => {
  test("come back as they were saved, amounts to the last micro", async () => {
    const sourceId = newShortId("src");
    const one = aReading({
      sourceId,
      status: "REVERSED",
      statusDetail: "ITEM_RETURNED",
      payout: 9_007_199_254_740_993n,
      deltaPayout: -9_007_199_254_740_993n,
      amount: 0n,
      deltaAmount: null,
      fields: { UpdateId: "1", Note: "é “quoted”" },
      toldBy: "import",
      eventId: "evt_1",
    });
    await saveReadings(env.DB, [one]);
    expect(await listReadingsOf(env.DB, [[sourceId, "1.2.3"]])).toEqual([one]);
  });

  test("that are known already stay as they are", async () => {
    const sourceId = newShortId("src");
    const one = aReading({ sourceId });
    await saveReadings(env.DB, [one]);
    await saveReadings(env.DB, [{ ...one, status: "APPROVED", payout: 1n }, aReading({ sourceId, id: "2" })]);
    expect(await listReadingsOf(env.DB, [[sourceId, "1.2.3"]])).toEqual([one, aReading({ sourceId, id: "2" })]);
  });

  test("come by date, and of one second by the number in their ids", async () => {
    const sourceId = newShortId("src");
    const all = ["10", "9", "11"].map((id) => aReading({ sourceId, id }));
    await saveReadings(env.DB, [aReading({ sourceId, id: "1", at: tracked + minute }), ...all]);
    expect((await listReadingsOf(env.DB, [[sourceId, "1.2.3"]])).map(({ id }) => id)).toEqual(["9", "10", "11", "1"]);
  });

  test("are found of the actions that are asked for, and of no other source", async () => {
    const [mine, other] = [newShortId("src"), newShortId("src")];
    await saveReadings(
      env.DB,
      [mine, other].map((sourceId) => aReading({ sourceId })),
    );
    await saveReadings(env.DB, [aReading({ sourceId: mine, actionId: "4.5.6" })]);
    expect((await listReadingsOf(env.DB, [[mine, "1.2.3"]])).map(({ sourceId, actionId }) => [sourceId, actionId])).toEqual([
      [mine, "1.2.3"],
    ]);
  });
});

describe("actions with updates that nobody told of", () => {
  test("come each once, in order, behind the one before, within their span", async () => {
    const sourceId = newShortId("src");
    const of = (actionId: string, parts = {}) => aReading({ sourceId, actionId, id: crypto.randomUUID(), ...parts });
    await saveReadings(env.DB, [
      of("b"),
      of("a"),
      of("b"),
      of("c"),
      of("told", { toldBy: "postback", eventId: "evt_1" }),
      of("early", { at: tracked - 2 * minute }),
      of("late", { at: tracked + 2 * minute }),
    ]);
    const ask = (after: string, limit: number) =>
      listUntold(env.DB, { sourceId, after, since: tracked - minute, until: tracked + minute }, limit);
    expect([await ask("", 2), await ask("b", 2), await ask("c", 2)]).toEqual([["a", "b"], ["c"], []]);
  });
});
