import fc from "fast-check";
import { expect, test } from "vitest";
import { firstEventId, newEventId, newShortId, newToken } from "../../src/domain/id.ts";
import { hour } from "../../src/domain/time.ts";
import { runs } from "../fuzz.ts";

const now = Date.UTC(2026, 10, 23, 12);

test("an event id is evt_ and a UUIDv7 of its time", () => {
  expect(newEventId(now)).toMatch(/^evt_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("event ids sort by time of arrival", () => {
  const later = now + hour; // of its own, since the generator remembers the latest time it was given
  const ids = [0, 1, 2, 1000, 60_000].map((after) => newEventId(later + after));
  expect(ids.toSorted()).toEqual(ids);
});

test("event ids of one millisecond sort in the order of making, and none comes twice", () => {
  const ids = Array.from({ length: 10_000 }, () => newEventId(now + 2 * hour));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test("the first event id of an instant bounds the ids made at it, from below and from the next above", () => {
  const instants = fc.integer({ min: 0, max: 2 ** 47 });
  const isBounded = (at: number) => {
    newEventId(at + hour); // so that `at` is no step back by seconds, which the generator would iron out
    const id = newEventId(at);
    return firstEventId(at) <= id && id < firstEventId(at + 1);
  };
  fc.assert(fc.property(instants, isBounded), runs());
});

test("the first event id of a time before 1970, or of half a millisecond, is one all the same", () => {
  expect([firstEventId(-1), firstEventId(0.5)]).toEqual([firstEventId(0), firstEventId(0)]);
});

test("a short id tells what it is of, in letters that nobody mistakes", () => {
  expect([newShortId("src"), newShortId("dst")]).toEqual([
    expect.stringMatching(/^src_[0-9a-hjkmnp-tv-z]{12}$/),
    expect.stringMatching(/^dst_[0-9a-hjkmnp-tv-z]{12}$/),
  ]);
});

test("a token holds 192 bits unless said, in letters that are safe in a URL", () => {
  expect(newToken()).toMatch(/^[\w-]{32}$/);
});

test("a token can be made of a given number of bytes", () => {
  expect(Buffer.from(newToken(32), "base64url")).toHaveLength(32);
});

test("no token comes twice", () => {
  expect(new Set(Array.from({ length: 1000 }, () => newToken())).size).toBe(1000);
});
