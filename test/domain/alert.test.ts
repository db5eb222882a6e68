import { describe, expect, test } from "vitest";
import { type AlertKind, alertKinds, endOf, newAlertId, reasonOf } from "../../src/domain/alert.ts";
import { day, hour, minute } from "../../src/domain/time.ts";

const figures = { rate: 0.1234, usual_rate: 0.002, count: 40, of: 324, since: "2026-05-13T10:00:00Z" };
const silence = { last_received_at: "2026-05-13T08:00:00Z", silent_minutes: 45, expected: 42.1, limit: 13.4 };
const openedAt = Date.parse("2026-05-13T10:05:00Z");

describe("why an alert was opened is said in a sentence", () => {
  test.each<[AlertKind, string]>([
    [
      "silence",
      "Nothing has come since 2026-05-13 08:00 UTC (45 min). By the same hours of the last weeks about 42 postbacks should have come. See",
    ],
    [
      "reversals",
      "12.3 % of what came since 2026-05-13 10:00 UTC were reversals (40 of 324); usually it is 0.2 %. See which campaigns they are of.",
    ],
    [
      "quarantine",
      "12.3 % of what came since 2026-05-13 10:00 UTC went into quarantine (40 of 324); usually it is 0.2 %. Each call is kept",
    ],
    [
      "duplicates",
      "12.3 % of what came since 2026-05-13 10:00 UTC were repeats (40 of 324); usually it is 0.2 %. Nothing is lost by them.",
    ],
    [
      "unknown_keys",
      "12.3 % of what came since 2026-05-13 10:00 UTC had keys that are none of impact.com's (40 of 324); usually it is 0.2 %.",
    ],
  ])("%s", (kind, sentence) => expect(reasonOf({ kind, figures: kind === "silence" ? silence : figures })).toContain(sentence));
});

test.each([
  [45 * minute, "45 min"],
  [2 * hour, "2 h 0 min"],
  [3 * day + 5 * hour + minute, "3 d 5 h"],
])("why it was closed tells for how long it was open: %i ms", (openMs, words) => {
  const closedAt = openedAt + openMs;
  for (const kind of alertKinds) {
    const sentence = endOf({ kind, openedAt, closedAt, closing: kind === "silence" ? silence : figures });
    expect(sentence).toMatch(new RegExp(`^(Calls come again|12.3 % of what came).* The alert was open for ${words}\\.$`));
    expect(sentence).not.toMatch(/undefined|NaN|\dT\d|GET|POST/);
  }
});

test("ids of alerts sort by the time of opening", () => {
  const ids = [2, 0, 1].map((minutes) => newAlertId(openedAt + minutes * minute));
  expect([...ids].sort()).toEqual([ids[1], ids[2], ids[0]]);
  expect(ids[0]).toMatch(/^alr_[0-9a-f-]{36}$/);
});
