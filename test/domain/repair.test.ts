import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Case } from "../../src/domain/case.ts";
import { examine } from "../../src/domain/repair.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";
import {
  applied,
  atOnce,
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
  readingsOf,
  same,
  snapshotOf,
  stepOf,
  tracked,
  units,
} from "./told.ts";

const holds = (life: Life, parts: Partial<Case> = {}) => applied(look(life, parts), later(life));

/** How many of the updates no arrival can have told: the latest of those that say the same take what came since them. */
function untold({ changes }: Life, { events }: Case): number {
  const left = [...events];
  const steps = changes.map(({ at }, nth) => ({ at, says: stepOf(changes, nth) })).reverse();
  return steps.filter(({ at, says }) => {
    const found = left.findIndex((event) => event.receivedAt >= at - 15 * minute && same(pickOf(event), says));
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  }).length;
}

function pickOf({ status, payout, deltaPayout, amount, deltaAmount }: Case["events"][number]) {
  return { status, payout, deltaPayout, amount, deltaAmount };
}

describe("whatever happened to an action, and whatever of it arrived", () => {
  test("what is found missing is just what no arrival can have told", () => {
    fc.assert(
      fc.property(lives(), (life) => look(life).missing.length === untold(life, caseOf(life))),
      runs(1000),
    );
  });

  test("the ledger ends in the truth, without a gap", () => {
    fc.assert(
      fc.property(lives(atOnce, once, 4), (life) => {
        const { current, gaps } = ledger(holds(life));
        const { status, payout, amount } = life.changes.at(-1) as Change;
        return gaps.length === 0 && current.state === status && current.payout === units(payout) && current.amount === units(amount);
      }),
      runs(1000),
    );
  });

  test("the ledger ends in the truth also where the API tells the state of now with each update", () => {
    fc.assert(
      fc.property(lives(atOnce, once, 4), (life) => {
        const { current, gaps } = ledger(holds(life, { readings: readingsOf(life, "now") }));
        const { status, payout, amount } = life.changes.at(-1) as Change;
        return gaps.length === 0 && current.state === status && current.payout === units(payout) && current.amount === units(amount);
      }),
      runs(1000),
    );
  });

  test("the ledger ends in the truth also after late repeats", () => {
    fc.assert(
      fc.property(lives(), fc.constantFrom("then", "now"), (life, state) => {
        const known = holds(life, { readings: readingsOf(life, state) });
        return ledger(known).gaps.length === 0 && endsInTruth(life, known);
      }),
      runs(1000),
    );
  });

  test("the steps of the ledger, without repeats, are the updates in their order", () => {
    fc.assert(
      fc.property(lives(), (life) => {
        const entries = ledger(holds(life)).entries.filter(({ step }) => step !== "repeated");
        return same(
          entries.map(({ event, effectiveAt }) => [effectiveAt, pickOf(event)]),
          life.changes.map(({ at }, nth) => [at, stepOf(life.changes, nth)]),
        );
      }),
      runs(1000),
    );
  });

  test("the steps are told as what they did", () => {
    fc.assert(
      fc.property(lives(), (life) => {
        const steps = ledger(holds(life)).entries.flatMap(({ step }) => (step === "repeated" ? [] : [step]));
        return same(
          steps,
          life.changes.map(({ status }, nth) => {
            const before = life.changes[nth - 1]?.status;
            if (before === undefined) return "tracked";
            if (status === "REVERSED") return before === "REVERSED" ? "modified" : "reversed";
            return before === "REVERSED" ? "reinstated" : "modified";
          }),
        );
      }),
      runs(500),
    );
  });

  test("a second look finds nothing", () => {
    fc.assert(
      fc.property(lives(atOnce, once, 4), fc.constantFrom("then", "now"), (life, state) => {
        const now = later(life);
        const known = holds(life, { readings: readingsOf(life, state) });
        const again = examine(known, patient(now + hour, now + hour, lastOf(known)));
        return again.missing.length === 0 && again.readings.length === 0;
      }),
      runs(1000),
    );
  });

  test("nothing is missing when all came", () => {
    fc.assert(
      fc.property(lives(atOnce, { minLength: 1, maxLength: 1 }, 4), (life) => {
        const isLost = untold(life, caseOf(life)) > 0; // taken for a repeat at the door, though it was none
        return isLost || look(life).missing.length === 0;
      }),
      runs(1000),
    );
  });

  test("nothing that may still be under way is called missing", () => {
    fc.assert(
      fc.property(lives(), fc.nat(), (life, nth) => {
        const since = (life.changes[nth % life.changes.length] as Change).at - 1;
        return look(life, {}, since, later(life)).missing.every(({ reading }) => reading.at <= since);
      }),
      runs(500),
    );
  });

  test("looks at every hour of it lead to the same ledger as one look at its end", () => {
    fc.assert(
      fc.property(lives(), (life) => {
        const last = look(life, lookedAtAllAlong(life));
        return last.missing.length === 0 && endsInTruth(life, applied(last, later(life)));
      }),
      runs(300),
    );
  });
});

