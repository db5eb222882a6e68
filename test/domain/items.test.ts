import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Told } from "../../src/domain/action.ts";
import { listOrders, together, unitsOf } from "../../src/domain/items.ts";
import { match, type Reading, repeats } from "../../src/domain/reading.ts";
import { examine } from "../../src/domain/repair.ts";
import { hour, minute } from "../../src/domain/time.ts";
import { sureOnes, withWorth } from "../../src/domain/worth.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";
import {
  applied,
  aReading,
  type Change,
  caseOf,
  type Life,
  lastOf,
  later,
  ledger,
  lives,
  look,
  once,
  patient,
  snapshotOf,
  stepOf,
  tracked,
  units,
} from "./told.ts";

const item = (id: string, delta: number, parts: Partial<Reading> = {}) =>
  aReading({ id, deltaPayout: units(delta), deltaAmount: 0n, fields: { UpdateId: id, Sku: `sku ${id}`, Currency: "EUR" }, ...parts });
const event = (id: string, parts: object) => anEvent({ id, receivedAt: tracked + minute, ...parts });
const pairs = (...args: Parameters<typeof match>) => Object.fromEntries([...match(...args)].map(([id, { id: told }]) => [id, told]));

describe("an order", () => {
  test("is the updates of one moment and state with a Sku each of its own", () => {
    const [a, b, c] = [item("a", 2), item("b", 3), item("c", 4)];
    const others = [item("later", 1, { at: tracked + 1000 }), item("reversed", 1, { status: "REVERSED" })];
    expect(listOrders([a, ...others, b, c]).map((order) => order.map(({ id }) => id))).toEqual([["a", "b", "c"]]);
  });

  test("is none without Skus, nor with one Sku twice", () => {
    const same = item("b", 3, { fields: { Sku: "sku a" } });
    expect([listOrders([item("a", 2), item("b", 3, { fields: {} })]), listOrders([item("a", 2), same])]).toEqual([[], []]);
  });

  test("changes by all of its changes, unless one of them is unknown", () => {
    const last = item("b", 3, { payout: units(5) });
    expect(together([item("a", 2), last])).toEqual({ ...last, deltaPayout: units(5) });
    expect(together([item("a", 2, { deltaPayout: null }), last]).deltaPayout).toBeNull();
  });

  test("stands together, and so does what one event told", () => {
    const told = [item("c", 1, { eventId: "evt" }), item("d", 1, { eventId: "evt", fields: {} }), item("e", 1, { eventId: "own" })];
    const all = [item("a", 2), ...told, item("b", 3), item("f", 1, { fields: {} })];
    expect(unitsOf(all).map((unit) => unit.map(({ id }) => id).join(""))).toEqual(["ab", "cd", "e", "f"]);
  });

  test("is sure of its value after the last of its rows, as long as none is missing", () => {
    const rows = [item("a", 2), item("b", 3)];
    const changes = [{ at: tracked, status: "PENDING", payout: 5, amount: 0 }];
    expect([...sureOnes(rows, snapshotOf({ changes }))]).toEqual(["b"]);
  });

  test("that one event told is worth what that says after the last of its rows", () => {
    const told = new Map([["evt", event("evt", { payout: "9", deltaPayout: "5" })]]);
    const rows = [item("a", 2, { eventId: "evt" }), item("b", 3, { eventId: "evt" })];
    expect(withWorth(rows, told, null, false).map(({ payout }) => payout)).toEqual([units(6), units(9)]);
  });
});

describe("an order is told by one event", () => {
  const rows = [item("a", 2, { payout: units(2) }), item("b", 3, { payout: units(5) })];
  test.each([
    ["its change", { deltaPayout: "5" }],
    ["its value", { payout: "5" }],
    ["nothing but its state", {}],
  ])("that tells %s", (_, says) => {
    expect(pairs(rows, [event("order", says)])).toEqual({ a: "order", b: "order" });
  });

  test("even where another row shows up later", () => {
    const [a, b] = rows as [Reading, Reading];
    const told = { ...a, toldBy: "postback" as const, eventId: "order" };
    expect(pairs([told, b], [event("order", { payout: "5", deltaPayout: "5" })])).toEqual({ b: "order" });
  });

  test("but each row by its own, where there are such", () => {
    const events = [event("first", { payout: "2", deltaPayout: "2" }), event("second", { payout: "5", deltaPayout: "3" })];
    expect(pairs(rows, events)).toEqual({ a: "first", b: "second" });
    expect(pairs(rows, events.slice(1))).toEqual({ b: "second" });
  });

  test("that is of its state, before all updates of its moment are", () => {
    const reversed = ["c", "d"].map((id) => item(id, id === "c" ? -2 : -3, { status: "REVERSED" }));
    const events = [event("all", { deltaPayout: "5" }), event("back", { deltaPayout: "-5", status: "REVERSED" })];
    expect(pairs([...rows, ...reversed], events)).toEqual({ a: "all", b: "all", c: "back", d: "back" });
  });

  test("of which a redelivery is a repeat", () => {
    const told = rows.map((one): Reading => ({ ...one, toldBy: "postback", eventId: "order" }));
    const [repeat] = repeats(told, [event("order", { deltaPayout: "5" }), event("late", { payout: "5", deltaPayout: "5" })]);
    expect(repeat).toMatchObject({ kind: "repeat", eventId: "late", deltaPayout: units(5), payout: units(5) });
  });
});

