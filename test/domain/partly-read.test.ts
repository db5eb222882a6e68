import { expect, test } from "vitest";
import { examine } from "../../src/domain/repair.ts";
import { hour, type Instant, minute } from "../../src/domain/time.ts";
import { type Change, caseOf, type Life, later, tracked } from "./told.ts";

const change = (after: number, payout: number, status = "PENDING"): Change => ({
  at: tracked + after,
  status,
  payout,
  amount: 10 * payout,
});

/** A look by a walk that has read no updates but those in a span. */
function lookInto(life: Life, since: Instant, until: Instant) {
  return examine(caseOf(life), { now: later(life), missedBefore: later(life), unchangedSince: null, hasRead: { since, until } });
}

test("a postback of an update that was not read by this walk is no repeat of another one that says the same", () => {
  const life: Life = {
    changes: [change(0, 10), change(hour, 0, "REVERSED"), change(5 * hour, 10)],
    arrivals: [0, 1, 5].map((hours, of) => ({ of, at: tracked + hours * hour + minute })),
  };
  const { readings, missing } = lookInto(life, tracked, tracked + 2 * hour);
  expect([readings.map(({ kind, eventId }) => [kind, eventId]), missing]).toEqual([
    [
      ["update", "evt_000"],
      ["update", "evt_001"],
    ],
    [],
  ]);
});

test("of updates that nobody told of, those from the first moment on and before the last are told", () => {
  const life: Life = { changes: [change(0, 10), change(hour, 12), change(2 * hour, 15)], arrivals: [] };
  const told = (since: number, until: number) =>
    lookInto(life, tracked + since, tracked + until).missing.map(({ reading }) => reading.payout);
  expect(told(0, 2 * hour + 1)).toEqual([10_000_000n, 12_000_000n, 15_000_000n]);
  expect(told(1, 2 * hour + 1)).toEqual([12_000_000n, 15_000_000n]);
  expect(told(0, 2 * hour)).toEqual([]); // what came after them is not known
});
