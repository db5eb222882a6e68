import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hour } from "../../src/domain/time.ts";
import { sureOnes, withWorth } from "../../src/domain/worth.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";
import { aReading, atOnce, type Life, lives, once, readingsOf, snapshotOf, stepOf, tracked, units } from "./told.ts";

const update = (nth: number, delta: number | null, parts: object = {}) =>
  aReading({ id: `${nth}`, at: tracked + nth * hour, deltaPayout: delta === null ? null : units(delta), deltaAmount: 0n, ...parts });
function aSnapshot(payout: number, delta: number) {
  const life = {
    changes: [
      { at: tracked, status: "PENDING", payout: payout - delta, amount: 0 },
      { at: tracked + hour, status: "PENDING", payout, amount: 0 },
    ],
  };
  return snapshotOf(life);
}
const worths = (...args: Parameters<typeof withWorth>) => withWorth(...args).map(({ payout }) => payout);
const none = new Map();

describe("what an action was worth after each update is", () => {
  test("what the changes add up to from 0, when they lead to what it is worth now", () => {
    fc.assert(
      fc.property(lives(), (life) => {
        const found = withWorth(readingsOf(life), none, snapshotOf(life), true);
        return found.every(
          ({ payout, amount }, nth) => payout === stepOf(life.changes, nth).payout && amount === stepOf(life.changes, nth).amount,
        );
      }),
      runs(500),
    );
  });

  test("worked out forward and back from what one postback told, whatever came before", () => {
    fc.assert(
      fc.property(lives(), fc.nat(), fc.nat(), (life, cut, which) => {
        const known = readingsOf(life).slice(cut % life.changes.length);
        const from = life.changes.length - known.length;
        const anchor = which % known.length;
        const told = new Map([["evt_a", { ...anEvent({}), ...stepOf(life.changes, from + anchor) }]]);
        const updates = known.map((one, nth) => (nth === anchor ? { ...one, toldBy: "postback" as const, eventId: "evt_a" } : one));
        return withWorth(updates, told, null, false).every(({ payout }, nth) => payout === stepOf(life.changes, from + nth).payout);
      }),
      runs(500),
    );
  });

  test("worked out back from the record, when its latest change is the last of them", () => {
    expect(worths([update(1, 2), update(2, -3)], none, aSnapshot(10, -3), false)).toEqual([units(13), units(10)]);
  });

  test("not worked out from a record that is newer, until it will not become clearer", () => {
    const updates = [update(1, 2), update(2, -3)];
    expect(worths(updates, none, aSnapshot(10, 4), false)).toEqual([null, null]);
    expect(worths(updates, none, aSnapshot(10, 4), true)).toEqual([units(13), units(10)]);
  });

  test("unknown where nothing tells", () => {
    expect(worths([update(1, 2), update(2, -3)], none, null, true)).toEqual([null, null]);
  });

  test("unknown behind an update that tells no change, and known again from where it is told", () => {
    const updates = [update(1, 2, { payout: units(9) }), update(2, null), update(3, 1), update(4, 2, { payout: units(20) })];
    expect(worths(updates, none, null, false)).toEqual([units(9), units(17), units(18), units(20)]);
  });

  test("what was worked out before, as long as the changes do not lead from 0 to what it is worth now", () => {
    const updates = [update(1, 2, { payout: units(50) }), update(2, 3)];
    expect(worths(updates, none, null, true)).toEqual([units(50), units(53)]);
    expect(worths(updates, none, aSnapshot(5, 3), true)).toEqual([units(2), units(5)]);
  });
});

describe("updates of one second", () => {
  const atOneTime = (...deltas: number[]) => deltas.map((delta, nth) => update(nth, delta, { at: tracked }));

  test("stand so that nothing is taken away which was not there", () => {
    const found = withWorth(atOneTime(-3, 5), none, aSnapshot(2, -3), true);
    expect(found.map(({ id, payout }) => [id, payout])).toEqual([
      ["1", units(5)],
      ["0", units(2)],
    ]);
  });

  test("stand so that they agree with what a postback told of one of them", () => {
    const [first, second, third] = atOneTime(5, -3, 4) as [any, any, any];
    const told = new Map([["evt_a", anEvent({ payout: "9" })]]);
    const found = withWorth([first, second, { ...third, toldBy: "postback", eventId: "evt_a" }], told, aSnapshot(6, -3), true);
    expect(found.map(({ id, payout }) => [id, payout])).toEqual([
      ["0", units(5)],
      ["2", units(9)],
      ["1", units(6)],
    ]);
  });

  test("stand so that the last is in the state that the action is in", () => {
    const [first, second] = atOneTime(0, 0) as [any, any];
    const found = withWorth([{ ...first, status: "REVERSED" }, second], none, { ...aSnapshot(0, 0), status: "REVERSED" }, true);
    expect(found.map(({ status }) => status)).toEqual(["PENDING", "REVERSED"]);
  });

  test("end, whatever their order, at what the action is worth", () => {
    fc.assert(
      fc.property(
        lives(atOnce, once),
        (life: Life) => withWorth(readingsOf(life), none, snapshotOf(life), true).at(-1)?.payout === snapshotOf(life).payout,
      ),
      runs(500),
    );
  });

  test("are not sure, and the others are, as long as none is missing", () => {
    const updates = [update(1, 5), update(2, 1, { at: tracked + 9 * hour }), update(3, 1, { at: tracked + 9 * hour })];
    expect([...sureOnes(updates, aSnapshot(7, 1))]).toEqual(["1"]);
    expect(sureOnes(updates, aSnapshot(8, 1)).size).toBe(0);
    expect(sureOnes(updates, null).size).toBe(0);
  });
});