/** Each change that moves told by two or three rows. */
function withItems(life: Life): Reading[] {
  return life.changes.flatMap(({ at, status }, nth) => {
    const { deltaPayout, deltaAmount } = stepOf(life.changes, nth);
    const rest = { deltaPayout: deltaPayout - 1n, deltaAmount: deltaAmount - 1n };
    const all = [{ deltaPayout: 1n, deltaAmount: 1n }, rest].map((deltas) => ({ at, status, ...deltas }));
    return all.map((row, of) => aReading({ id: `${100 + 10 * nth + of}`, fields: { Sku: `${of}` }, ...row }));
  });
}

const apart = [minute, hour, 48 * hour];

describe("whatever happened to orders, and whatever of it arrived", () => {
  const blank = { payout: null, amount: null };
  const none = { deltaPayout: null, deltaAmount: null };
  test.each<[string, Partial<Told>]>([
    ["all", {}],
    ["no changes", none],
    ["no values", blank],
  ])("the ledger ends in the truth, and each is told once, by postbacks that tell %s", (_, without) => {
    fc.assert(
      fc.property(lives(apart, once, 4), (life) => {
        const events = caseOf(life).events.map((one) => ({ ...one, ...without }));
        const looked = look(life, { events, readings: withItems(life) });
        const known = applied(looked, later(life));
        const { current } = ledger(known);
        const { payout, amount } = life.changes.at(-1) as Change;
        const again = examine(known, patient(later(life) + hour, later(life) + hour, lastOf(known)));
        expect(looked.missing.length).toBe(life.changes.length - events.length);
        expect(current).toMatchObject({ payout: units(payout), amount: units(amount) });
        expect(again).toEqual({ readings: [], missing: [] });
      }),
      runs(300),
    );
  });
});

describe("an order of which nothing came", () => {
  const life = {
    changes: [
      { at: tracked, status: "PENDING", payout: 5, amount: 0 },
      { at: tracked + hour, status: "REVERSED", payout: 0, amount: 0 },
    ],
    arrivals: [{ of: 1, at: tracked + hour + minute }],
  };
  const reversal = item("r", -5, { at: tracked + hour, status: "REVERSED" });
  const lost = (rows: Reading[]) => look(life, { readings: [...rows, reversal] });

  test("is one event, that says what all rows have in common and what they come to", () => {
    const { missing } = lost([item("a", 2), item("b", 3)]);
    expect(missing).toMatchObject([
      { payout: units(5), deltaPayout: units(5), amount: 0n, deltaAmount: 0n, reading: { id: "b" }, others: [{ id: "a" }] },
    ]);
    expect(missing[0]?.fields).toEqual({ Currency: "EUR", Payout: "5.00", DeltaPayout: "5.00", Amount: "0.00", DeltaAmount: "0.00" });
  });

  test("is one event for each row where those are no items of an order", () => {
    const rows = [item("a", 2, { fields: {} }), item("b", 3, { fields: {} })];
    expect(lost(rows).missing.map(({ deltaPayout, others }) => [deltaPayout, others])).toEqual([
      [units(2), []],
      [units(3), []],
    ]);
  });

  test("stays row by row where one row was told alone", () => {
    const events = [event("a", { payout: "2", deltaPayout: "2", amount: "0", deltaAmount: "0" }), ...caseOf(life).events];
    const found = look(life, { events, readings: [item("a", 2), item("b", 1), item("c", 2), reversal] });
    expect(found.missing.map(({ reading, others }) => [reading.id, others])).toEqual([
      ["b", []],
      ["c", []],
    ]);
  });

  test("and its reversal of the same second are one event each, in their order", () => {
    const changes = life.changes.map((one) => ({ ...one, at: tracked }));
    const back = [item("c", -2, { status: "REVERSED" }), item("d", -3, { status: "REVERSED" })];
    const looked = look({ changes, arrivals: [] }, { readings: [item("a", 2), ...back, item("b", 3)], snapshot: snapshotOf({ changes }) });
    expect(looked.missing.map(({ payout, deltaPayout }) => [payout, deltaPayout])).toEqual([
      [units(5), units(5)],
      [0n, units(-5)],
    ]);
    expect(ledger(applied(looked, later(life)))).toMatchObject({ current: { state: "REVERSED", payout: 0n }, gaps: [] });
  });
});
