import type { Alert, Drift, Finding } from "./alert.ts";
import { hourOf, type Pulse, youngestMs } from "./pulse.ts";
import { day, formatInstant, hour, type Instant } from "./time.ts";

/** Of how many calls (`all`) how many were such (`some`). */
interface Share {
  some: number;
  all: number;
}

type Opening = Pick<Alert, "openedAt" | "figures">;

/** What each rate is a rate of. */
const shares: Record<Drift, (pulse: Pulse) => Share> = {
  reversals: ({ reversed, received }) => ({ some: reversed, all: received }),
  unknown_keys: ({ unknown, received }) => ({ some: unknown, all: received }),
  quarantine: ({ quarantined, received }) => ({ some: quarantined, all: received + quarantined }),
  duplicates: ({ duplicates, received }) => ({ some: duplicates, all: received + duplicates }),
};

/** A rate is that of the latest hours that hold so many calls, of so many hours at the most, which must hold a few. */
const fewestCalls = 50;
const mostHours = 24;
const fewestJudged = 20;
/** While an alert is open it is that of as many hours as opened it, and of so many at least: what comes and goes opens one, not many. */
const fewestHoursOpen = 6;
/** It is learned from so long before those hours, and from no fewer calls. */
const usualMs = 28 * day;
const fewestUsual = 100;

/** To open an alert: so many in number, so many times the usual rate, so much above it, and so seldom by chance. To keep it open. */
const opening = { some: 5, times: 2, above: 0.05, chance: 1e-6 };
const keeping = { some: 3, times: 1.5, above: 0.025, chance: 0.01 };
/** A rate that came near it on more days of the last four weeks is usual: brands reverse the sales of a week in an hour. */
const mostDays = 2;

/**
 * Whether a rate of the latest hours is far above its usual. `open` is the alert of it that there is already, which stays
 * until the rate is near its usual again. Where such hours come on many days, the latest 24 are judged, and by a day like none. A rate below its usual is
 * none: reversals come in batches, with nothing in between.
 */
export function judgeDrift(kind: Drift, pulses: Pulse[], now: Instant, open: Opening | null): Finding {
  const hours = new Map(pulses.map((pulse) => [pulse.hour, shares[kind](pulse)]));
  const isOld = now - Math.min(now, ...hours.keys()) >= youngestMs;
  const latest = compare(hours, now, open ? Math.max(fewestHoursOpen, hoursOf(open)) : 1);
  if (open) return { isFar: isOld && latest.isAbove(keeping), figures: latest.figures };
  if (!isOld || !latest.isAbove(opening)) return { isFar: false, figures: latest.figures };
  if (latest.daysLike() <= mostDays) return { isFar: true, figures: latest.figures };
  const ofDay = compare(hours, now, mostHours);
  return { isFar: ofDay.isAbove(opening) && ofDay.daysLike() === 0, figures: ofDay.figures };
}

/** In how many hours it was seen. */
function hoursOf({ openedAt, figures }: Opening): number {
  return Math.round((hourOf(openedAt) + hour - Date.parse(String(figures["since"]))) / hour) || 0;
}

/** The latest hours, so many of them or more, beside what is usual. */
function compare(hours: Map<Instant, Share>, now: Instant, fewestHours: number) {
  const { since, some, all } = latestOf(hours, now, fewestHours);
  const usual = sumOf(hours, since - usualMs, since);
  const usualRate = (usual.some + 0.5) / (usual.all + 1); // what never was is not taken for impossible
  const rate = all > 0 ? Math.min(1, some / all) : 0;
  const chance = chanceOf(all, rate, usualRate);
  const isKnown = all >= fewestJudged && usual.all >= fewestUsual;
  return {
    isAbove: (wanted: typeof opening) =>
      isKnown && some >= wanted.some && rate >= wanted.times * usualRate && rate - usualRate >= wanted.above && chance <= wanted.chance,
    daysLike: () => daysLike(rate, usualRate, hours, since, now),
    figures: {
      rate: round(rate),
      usual_rate: round(usual.all > 0 ? Math.min(1, usual.some / usual.all) : 0),
      count: some,
      of: all,
      usual_count: usual.some,
      usual_of: usual.all,
      since: formatInstant(since),
      chance: round(chance),
    },
  };
}

/** The latest hours, the present one among them, as many as it takes. */
function latestOf(hours: Map<Instant, Share>, now: Instant, fewestHours: number): Share & { since: Instant } {
  let since = hourOf(now);
  let { some, all } = hours.get(since) ?? { some: 0, all: 0 };
  for (let taken = 1; taken < mostHours && (taken < fewestHours || all < fewestCalls); taken++) {
    since -= hour;
    const share = hours.get(since);
    some += share?.some ?? 0;
    all += share?.all ?? 0;
  }
  return { since, some, all };
}

function sumOf(hours: Map<Instant, Share>, from: Instant, to: Instant): Share {
  const sum = { some: 0, all: 0 };
  for (const [at, { some, all }] of hours) {
    if (at < from || at >= to) continue;
    sum.some += some;
    sum.all += all;
  }
  return sum;
}

/** On how many days before, some stretch of as many hours came near this rate: two thirds of the way to it from the usual one. */
function daysLike(rate: number, usualRate: number, hours: Map<Instant, Share>, since: Instant, now: Instant): number {
  const lengthMs = hourOf(now) + hour - since;
  const near = usualRate + ((rate - usualRate) * 2) / 3;
  const days = new Set<number>();
  for (let to = since; to - lengthMs >= since - usualMs; to -= lengthMs) {
    const { some, all } = sumOf(hours, to - lengthMs, to);
    if (all >= fewestJudged && some / all >= near) days.add(Math.floor((since - to) / day));
  }
  return days.size;
}

/**
 * The most that chance allows: how probable it is at the most that of `all` calls this share or a larger one is such, if each is so
 * with the usual rate. Source: Chernoff's bound of the binomial distribution.
 */
function chanceOf(all: number, rate: number, usualRate: number): number {
  if (rate <= usualRate) return 1;
  const others = rate < 1 ? (1 - rate) * Math.log((1 - rate) / (1 - usualRate)) : 0;
  return Math.exp(-all * (rate * Math.log(rate / usualRate) + others));
}

function round(figure: number): number {
  return Number(figure.toPrecision(3));
}