/** What is known after a look at each moment that something happened, each with what had come by then. */
function lookedAtAllAlong(life: Life): Case {
  const moments = [...life.changes.map(({ at }) => at), ...life.arrivals.map(({ at }) => at), later(life)].sort((a, b) => a - b);
  let known: Case = { ...caseOf(life), events: [], readings: [] };
  for (const now of moments) {
    const lived = life.changes.filter(({ at }) => at <= now);
    const came = caseOf(life).events.filter(({ receivedAt }) => receivedAt <= now);
    const [own, told] = [known.events.filter(({ origin }) => origin !== "postback"), new Map(known.readings.map((one) => [one.id, one]))];
    const events = [...came, ...own].sort((a, b) => a.receivedAt - b.receivedAt);
    const readings = [
      ...readingsOf({ changes: lived, arrivals: [] }).map((one) => told.get(one.id) ?? one),
      ...known.readings.filter(({ kind }) => kind !== "update"),
    ].sort((a, b) => a.at - b.at);
    const snapshot = lived.length > 0 ? snapshotOf({ changes: lived }) : null;
    const one = { ...known, events, readings, snapshot };
    known = applied({ ...examine(one, patient(now, now - 20 * minute, lastOf(one))), case: one }, now);
  }
  return { ...known, snapshot: snapshotOf(life) };
}

function endsInTruth(life: Life, known: Case): boolean {
  const { current } = ledger(known);
  const { status, payout, amount } = life.changes.at(-1) as Change;
  return current.state === status && current.payout === units(payout) && current.amount === units(amount);
}

const one = (parts: Partial<Change> = {}): Change => ({ at: tracked, status: "PENDING", payout: 5, amount: 50, ...parts });
const allCame = (changes: Change[]): Life => ({ changes, arrivals: changes.map(({ at }, of) => ({ of, at: at + minute })) });

