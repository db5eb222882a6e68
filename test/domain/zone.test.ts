import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { day, formatInstant, hour, minute } from "../../src/domain/time.ts";
import { dateOf, findZone, instantOf, startOfDay, wallOf, type Zone } from "../../src/domain/zone.ts";
import { runs } from "../fuzz.ts";

function zone(name: string): Zone {
  const found = findZone(name);
  if (!found) throw new Error(`no zone ${name}`);
  return found;
}

function start(name: string, date: string): string {
  return formatInstant(instantOf(zone(name), Date.parse(date)));
}

test.each([
  ["UTC", "2026-05-13", "2026-05-13T00:00:00Z"],
  ["Europe/Berlin", "2026-05-13", "2026-05-12T22:00:00Z"],
  ["europe/berlin", "2026-01-13", "2026-01-12T23:00:00Z"],
  ["Asia/Kolkata", "2026-05-13", "2026-05-12T18:30:00Z"],
  ["Asia/Kathmandu", "2026-05-13", "2026-05-12T18:15:00Z"],
  ["Pacific/Kiritimati", "2026-05-13", "2026-05-12T10:00:00Z"],
  ["Etc/GMT+12", "2026-05-13", "2026-05-13T12:00:00Z"],
  ["+05:30", "2026-05-13", "2026-05-12T18:30:00Z"],
  ["-0930", "2026-05-13", "2026-05-13T09:30:00Z"],
  [" 05:45", "2026-05-13", "2026-05-12T18:15:00Z"],
])("in %s the %s begins at %s", (name, date, at) => expect(start(name, date)).toBe(at));

test.each(["Europe/Atlantis", "", "+15:00", "+14:01", "+05:60", "5", "+5", "UTC+1", "Europe/Berlin "])("knows no zone %j", (name) => {
  expect(findZone(name)).toBeNull();
});

test("calls an offset by its sign, hours and minutes", () => {
  expect([" 0530", "-03:00"].map((name) => findZone(name)?.name)).toEqual(["+05:30", "-03:00"]);
});

describe("a day", () => {
  const hoursOf = (name: string, date: string) => {
    const at = instantOf(zone(name), Date.parse(date));
    return (startOfDay(zone(name), at, 1) - at) / hour;
  };

  test.each([
    ["Europe/Berlin", "2026-03-29", 23],
    ["Europe/Berlin", "2026-10-25", 25],
    ["Europe/Berlin", "2026-05-13", 24],
    ["America/New_York", "2026-03-08", 23],
    ["America/New_York", "2026-11-01", 25],
    ["Australia/Lord_Howe", "2026-04-05", 24.5],
    ["Australia/Lord_Howe", "2026-10-04", 23.5],
  ])("in %s, the %s has %d hours", (name, date, hours) => expect(hoursOf(name, date)).toBe(hours));

  test("begins at 1:00 where the clocks leap over midnight", () => {
    expect(start("Africa/Cairo", "2026-04-24")).toBe("2026-04-23T22:00:00Z");
    expect(new Date(wallOf(zone("Africa/Cairo"), Date.parse("2026-04-23T22:00:00Z"))).getUTCHours()).toBe(1);
  });

  test("begins at the first of two midnights", () => expect(start("America/Havana", "2026-11-01")).toBe("2026-11-01T04:00:00Z"));

  test("begins at midnight when an hour of the evening before comes twice", () => {
    expect(start("Africa/Cairo", "2026-10-30")).toBe("2026-10-29T22:00:00Z");
  });

  test("that a zone never had begins with the next", () => {
    expect(start("Pacific/Apia", "2011-12-30")).toBe(start("Pacific/Apia", "2011-12-31"));
  });

  test("goes on when clocks pass midnight and are put back before it", () => {
    const at = Date.parse(start("America/St_Johns", "2010-11-07"));
    expect(dateOf(zone("America/St_Johns"), at)).toBe("2010-11-07");
    expect(startOfDay(zone("America/St_Johns"), at - 1, 1)).toBe(at);
  });
});

const names = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "America/Havana", "Africa/Cairo", "Pacific/Chatham", "-03:30"];

test("every moment lies in the day that Intl says", () => {
  const moments = fc.integer({ min: Date.parse("2021-01-01"), max: Date.parse("2030-01-01") });
  fc.assert(
    fc.property(fc.constantFrom(...names), moments, (name, at) => {
      const [from, to] = [startOfDay(zone(name), at), startOfDay(zone(name), at, 1)];
      const date = new Intl.DateTimeFormat("sv-SE", { timeZone: name }).format(at);
      return (
        from <= at && at < to && dateOf(zone(name), at) === date && dateOf(zone(name), from) === date && dateOf(zone(name), to - 1) === date
      );
    }),
    runs(1000),
  );
});

test("every time on the wall that a zone has is found again", () => {
  const quarters = fc.integer({ min: 0, max: 8 * 365 * 96 }).map((nth) => Date.parse("2022-01-01") + nth * 15 * minute);
  fc.assert(
    fc.property(fc.constantFrom(...names), quarters, (name, at) => {
      const found = instantOf(zone(name), wallOf(zone(name), at));
      return wallOf(zone(name), found) === wallOf(zone(name), at) && Math.abs(found - at) <= day / 24;
    }),
    runs(1000),
  );
});
