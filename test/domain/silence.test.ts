import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hourOf, type Pulse } from "../../src/domain/pulse.ts";
import { isSilentSince, judgeSilence } from "../../src/domain/silence.ts";
import { day, hour, minute } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";
import { aPulse, arrivals, chanceFrom, looks, monday, pulsesOf, rates, steady, week } from "./lives.ts";

const lived = 5 * week;
const until = monday + lived;

/** How many minutes after its last call a source that is silent from then on is found to be; null: not within so many days. */
function foundAfter(pulses: Pulse[], last: number, days = 4): number | null {
  for (let at = last; at < last + days * day; at += 5 * minute) if (judgeSilence(pulses, last, at).isFar) return (at - last) / minute;
  return null;
}

describe("a source with a rhythm of its own", () => {
  test.each(Object.entries(rates))("raises no alarm in a month of its usual life: %s", (_, [rate, most]) => {
    const all = arrivals(rate, most, monday, monday + lived + 4 * week, chanceFrom(7));
    const alarms = [...looks(until, until + 4 * week)].filter((at) => {
      const known = all.filter((each) => each <= at && each > at - lived);
      return at - (known.at(-1) ?? 0) >= 30 * minute && judgeSilence(pulsesOf(known), known.at(-1) ?? null, at).isFar;
    });
    expect(alarms.map((at) => new Date(at).toISOString())).toEqual([]);
  });

  test.each([
    ["once in three hours", 9, 60],
    ["ten an hour", 9, 2.5],
    ["by day, on working days", 9, 2.5],
    ["by day and a little by night", 9, 2.5],
  ])("that ends is found: %s, on a Monday at %i, within %d hours", (name, from, hours) => {
    const [rate, most] = rates[name] as (typeof rates)[string];
    const end = until + from * hour;
    const all = arrivals(rate, most, monday + 9 * hour, end, chanceFrom(11));
    const minutes = foundAfter(pulsesOf(all), all.at(-1) as number);
    expect(minutes).toBeLessThan(hours * 60);
    expect(minutes).toBeGreaterThanOrEqual(30);
  });
});

test("a source of thousands is not told to be silent before half an hour", () => {
  const pulses = steady(5000, until);
  expect(foundAfter(pulses, until)).toBe(30);
});

test.each([
  ["ten days old", steady(20, until, 10 / 7), null],
  ["two weeks old", steady(20, until, 2), 50],
  ["of few postbacks", [7, 14, 21, 28, 35].map((days) => aPulse(until - days * day, { received: 9 })), null],
])("one %s", (_, pulses, minutes) => {
  const found = foundAfter(pulses, until, 1);
  expect(minutes === null ? found : Math.abs((found ?? 0) - minutes) <= 10).toBe(minutes === null ? null : true);
});

test("a burst in one week makes nobody expect it in the next", () => {
  const pulses = steady(1, until).map((one) => (one.hour === until - week ? { ...one, received: 50_000 } : one));
  expect(judgeSilence(pulses, until - minute, until + 59 * minute).figures["expected"]).toBeLessThan(6);
});

test("a source that sleeps at night may begin its day an hour later, as when clocks are changed", () => {
  const pulses = steady(0, until).map((one) => (new Date(one.hour).getUTCHours() >= 8 ? { ...one, received: 40 } : one));
  const last = until - minute;
  expect(judgeSilence(pulses, last, until + 8.9 * hour).isFar).toBe(false);
  expect(judgeSilence(pulses, last, until + 10 * hour).isFar).toBe(true);
});

test("on a day when little comes, less is to be expected in the next hours", () => {
  const quiet = steady(20, until).map((one) => (one.hour >= until - day ? { ...one, received: 3 } : one));
  expect(foundAfter(steady(20, until), until)).toBeLessThan(50);
  expect(foundAfter(quiet, until)).toBeGreaterThan(150);
});

test("where many postbacks come together, what is between them is usual", () => {
  const bursts = steady(0, until).map((one, nth) => ({ ...one, received: nth % 5 === 0 ? 40 : 0 }));
  expect(foundAfter(steady(8, until), until)).toBeLessThan(2 * 60);
  expect(foundAfter(bursts, until)).toBeGreaterThan(12 * 60);
});

test("silences that come again and again are usual", () => {
  const isGone = (at: number) => [3, 9, 18].some((days) => at >= until - days * day && at < until - days * day + 9 * hour);
  const pulses = steady(5, until).filter(({ hour: at }) => !isGone(at));
  expect(foundAfter(steady(5, until), until)).toBeLessThan(3.5 * 60);
  expect(foundAfter(pulses, until)).toBeGreaterThan(9 * 60);
});

test("one long outage, and another, are none that is usual", () => {
  const isGone = (at: number) => [3, 9].some((days) => at >= until - days * day && at < until - days * day + 9 * hour);
  expect(
    foundAfter(
      steady(5, until).filter(({ hour: at }) => !isGone(at)),
      until,
    ),
  ).toBeLessThan(4 * 60);
});

test("where the minute of the last call is not known, it is taken for the latest it can have been", () => {
  const { figures } = judgeSilence(steady(20, until), null, until + 50 * minute);
  expect(figures).toMatchObject({ last_received_at: new Date(until).toISOString().replace(".000Z", "Z"), silent_minutes: 50 });
});

describe("a silence that was told", () => {
  const openedAt = until + 45 * minute;
  const alert = { openedAt, figures: { last_received_at: new Date(until - 5 * minute).toISOString() } };
  const before = steady(20, until);

  test.each<[string, boolean, Pulse[], number | null]>([
    ["goes on while nothing comes", true, before, until - 5 * minute],
    ["goes on when the last call is too long ago to be looked at", true, before, null],
    ["is over with the next call", false, before, openedAt + 1],
    ["is over with a call that was on its way when it was told", false, before, openedAt - minute],
    ["is over when there were calls in an hour since", false, [...before, aPulse(hourOf(openedAt) + hour, { duplicates: 1 })], null],
  ])("%s", (_, isSilent, pulses, lastAt) => expect(isSilentSince(alert, pulses, lastAt)).toBe(isSilent));
});

test("whatever came, there is a judgement, with figures that are numbers", () => {
  const count = fc.oneof(fc.nat(3), fc.nat(1_000_000));
  const pulses = fc.array(
    fc
      .record({ hour: fc.nat(40 * 24), received: count, duplicates: count, quarantined: count })
      .map((one) => aPulse(until - one.hour * hour, { received: one.received, duplicates: one.duplicates, quarantined: one.quarantined })),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(pulses, fc.option(fc.integer({ min: -60 * day, max: hour })), (pulses, ago) => {
      const { isFar, figures } = judgeSilence(pulses, ago === null ? null : until + ago, until);
      const numbers = Object.values(figures).filter((one) => typeof one === "number");
      return typeof isFar === "boolean" && numbers.length === 4 && numbers.every((one) => Number.isFinite(one) && one >= 0);
    }),
    runs(),
  );
});
