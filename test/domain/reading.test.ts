import { describe, expect, test } from "vitest";
import { isEqual, match, type Reading, repeats } from "../../src/domain/reading.ts";
import { hour, minute } from "../../src/domain/time.ts";
import { anEvent } from "./anEvent.ts";
import { aReading, tracked, units } from "./told.ts";

const update = (id: string, payout: number | null, delta: number, parts: Partial<Reading> = {}) =>
  aReading({ id, payout: payout === null ? null : units(payout), deltaPayout: units(delta), ...parts });
const event = (id: string, payout: string | undefined, deltaPayout: string | undefined, parts: object = {}) =>
  anEvent({ id, receivedAt: tracked + minute, ...(payout && { payout }), ...(deltaPayout && { deltaPayout }), ...parts });
const pairs = (...args: Parameters<typeof match>) => Object.fromEntries([...match(...args)].map(([id, { id: told }]) => [id, told]));

describe("a reading is told by an event", () => {
  test("that says the same: state, change and value", () => {
    expect(pairs([update("u", 5, 5)], [event("other", "6", "6"), event("same", "5", "5")])).toEqual({ u: "same" });
  });

  test("that came no more than a quarter of an hour before it: clocks differ", () => {
    const came = (ms: number) => pairs([update("u", 5, 5)], [event("e", "5", "5", { receivedAt: tracked - ms })]);
    expect([came(15 * minute), came(15 * minute + 1)]).toEqual([{ u: "e" }, {}]);
  });

  test("however long afterwards it came", () => {
    expect(pairs([update("u", 5, 5)], [event("e", "5", "5", { receivedAt: tracked + 999 * hour })])).toEqual({ u: "e" });
  });

  test("that says as much of it as it says anything of: the change, or the value", () => {
    expect(pairs([update("u", null, 5)], [event("e", undefined, "5")])).toEqual({ u: "e" });
    expect(pairs([update("u", 5, 5)], [event("e", "5", undefined)])).toEqual({ u: "e" });
    expect(pairs([update("u", null, 5)], [event("e", "8", "4")])).toEqual({});
    expect(pairs([update("u", 5, 5)], [event("e", "6", undefined)])).toEqual({});
  });

  test("of another state, where it says its change or its worth: the API may tell the state of now", () => {
    const reversed = update("u", 5, 5, { status: "REVERSED" });
    expect(pairs([reversed], [event("e", "5", "5")])).toEqual({ u: "e" });
    expect(pairs([reversed], [event("e", "5", undefined)])).toEqual({ u: "e" });
    expect(pairs([reversed], [event("e", undefined, undefined)])).toEqual({});
  });

  test("of its own state rather than of another", () => {
    const events = [event("pending", "5", "5"), event("reversed", "5", "5", { status: "REVERSED" })];
    expect(pairs([update("u", 5, 5, { status: "REVERSED" })], events)).toEqual({ u: "reversed" });
  });

  test("that tells another value not when its value is sure: that one repeats another", () => {
    const [one, events] = [[update("u", 5, 1)], [event("e", "9", "1")]];
    expect([pairs(one, events), pairs(one, events, { isSure: () => true })]).toEqual([{ u: "e" }, {}]);
  });

  test("that is a lifecycle postback, and tells of nothing else yet", () => {
    const taken = update("told", 5, 5, { toldBy: "postback", eventId: "taken" });
    const events = [
      event("clearing", "5", "5", { kind: "action-clearing" }),
      event("made", "5", "5", { origin: "reconciliation" }),
      event("taken", "5", "5"),
    ];
    expect(pairs([taken, update("u", 5, 5)], events)).toEqual({});
  });

  test("each of its own, the later reading what came since", () => {
    const later = update("later", 5, 5, { at: tracked + hour });
    const events = [event("first", "5", "5"), event("second", "5", "5", { receivedAt: tracked + hour })];
    expect(pairs([update("u", 5, 5), later], events)).toEqual({ u: "first", later: "second" });
    expect(pairs([update("u", 5, 5), later], events.slice(1))).toEqual({ later: "second" });
  });

  test("several at one instant by one that says their sum", () => {
    const items = [update("a", 2, 2), update("b", 5, 3)];
    expect(pairs(items, [event("order", "5", "5")])).toEqual({ a: "order", b: "order" });
    expect(pairs([items[0] as Reading, update("b", 5, 3, { at: tracked + 1000 })], [event("order", "5", "5")])).toEqual({});
  });

  test("only when nobody told of it before, and it is an update", () => {
    const told = update("u", 5, 5, { toldBy: "reconciliation", eventId: "x" });
    const approval = update("a", 5, 5, { kind: "approval" });
    expect(pairs([told, approval], [event("e", "5", "5")])).toEqual({});
  });
});

describe("a repeat", () => {
  const told = update("u", 5, 5, { toldBy: "postback", eventId: "first" });

  test("is a postback that no reading needs, of which another event tells the same", () => {
    expect(repeats([told], [event("first", "5", "5"), event("late", "5", "5")])).toEqual([
      { ...told, id: "repeat late", kind: "repeat", eventId: "late" },
    ]);
  });

  test("is none where it says something of its own, or came before what it would repeat", () => {
    const early = event("early", "5", "5", { receivedAt: tracked - hour });
    expect(repeats([told], [event("other", "6", "1"), early, event("made", "5", "5", { origin: "reconciliation" })])).toEqual([]);
  });

  test("is found once", () => {
    const [repeat] = repeats([told], [event("late", "5", "5")]) as [Reading];
    expect(repeats([told, repeat], [event("late", "5", "5")])).toEqual([]);
  });

  test("of what nobody told is none: it tells that", () => {
    expect(repeats([{ ...told, toldBy: null, eventId: null }], [event("late", "5", "5")])).toEqual([]);
  });
});

test("amounts agree as far as both say something", () => {
  expect([isEqual(1n, 1n), isEqual(1n, null), isEqual(null, 2n), isEqual(1n, 2n)]).toEqual([true, true, true, false]);
});
