import fc from "fast-check";
import { expect, test } from "vitest";
import { ledgerOf } from "../../src/domain/action.ts";
import { type Action, actionOf, dimensions } from "../../src/domain/standing.ts";
import { day, minute } from "../../src/domain/time.ts";
import { quarter, type Total, totalsOf, week } from "../../src/domain/total.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";
import { units } from "./told.ts";

const at = Date.parse("2026-05-13T11:37:49Z");

function anAction(parts: Partial<Action> = {}): Action {
  const event = anEvent({ payout: "5", amount: "50", currency: "EUR", receivedAt: at, fields: { CampaignId: "7" } });
  return { ...actionOf(ledgerOf([event]), [event]), ...parts };
}

const actions = fc
  .record({
    payout: fc.constantFrom(null, units(5), -units(1)),
    currency: fc.constantFrom(null, "EUR", "JPY"),
    state: fc.constantFrom("PENDING", "REVERSED"),
    campaign: fc.constantFrom(null, "7", "8"),
    eventDate: fc.constantFrom(at, at + minute, at + day),
    isTest: fc.boolean(),
  })
  .map(anAction);

/** Totals added up, as the store does; what came to nothing is left out. */
function added(...all: Total[][]): Map<string, [number, bigint, bigint]> {
  const sums = new Map<string, [number, bigint, bigint]>();
  for (const { actions: count, payout, amount, ...place } of all.flat()) {
    const key = JSON.stringify(place);
    const [a, p, m] = sums.get(key) ?? [0, 0n, 0n];
    sums.set(key, [a + count, p + payout, m + amount]);
  }
  return new Map([...sums].filter(([, sum]) => sum.some((value) => Number(value) !== 0)).sort());
}

const textOf = (sums: ReturnType<typeof added>) => [...sums].map(([key, sum]) => `${key} ${sum.join(" ")}`).join("\n");

test("an action is counted at its quarter of an hour, at its hour, in each dimension at its day, and in sub_id1 at its week", () => {
  const totals = totalsOf([{ before: null, after: anAction() }]);
  expect(totals).toHaveLength(3 + Object.keys(dimensions).length);
  const sum = { sourceId: "src_test", currency: "EUR", state: "PENDING", actions: 1, payout: units(5), amount: units(50) };
  expect(totals[0]).toEqual({ ...sum, dimension: "", at: Date.parse("2026-05-13T11:30:00Z"), value: "" });
  expect(totals).toContainEqual({ ...sum, dimension: "hour", at: Date.parse("2026-05-13T11:00:00Z"), value: "" });
  expect(totals).toContainEqual({ ...sum, dimension: "campaign", at: Date.parse("2026-05-13T00:00:00Z"), value: "7" });
  expect(totals).toContainEqual({ ...sum, dimension: "sub_id1", at: Date.parse("2026-05-13T00:00:00Z"), value: "" });
  expect(totals).toContainEqual({ ...sum, dimension: "sub_id1/week", at: Date.parse("2026-05-07T00:00:00Z"), value: "" });
  expect([quarter, week]).toEqual([15 * minute, 7 * day]);
});

test("changes one after another add up to what there is in the end", () => {
  fc.assert(
    fc.property(fc.array(actions, { minLength: 1, maxLength: 6 }), (states) => {
      const changes = states.map((after, nth) => ({ before: states[nth - 1] ?? null, after }));
      const atLast = totalsOf([{ before: null, after: states.at(-1) as Action }]);
      const oneByOne = added(...changes.map((change) => totalsOf([change])));
      return textOf(oneByOne) === textOf(added(atLast)) && textOf(added(totalsOf(changes))) === textOf(oneByOne);
    }),
    runs(),
  );
});

test("an action that goes takes all with it, and one that stays the same changes nothing", () => {
  const one = anAction();
  expect(added(totalsOf([{ before: null, after: one }]), totalsOf([{ before: one, after: null }])).size).toBe(0);
  expect(totalsOf([{ before: one, after: one }])).toEqual([]);
});

test("test calls are no sales", () => expect(totalsOf([{ before: null, after: anAction({ isTest: true }) }])).toEqual([]));
