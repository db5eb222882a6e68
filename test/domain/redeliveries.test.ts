import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { match } from "../../src/domain/reading.ts";
import { day, hour, minute, second } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";
import { applied, aReading, type Change, type Life, later, ledger, look, tracked, units } from "./told.ts";

const change = (after: number, payout: number, status = "PENDING"): Change => ({ at: tracked + after, status, payout, amount: 0 });
const stepsOf = (life: Life) => ledger(applied(look(life), later(life))).entries.map(({ step }) => step);

describe("a redelivery that comes late is not taken for an update that never came", () => {
  test("of another state, where neither changed anything", () => {
    const life: Life = {
      changes: [change(0, 0), change(second, 0, "REVERSED"), change(2 * second, 5), change(3 * second, 0)],
      arrivals: [
        { of: 0, at: tracked + second },
        { of: 2, at: tracked + 3 * second },
        { of: 0, at: tracked + 3 * day },
      ],
    };
    expect(look(life).missing.map(({ reading }) => reading.id)).toEqual(["1.2.3.101", "1.2.3.103"]);
    expect(stepsOf(life)).toEqual(["tracked", "repeated", "reversed", "reinstated", "modified"]);
  });

  test("of another value, where that is in doubt", () => {
    const life: Life = {
      changes: [change(0, 12), change(0, 12), change(0, 0), change(minute, 0), change(minute, 0)],
      arrivals: [
        { of: 1, at: tracked + second },
        { of: 3, at: tracked + minute + second },
        { of: 1, at: tracked + 2 * hour },
      ],
    };
    expect(look(life).missing.map(({ deltaPayout }) => deltaPayout)).toEqual([units(12), units(-12), 0n]);
    expect(stepsOf(life).filter((step) => step !== "repeated").length).toBe(5);
  });

  const told = aReading({ id: "told", payout: 0n, deltaPayout: 0n, toldBy: "postback", eventId: "first" });
  const next = aReading({ id: "next", at: tracked + minute, status: "REVERSED", payout: 0n, deltaPayout: 0n });
  const again = (ms: number) => anEvent({ id: "again", payout: "0", deltaPayout: "0", receivedAt: next.at + ms });

  test("unless that one's state may be a later one, and it came promptly", () => {
    const taken = (ms: number, isOpen: boolean) => match([told, next], [again(ms)], { isOpen: () => isOpen }).size;
    expect([taken(minute, true), taken(30 * minute, true), taken(30 * minute + 1, true), taken(minute, false)]).toEqual([1, 1, 0, 0]);
  });

  test("and what says otherwise is no redelivery", () => {
    const other = { ...told, payout: units(1) };
    const unknown = { ...told, payout: null };
    expect([match([other, next], [again(hour)]).size, match([unknown, next], [again(hour)]).size]).toEqual([1, 1]);
  });
});

/** Lives of which most changes change nothing. */
const still = fc
  .array(
    fc.record({
      status: fc.constantFrom("PENDING", "PENDING", "REVERSED"),
      after: fc.constantFrom(second, minute, hour, 2 * day),
      payout: fc.constantFrom(0, 0, 5, 12),
      delays: fc.array(fc.constantFrom(second, minute, 2 * hour, 3 * day), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((all): Life => {
    let at = tracked;
    const changes = all.map(({ status, after, payout }) => {
      at += after;
      return { at, status, payout: status === "REVERSED" ? 0 : payout, amount: 0 };
    });
    const arrivals = all.flatMap(({ delays }, of) => delays.map((delay) => ({ of, at: (changes[of] as Change).at + delay })));
    return { changes, arrivals: arrivals.sort((a, b) => a.at - b.at) };
  });

/** Whether what comes again does so just after another change: it may be the call of that one, if the API tells the state of now. */
function isMistakable({ changes, arrivals }: Life): boolean {
  const again = arrivals.filter(({ of }, nth) => arrivals.findIndex((one) => one.of === of) < nth);
  return again.some(({ of, at }) => changes.some((one, nth) => nth !== of && at >= one.at - 15 * minute && at <= one.at + 30 * minute));
}

test("each update has its own line, whatever came again, and long after what it could be taken for", () => {
  fc.assert(
    fc.property(still, (life) => {
      fc.pre(!isMistakable(life));
      const { entries } = ledger(applied(look(life), later(life)));
      const own = entries.filter(({ step }) => step !== "repeated");
      return own.length === life.changes.length && own.every(({ event }, nth) => event.status === life.changes[nth]?.status);
    }),
    runs(2000),
  );
});