describe("where an action has come without an update", () => {
  const life = allCame([one(), one({ at: tracked + hour, payout: 7 })]);
  const locking = tracked + 10 * day;
  const approved = snapshotOf(life, { status: "APPROVED", lockingDate: locking });

  test("an approval by date is told, at the date that it locked on, and changes no amount", () => {
    const { missing } = look(life, { snapshot: approved });
    expect(missing).toMatchObject([
      {
        kind: "action-lifecycle",
        payout: units(7),
        deltaPayout: 0n,
        amount: units(50),
        deltaAmount: 0n,
        reading: { kind: "approval", at: locking },
      },
    ]);
    const { entries, current, gaps } = ledger(holds(life, { snapshot: approved }));
    expect(entries.map(({ step }) => step)).toEqual(["tracked", "modified", "approved"]);
    expect([current.state, gaps]).toEqual(["APPROVED", []]);
  });

  test("an approval is told before it is missed: nobody else tells it", () => {
    expect(look(life, { snapshot: approved }, tracked - day).missing.map(({ reading }) => reading.kind)).toEqual(["approval"]);
  });

  test("an approval never takes effect in the future, nor before what came last", () => {
    const at = (lockingDate: number | null, now: number) =>
      examine({ ...caseOf(life), snapshot: { ...approved, lockingDate } }, patient(now, now, tracked + hour)).missing[0]?.reading.at;
    const now = tracked + 5 * day;
    const last = tracked + hour + minute;
    expect([at(locking, now), at(null, now), at(tracked, now)]).toEqual([now, now, last]);
  });

  test("a clearing is told once, at its date", () => {
    const clearedDate = tracked + 20 * day;
    const snapshot = snapshotOf(life, {
      status: "APPROVED",
      lockingDate: locking,
      clearedDate,
      fields: { ClearedDate: "2026-06-02T10:00:00Z" },
    });
    const { missing } = look(life, { snapshot });
    expect(missing.map(({ kind, reading }) => [kind, reading.id, reading.at])).toEqual([
      ["action-lifecycle", expect.stringContaining("approval"), locking],
      ["action-clearing", "clearing", clearedDate],
    ]);
    expect(missing.map(({ fields }) => fields["ClearedDate"])).toEqual([undefined, "2026-06-02T10:00:00Z"]);
    const known = holds(life, { snapshot });
    expect(ledger(known).entries.map(({ step }) => step)).toEqual(["tracked", "modified", "approved", "cleared"]);
    const now = later(life) + hour;
    expect(examine(known, patient(now, now, tracked + hour)).missing).toEqual([]);
  });

  test("a clearing in the future, or a moment ago, is not told", () => {
    const clearedDate = later(life);
    const looked = look(life, { snapshot: { ...approved, clearedDate } }, later(life) - 1);
    expect(looked.missing.map(({ reading }) => reading.kind)).toEqual(["approval"]);
  });

  test("what the record says otherwise than all that was told is corrected, once", () => {
    const snapshot = snapshotOf(life, { payout: units(9) });
    const { missing } = look({ ...life }, { readings: [], snapshot });
    expect(missing).toMatchObject([
      { payout: units(9), deltaPayout: units(2), deltaAmount: 0n, reading: { kind: "correction", at: later(life) } },
    ]);
    const known = holds(life, { readings: [], snapshot });
    expect(ledger(known)).toMatchObject({ current: { payout: units(9), state: "PENDING" }, gaps: [] });
    const now = later(life) + hour;
    expect(examine(known, patient(now, now, tracked + hour))).toEqual({ readings: [], missing: [] });
  });

  test("a record of which the updates have not heard yet waits", () => {
    const newest = tracked + hour;
    const snapshot = snapshotOf(life, { payout: units(9), deltaPayout: units(2) });
    expect(look(life, { snapshot }, newest + minute, newest + 2 * minute).missing).toEqual([]);
  });

  test("a currency that is another is corrected", () => {
    const events = caseOf(life).events.map((event) => ({ ...event, currency: "EUR" }));
    const { missing } = look(life, { events, snapshot: snapshotOf(life, { currency: "USD", fields: { Currency: "USD" } }) });
    expect(missing.map(({ reading }) => reading.kind)).toEqual(["correction"]);
  });

  test("of an action of which nothing is known nothing is made up", () => {
    const nothing = look(
      { changes: [one()], arrivals: [] },
      { readings: [], snapshot: snapshotOf({ changes: [one({ status: "APPROVED" })] }) },
    );
    expect([nothing.missing, nothing.readings]).toEqual([[], []]);
  });

  test("without its record nothing is missing, and what tells what is found out all the same", () => {
    const lost = { ...life, arrivals: life.arrivals.slice(1) };
    const { missing, readings } = look(lost, { snapshot: null });
    expect(missing).toEqual([]);
    expect(readings.map(({ id, eventId }) => [id, eventId])).toEqual([
      ["1.2.3.100", null],
      ["1.2.3.101", "evt_000"],
    ]);
  });
});

describe("what is made good says", () => {
  const life: Life = { changes: [one(), one({ at: tracked + hour, payout: 7 })], arrivals: [{ of: 1, at: tracked + hour + minute }] };
  const fields = { ActionId: "1.2.3", CampaignId: "7", Payout: "7.00", StatusDetail: "PAID", ClearedDate: "2026-06-02T10:00:00Z" };

  test("what its update says, what the action is known by, and nothing of what only the record of now says", () => {
    const readings = readingsOf(life).map((reading) => ({ ...reading, fields: { UpdateId: reading.id, DeltaPayout: "5.00" } }));
    const { missing } = look(life, { readings, snapshot: snapshotOf(life, { fields }) });
    expect(missing.map((found) => found.fields)).toEqual([
      { ActionId: "1.2.3", CampaignId: "7", UpdateId: "1.2.3.100", DeltaPayout: "5.00", Payout: "5.00", Amount: "50.00" },
    ]);
  });
});
