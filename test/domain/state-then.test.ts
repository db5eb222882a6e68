import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Case } from "../../src/domain/case.ts";
import type { Reading } from "../../src/domain/reading.ts";
import { asThen, listOpen } from "../../src/domain/state-then.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";
import {
  applied,
  aReading,
  atOnce,
  type Change,
  caseOf,
  type Life,
  later,
  ledger,
  lives,
  look,
  once,
  readingsOf,
  snapshotOf,
  tracked,
  units,
} from "./told.ts";

const update = (nth: number, status: string, payout: number | null = null, parts: Partial<Reading> = {}) =>
  aReading({ id: `${nth}`, at: tracked + nth * hour, status, payout: payout === null ? null : units(payout), ...parts });
const inState = (...states: string[]) => states.map((status, nth) => update(nth, status));

describe("an update's state may be a later one", () => {
  test("unless the next has another, or there is none behind it", () => {
    expect([...listOpen(inState("PENDING", "PENDING", "REVERSED", "REVERSED", "PENDING"))]).toEqual(["0", "2"]);
  });

  test("when it is an approval, which may have come without an update", () => {
    expect([...listOpen(inState("PENDING", "APPROVED"))]).toEqual(["1"]);
  });

  test("and not for being of one order with the next", () => {
    const rows = ["a", "b"].map((Sku, nth) => update(nth, "REVERSED", null, { at: tracked, fields: { Sku } }));
    expect(listOpen(rows).size).toBe(0);
  });
});

describe("the state of an update must have been pending", () => {
  const states = (updates: Reading[], lockingDate: number | null = null) => asThen(updates, lockingDate).map(({ status }) => status);

  test("when it left something, and the reversal behind it nothing", () => {
    expect(states([update(0, "REVERSED", 5), update(1, "REVERSED", 0)])).toEqual(["PENDING", "REVERSED"]);
  });

  test("not where a reversal leaves the payout as it was, or its worth is unknown", () => {
    expect(states([update(0, "REVERSED", 5), update(1, "REVERSED", 5)])).toEqual(["REVERSED", "REVERSED"]);
    expect(states([update(0, "REVERSED", 5), update(1, "REVERSED")])).toEqual(["REVERSED", "REVERSED"]);
    expect(states([update(0, "REVERSED", 5), update(1, "PENDING", 0)])).toEqual(["REVERSED", "PENDING"]);
  });

  test("not where rows of one order leave something in between", () => {
    const rows = [5, 0].map((payout, nth) => update(nth, "REVERSED", payout, { at: tracked, fields: { Sku: `${nth}` } }));
    expect(states(rows)).toEqual(["REVERSED", "REVERSED"]);
  });

  test("when it is approved before the locking date", () => {
    const updates = [update(0, "APPROVED", 5), update(2, "APPROVED", 5)];
    expect(states(updates, tracked + hour)).toEqual(["PENDING", "APPROVED"]);
    expect(states(updates)).toEqual(["APPROVED", "APPROVED"]);
  });

  test("and what the API says of its state of now is not told", () => {
    const fields = { Status: "APPROVED", StatusDetail: "PAID", Oid: "1" };
    expect(asThen([update(0, "APPROVED", 5, { statusDetail: "PAID", fields })], tracked + day)).toMatchObject([
      { status: "PENDING", statusDetail: null, fields: { Status: "PENDING", Oid: "1" } },
    ]);
    expect(asThen([update(0, "APPROVED", 5, { fields })], tracked + day)[0]?.fields).not.toHaveProperty("StatusDetail");
  });
});

/** By a template that tells the state alone: what says the same as the last that came, or was here a moment ago, is none. */
function statesOnly(life: Life): Case["events"] {
  const kept: Case["events"] = [];
  for (const { of, at } of life.arrivals) {
    const status = (life.changes[of] as Change).status;
    if (kept.at(-1)?.status === status || kept.some((one) => one.status === status && at - one.receivedAt < 15 * minute)) continue;
    const [event] = caseOf({ ...life, arrivals: [{ of, at }] }).events as [Case["events"][number]];
    const nothing = { payout: null, deltaPayout: null, amount: null, deltaAmount: null };
    kept.push({ ...event, ...nothing, id: `evt_${kept.length}`, fingerprint: status });
  }
  return kept;
}

describe("of postbacks that tell the state alone, whichever state the API tells", () => {
  test("what none of them told is made good, once", () => {
    fc.assert(
      fc.property(lives(atOnce, once, 4), fc.constantFrom("then", "now"), (life, state) => {
        const events = statesOnly(life);
        const looked = look(life, { events, readings: readingsOf(life, state) });
        const { current, entries } = ledger(applied(looked, later(life)));
        const { status, payout } = life.changes.at(-1) as Change;
        const lines = entries.filter(({ step }) => step !== "repeated").length;
        expect({ state: current.state, payout: current.payout, lines, made: looked.missing.length }).toEqual({
          state: status,
          payout: units(payout),
          lines: life.changes.length,
          made: life.changes.length - events.length,
        });
      }),
      runs(1000),
    );
  });

  test("what is made good of a reversed action carries the state of then", () => {
    const change = (after: number, payout: number, status = "PENDING") => ({ at: tracked + after, status, payout, amount: 0 });
    const life = { changes: [change(0, 5), change(hour, 7), change(2 * hour, 0, "REVERSED")], arrivals: [] };
    const { missing } = look(life, { readings: readingsOf(life, "now") });
    expect(missing.map(({ reading }) => reading.status)).toEqual(["PENDING", "PENDING", "REVERSED"]);
  });

  test("a postback of another state tells the update that may have been in it, not the one that was not", () => {
    const changes = ["REVERSED", "PENDING"].map((status, nth) => ({ at: tracked + nth * minute, status, payout: 0, amount: 0 }));
    const looked = look(
      { changes, arrivals: [{ of: 0, at: tracked + minute }] },
      { readings: readingsOf({ changes, arrivals: [] }, "now") },
    );
    expect(looked.missing.map(({ reading }) => reading.id)).toEqual(["1.2.3.101"]);
  });

  test("an approval has its own line, though updates tell of it already", () => {
    const changes = [0, hour].map((after, nth) => ({ at: tracked + after, status: "PENDING", payout: 5 + nth, amount: 0 }));
    const approved = readingsOf({ changes, arrivals: [] }).map((one) => ({ ...one, status: "APPROVED" }));
    const snapshot = snapshotOf({ changes }, { status: "APPROVED", lockingDate: tracked + 10 * day });
    const looked = look({ changes, arrivals: [] }, { readings: approved, snapshot });
    expect(ledger(applied(looked, later({ changes }))).entries.map(({ step }) => step)).toEqual(["tracked", "modified", "approved"]);
  });
});
