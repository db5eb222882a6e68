import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drifts } from "../../src/domain/alert.ts";
import { judgeDrift } from "../../src/domain/drift.ts";
import type { Pulse } from "../../src/domain/pulse.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";
import { aPulse, chanceFrom, monday, steady, week } from "./lives.ts";

const until = monday + 5 * week;

/** Five weeks of 100 calls an hour, of which so many were reversed, and then one hour more. */
function history(reversed: number, last: Partial<Pulse>): Pulse[] {
  return [...steady(100, until, 5, { reversed }), aPulse(until, last)];
}

const isFar = (pulses: Pulse[], now = until + 59 * minute) => judgeDrift("reversals", pulses, now, null).isFar;

describe("a rate is far above its usual", () => {
  test.each<[string, boolean, Pulse[]]>([
    ["when it is many times as much", true, history(5, { received: 100, reversed: 40 })],
    ["not when it is what it was", false, history(5, { received: 100, reversed: 5 })],
    ["not when chance may have done it", false, history(5, { received: 60, reversed: 9 })],
    ["not when it is less than twice as much", false, history(30, { received: 5000, reversed: 2900 })],
    ["not when it is less than five points more", false, history(1, { received: 5000, reversed: 290 })],
    ["when it was nothing before, and is a handful", true, history(0, { received: 60, reversed: 5 })],
    ["not when it was nothing before, and is less than a handful", false, history(0, { received: 60, reversed: 4 })],
    ["not when it is below: reversals come in batches", false, history(30, { received: 5000, reversed: 0 })],
  ])("%s", (_, expected, pulses) => expect(isFar(pulses)).toBe(expected));
});

test.each<[string, (typeof drifts)[number], Partial<Pulse>, number]>([
  ["reversals are a share of new postbacks", "reversals", { received: 60, reversed: 40, duplicates: 900, quarantined: 900 }, 60],
  ["so are unknown keys", "unknown_keys", { received: 60, unknown: 40, duplicates: 900, quarantined: 900 }, 60],
  ["what is in quarantine is one of all that is new", "quarantine", { received: 60, quarantined: 40, duplicates: 900 }, 100],
  ["repeats are one of what is known and what repeats it", "duplicates", { received: 60, duplicates: 40, quarantined: 900 }, 100],
])("%s", (_, kind, last, of) => {
  const { isFar, figures } = judgeDrift(kind, history(0, last), until + 59 * minute, null);
  expect([isFar, figures]).toEqual([
    true,
    {
      rate: Number((40 / of).toPrecision(3)),
      usual_rate: 0,
      count: 40,
      of,
      usual_count: 0,
      usual_of: 67_200,
      since: new Date(until).toISOString().replace(".000Z", "Z"),
      chance: expect.any(Number),
    },
  ]);
});

test("where an hour holds few calls, it is the rate of as many hours as hold fifty, and of a day at the most", () => {
  const few = (perHour: number) => [
    ...steady(perHour, until, 5),
    ...Array.from({ length: 30 }, (_, nth) => aPulse(until + nth * hour, { received: perHour, reversed: perHour })),
  ];
  const now = until + 30 * hour - minute;
  expect(judgeDrift("reversals", few(7), now, null).figures).toMatchObject({ of: 56, rate: 1 });
  expect(judgeDrift("reversals", few(1), now, null)).toMatchObject({ isFar: true, figures: { of: 24 } });
  expect(judgeDrift("reversals", few(0.5), now, null)).toMatchObject({ isFar: false, figures: { of: 12 } });
});

test("a source that is younger than two weeks is not judged", () => {
  const young = (weeks: number) => [...steady(100, until, weeks), aPulse(until, { received: 100, reversed: 60 })];
  expect([isFar(young(1.9)), isFar(young(2))]).toEqual([false, true]);
});

describe("a batch of reversals", () => {
  const batches = (hours: number[]) =>
    steady(20, until).map((one) => (hours.includes((until - one.hour) / hour) ? { ...one, received: 220, reversed: 200 } : one));
  const now = [aPulse(until, { received: 220, reversed: 200 })];

  test("that comes on as many days as three is usual", () => {
    expect(isFar([...batches([100, 268, 436]), ...now])).toBe(false);
  });
  test("that came on one day, or on two, is told", () => {
    expect([isFar([...batches([100]), ...now]), isFar([...batches([100, 268]), ...now])]).toEqual([true, true]);
  });
  test("each night does not hide that the days are full of them", () => {
    const nightly = batches(Array.from({ length: 35 }, (_, nth) => nth * 24 + 12));
    const bad = Array.from({ length: 24 }, (_, nth) => aPulse(until + nth * hour, { received: 20, reversed: 16 }));
    expect(isFar([...nightly, ...bad], until + 23.9 * hour)).toBe(true);
  });
});

