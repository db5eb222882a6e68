import { day, hour, type Instant, minute, second } from "./time.ts";

/** A time on somebody's clock on the wall, counted as if the clock stood in UTC. */
export type Wall = number;

/** A time zone: its name as it was asked for, and what its clocks are ahead of UTC by, at a time. */
export interface Zone {
  name: string;
  offsetAt(at: Instant): number;
}

/** Finds a zone by its name in IANA's database (`Europe/Berlin`; as Intl knows it) or by an offset (`+05:30`); null when there is none. */
export function findZone(name: string): Zone | null {
  const [, sign, hours, minutes] = /^([+ -])(\d{2}):?(\d{2})$/.exec(name) ?? []; // a + in a URL becomes a blank
  if (sign === undefined) return findNamed(name);
  const ahead = Number(hours) * hour + Number(minutes) * minute;
  if (Number(minutes) > 59 || ahead > 14 * hour) return null;
  const offset = sign === "-" ? -ahead : ahead;
  return { name: `${sign === "-" ? "-" : "+"}${hours}:${minutes}`, offsetAt: () => offset };
}

/** What the clocks of a zone show. */
export function wallOf(zone: Zone, at: Instant): Wall {
  return at + zone.offsetAt(at);
}

/**
 * When the clocks of a zone come to show a time: the end of the gap when they leap over it, and the last time that they come to it from
 * before when they show it twice. So a day begins at the first of two midnights, and at 1:00 where there is none.
 */
export function instantOf(zone: Zone, wall: Wall): Instant {
  const [before, after] = [wall - 15 * hour, wall + 13 * hour]; // no clock is farther from UTC than 12 h behind and 14 h ahead
  const offsets = [zone.offsetAt(after), zone.offsetAt(before)];
  if (offsets[0] === offsets[1]) return wall - zone.offsetAt(before);
  const comes = offsets.map((offset) => wall - offset).find((at) => wallOf(zone, at) === wall && wallOf(zone, at - 1) < wall);
  return comes ?? leap(zone, wall, before, after);
}

/** The moment at which the clocks leap over `wall`, between these two. */
function leap(zone: Zone, wall: Wall, before: Instant, after: Instant): Instant {
  let [low, high] = [Math.floor(before / second), Math.ceil(after / second)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (wallOf(zone, middle * second) < wall) low = middle;
    else high = middle;
  }
  return high * second;
}

function findNamed(name: string): Zone | null {
  try {
    return zoned(name, new Intl.DateTimeFormat("en-US", { ...parts, timeZone: name }));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const parts = {
  calendar: "gregory",
  numberingSystem: "latn",
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
} as const;

/** Intl tells what a clock shows, to the second, and not by how much it is ahead. */
function zoned(name: string, format: Intl.DateTimeFormat): Zone {
  return {
    name,
    offsetAt: (at) => {
      const whole = Math.floor(at / second) * second;
      const [month = 0, date = 0, year = 0, hours = 0, minutes = 0, seconds = 0] = (format.format(whole).match(/\d+/g) ?? []).map(Number);
      return Date.UTC(year, month - 1, date, hours, minutes, seconds) - whole;
    },
  };
}

/** The date on the clocks of a zone, as `2026-05-13`. */
export function dateOf(zone: Zone, at: Instant): string {
  return new Date(wallOf(zone, at)).toISOString().slice(0, 10);
}

/** When the day of a zone begins that lies so many days after the one which holds `at`. */
export function startOfDay(zone: Zone, at: Instant, daysLater = 0): Instant {
  return instantOf(zone, Math.floor(wallOf(zone, at) / day) * day + daysLater * day);
}
