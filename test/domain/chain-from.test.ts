import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ledgerOf, type Told } from "../../src/domain/action.ts";
import { chain, gapBefore, worthAfter } from "../../src/domain/chain.ts";
import { minute } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";
import { units } from "./told.ts";

const step = (from: number, to: number, id = `${from}-${to}`) => anEvent({ id, payout: String(to), deltaPayout: String(to - from) });
const at = (payout: number) => ({ payout: units(payout), amount: null });
const ids = (events: { id: string }[]) => events.map(({ id }) => id);

/** Places that an action has been at, none twice: from the first of them on the steps lead through all. */
const places = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 9 });

describe("a chain that does not begin at nothing", () => {
  test("goes from where the action stood through all steps, however they arrived", () => {
    const walks = places.chain((all) => {
      const steps = all.slice(1).map((to, nth) => step(all[nth] as number, to));
      return fc.record({
        start: fc.constant(all[0] as number),
        steps: fc.constant(steps),
        arrived: fc.shuffledSubarray(steps, { minLength: steps.length }),
      });
    });
    fc.assert(
      fc.property(walks, ({ start, steps, arrived }) => {
        const { order, gaps, end } = chain(arrived, at(start));
        return ids(order).join() === ids(steps).join() && gaps.length === 0 && end.payout === steps.at(-1)?.payout;
      }),
      runs(),
    );
  });

  test("tells the gap to where its first step begins", () => {
    expect(chain([step(7, 9)], at(5)).gaps).toEqual([{ of: "payout", from: units(5), to: units(7), before: "7-9" }]);
  });

  test("of what tells no change leaves what the last one tells", () => {
    expect(chain([anEvent({ payout: "3" }), anEvent({ amount: "8" })], at(5))).toMatchObject({
      gaps: [],
      end: { payout: units(3), amount: units(8) },
    });
  });
});

describe("a gap before an event whose place is known", () => {
  test("is there just where it does not begin at what the action was worth", () => {
    expect(gapBefore(step(5, 7), at(5))).toEqual([]);
    expect(gapBefore(step(6, 7), at(5))).toEqual([{ of: "payout", from: units(5), to: units(6), before: "6-7" }]);
    expect(gapBefore(anEvent({ payout: "7" }), at(5))).toEqual([]);
  });

  test("is one of the amount where no payout is told", () => {
    const event = anEvent({ id: "a", amount: "9", deltaAmount: "2" });
    expect(gapBefore(event, { payout: units(1), amount: units(3) })).toEqual([{ of: "amount", from: units(3), to: units(7), before: "a" }]);
  });
});

test("an action is worth what the last said that said anything", () => {
  const told = [at(3), { payout: null, amount: units(4) }, at(6)];
  expect([worthAfter(at(1), told), worthAfter(at(1), [])]).toEqual([{ payout: units(6), amount: units(4) }, at(1)]);
});

describe("events that the API dates", () => {
  const dated = (event: Told, when: number, parts: Partial<Told["reading"] & object> = {}): Told => ({
    ...event,
    reading: {
      at: when,
      payout: event.payout,
      amount: event.amount,
      fields: {},
      nth: 0,
      deltaPayout: event.deltaPayout,
      deltaAmount: event.deltaAmount,
      isRepeat: false,
      ...parts,
    },
  });

  test("stand at their dates, however they arrived, and those that it does not date between them by arrival", () => {
    const first = dated({ ...step(0, 5), receivedAt: 9 * minute }, 1 * minute);
    const second = { ...step(5, 6), receivedAt: 2 * minute };
    const third = dated({ ...step(6, 8), receivedAt: 3 * minute }, 3 * minute);
    const { events, gaps, current } = ledgerOf([second, third, first]);
    expect([ids(events), gaps, current.payout]).toEqual([["0-5", "5-6", "6-8"], [], units(8)]);
  });

  test("that are repeats change nothing, and make no gap", () => {
    const all = [dated(step(0, 5), minute), dated(step(5, 7), 2 * minute), dated(step(0, 5, "again"), minute, { isRepeat: true })];
    const { entries, gaps, current } = ledgerOf(all);
    expect(entries.map(({ step: did, event }) => [did, event.id])).toEqual([
      ["tracked", "0-5"],
      ["repeated", "again"],
      ["modified", "5-7"],
    ]);
    expect([gaps, current.payout]).toEqual([[], units(7)]);
  });

  test("at one second stand as their chain tells", () => {
    const all = [dated(step(5, 7), minute), dated(step(0, 5), minute), dated(step(7, 9), minute)];
    expect(ids(ledgerOf(all).events)).toEqual(["0-5", "5-7", "7-9"]);
  });

  test("after a gap go on from what they say", () => {
    expect(ledgerOf([dated(step(0, 5), minute), dated(step(7, 9), 3 * minute)]).gaps).toMatchObject([{ from: units(5), to: units(7) }]);
  });
});