describe("an alert that is open", () => {
  /** For each five minutes: whether there is an alert. `isBad` says in which hours after `until` all is reversed. */
  function lifeOf(isBad: (hours: number) => boolean, hours: number): boolean[] {
    const pulses = steady(100, until, 5, { reversed: 5 });
    const states: boolean[] = [];
    let alert: Parameters<typeof judgeDrift>[3] = null;
    for (let nth = 0; nth < hours; nth++) {
      for (let minutes = 5; minutes < 60; minutes += 5) {
        const received = Math.floor((100 * minutes) / 60);
        const last = aPulse(until + nth * hour, { received, reversed: isBad(nth) ? received : Math.round(received / 20) });
        const now = until + nth * hour + minutes * minute;
        const { isFar, figures } = judgeDrift("reversals", [...pulses, last], now, alert);
        alert = isFar ? (alert ?? { openedAt: now, figures }) : null;
        states.push(isFar);
      }
      pulses.push(aPulse(until + nth * hour, { received: 100, reversed: isBad(nth) ? 100 : 5 }));
    }
    return states;
  }
  const openings = (states: boolean[]) => states.filter((one, nth) => one && !states[nth - 1]).length;

  test("stays while it lasts, and is over within some hours of its end", () => {
    const states = lifeOf((hours) => hours < 3, 24);
    expect(openings(states)).toBe(1);
    const end = states.lastIndexOf(true) / 11;
    expect([end > 3, end < 10]).toEqual([true, true]);
  });

  test("of a day is over when the day is, and does not come and go by the hour", () => {
    const nightly = steady(20, until).map((one) =>
      new Date(one.hour).getUTCHours() === 12 ? { ...one, received: 220, reversed: 200 } : one,
    );
    const pulses = [...nightly];
    let alert: Parameters<typeof judgeDrift>[3] = null;
    const states: boolean[] = [];
    for (let nth = 0; nth < 130; nth++) {
      pulses.push(aPulse(until + nth * hour, { received: 20, reversed: nth < 72 && nth % 12 < 8 ? 20 : 0 }));
      const now = until + nth * hour + 59 * minute;
      const { isFar, figures } = judgeDrift("reversals", pulses, now, alert);
      alert = isFar ? (alert ?? { openedAt: now, figures }) : null;
      states.push(isFar);
    }
    expect([openings(states), states.at(-1)]).toEqual([1, false]);
  });

  test("is one, however often its reason comes and goes", () => {
    expect(openings(lifeOf((hours) => hours % 3 === 0, 36))).toBe(1);
  });
});

test("a rate that is what it always was, as chance has it, opens none in half a year", () => {
  const chance = chanceFrom(3);
  const reversedOf = (received: number) => Array.from({ length: received }, () => chance()).filter((one) => one < 0.08).length;
  const pulses: Pulse[] = [];
  let alarms = 0;
  for (let at = monday; at < monday + 26 * week; at += hour) {
    const received = 5 + Math.floor(chance() * 20);
    pulses.push(aPulse(at, { received, reversed: reversedOf(received) }));
    if (pulses.length > 35 * 24) pulses.shift();
    if (judgeDrift("reversals", pulses, at + 59 * minute, null).isFar) alarms++;
  }
  expect(alarms).toBe(0);
});

test("whatever came, there is a judgement, with figures that are numbers", () => {
  const count = fc.oneof(fc.nat(3), fc.nat(1_000_000));
  const parts = fc.record({ received: count, reversed: count, unknown: count, duplicates: count, quarantined: count });
  const pulses = fc.array(
    fc.tuple(fc.nat(40 * 24), parts).map(([ago, some]) => aPulse(until - ago * hour, some)),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...drifts), pulses, fc.option(fc.integer()), fc.nat(2 * day), (kind, pulses, openedAt, later) => {
      const open = openedAt === null ? null : { openedAt, figures: {} };
      const { isFar, figures } = judgeDrift(kind, pulses, until + later, open);
      const numbers = Object.values(figures).filter((one) => typeof one === "number");
      return typeof isFar === "boolean" && numbers.length === 7 && numbers.every((one) => Number.isFinite(one) && one >= 0);
    }),
    runs(),
  );
});
