import { expect, test } from "vitest";
import type { Told } from "../../src/domain/action.ts";
import { knownOf } from "../../src/domain/hindsight.ts";
import { anEvent } from "./anEvent.ts";

const reading = { nth: 0, at: 0, payout: null, amount: null, deltaPayout: null, deltaAmount: null, fields: {}, isRepeat: false };

const told = (events: Told[]) => knownOf(events).map(({ event, state, payout, gaps }) => [event.id, state, Number(payout) / 1e6, gaps]);

test("tells at each arrival what was known then, and nothing that came later", () => {
  const events = [
    anEvent({ id: "approved", status: "APPROVED", payout: "8", deltaPayout: "-2" }),
    anEvent({ id: "tracked", status: "PENDING", payout: "10", deltaPayout: "10" }),
    anEvent({ id: "late", status: "APPROVED", payout: "5", deltaPayout: "-1" }),
    anEvent({ id: "between", status: "APPROVED", payout: "6", deltaPayout: "-2" }),
  ];
  expect(told(events)).toEqual([
    ["approved", "APPROVED", 8, 1],
    ["tracked", "APPROVED", 8, 0],
    ["late", "APPROVED", 5, 1],
    ["between", "APPROVED", 5, 0],
  ]);
});

test("leaves out what the API said of a postback later, and takes what an event of the API brought along", () => {
  const first = anEvent({ id: "first", status: "PENDING", payout: "1" });
  const second = anEvent({ id: "second", status: "REVERSED", payout: "0" });
  const [early, late] = [
    { ...reading, at: 1000 },
    { ...reading, at: 2000 },
  ];
  const arrived: Told[] = [
    { ...first, reading: late },
    { ...second, reading: early },
  ];
  expect(told(arrived).at(-1)).toEqual(["second", "REVERSED", 0, 0]);
  const fromApi: Told[] = arrived.map((event) => ({ ...event, origin: "reconciliation" }));
  expect(told(fromApi).at(-1)).toEqual(["second", "PENDING", 1, 0]);
});

test("tells the last arrivals only of an action with very many", () => {
  const events = Array.from({ length: 400 }, (_, index) => anEvent({ id: `${index}`, payout: "1" }));
  const known = knownOf(events);
  expect([known.length, known[0]?.event.id, known.at(-1)?.event.id]).toEqual([50, "350", "399"]);
});
