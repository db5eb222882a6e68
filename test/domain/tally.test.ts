import { expect, test } from "vitest";
import { Tally } from "../../src/domain/tally.ts";
import { hour, minute } from "../../src/domain/time.ts";

const start = Date.parse("2026-05-13T10:20:00Z");
const ten = Date.parse("2026-05-13T10:00:00Z");

test("what is counted is handed out when it is a minute old, once, by source and hour", () => {
  const tally = new Tally();
  for (const id of ["a", "a", "b"]) tally.note(id, start, start);
  tally.note("a", start - hour, start + 59_999);
  expect(tally.due(start + 59_999)).toEqual([]);
  expect(tally.due(start + minute)).toEqual([
    { sourceId: "a", hour: ten, count: 2 },
    { sourceId: "b", hour: ten, count: 1 },
    { sourceId: "a", hour: ten - hour, count: 1 },
  ]);
  expect(tally.due(start + hour)).toEqual([]);
});

test("what is given back comes again, with what was counted since, a minute later", () => {
  const tally = new Tally();
  tally.note("a", start, start);
  const counts = tally.due(start + minute);
  tally.note("a", start, start + minute);
  tally.giveBack(counts, start + minute);
  expect(tally.due(start + minute)).toEqual([]);
  expect(tally.due(start + 2 * minute)).toEqual([{ sourceId: "a", hour: ten, count: 2 }]);
});

test("nothing is due where nothing was counted", () => {
  const tally = new Tally();
  tally.giveBack([], start);
  expect(tally.due(start + hour)).toEqual([]);
});

test("a clock that is put back holds it up for no longer than that", () => {
  const tally = new Tally();
  tally.note("a", start, start);
  expect(tally.due(start - hour)).toHaveLength(1);
});

test("what is held of a source can be asked for, and asking changes nothing", () => {
  const tally = new Tally();
  for (const [id, at] of [
    ["a", start],
    ["a", start - hour],
    ["b", start],
  ] as const)
    tally.note(id, at, start);
  expect(["a", "b", "c"].map((id) => tally.held(id))).toEqual([2, 1, 0]);
  expect(tally.due(start + minute)).toHaveLength(3);
  expect(tally.held("a")).toBe(0);
});
