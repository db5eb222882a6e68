import { describe, expect, test } from "vitest";
import { hoursOf, isNameless, isToldNameless, type Naming } from "../../src/domain/naming.ts";
import { hour, minute } from "../../src/domain/time.ts";

const ten = Date.parse("2026-05-13T10:00:00Z");
const kind = "action-lifecycle";

const naming = (named: number, nameless: number[] = [], parts: Partial<Naming> = {}): Naming => ({
  kind,
  hour: ten,
  named,
  nameless: nameless.map((minutes) => ten + minutes * minute),
  ...parts,
});

test.each([
  ["nothing came", [], false],
  ["all say what they are about", [naming(3)], false],
  ["none does", [naming(0, [1]), naming(0, [2], { hour: ten - hour })], true],
  ["one did, in another hour", [naming(0, [1]), naming(1, [], { hour: ten - hour })], false],
  ["none of another kind does", [naming(0, [1], { kind: "action-clearing" })], false],
  ["none does, and all of another kind do", [naming(0, [1]), naming(9, [], { kind: "action-clearing" })], true],
])("where %s, the template leaves the id out: %3$s", (_, namings, expected) => {
  expect(isNameless(namings, kind)).toBe(expected);
});

describe("a call without an id may have told what happened", () => {
  const isTold = (namelessAt: number, parts: Partial<Naming> = {}) =>
    isToldNameless([naming(5, [namelessAt], parts)], kind, ten + 30 * minute);

  test.each([
    [28, false],
    [29, true],
    [30, true],
    [50, true],
    [51, false],
  ])("at half past ten when it came at 10:%i: %s", (minutes, expected) => {
    expect(isTold(minutes)).toBe(expected);
  });

  test("and one of another kind may not", () => {
    expect(isTold(31, { kind: "action-clearing" })).toBe(false);
  });
});

test("it is looked for in the hours in which it may have come", () => {
  expect(hoursOf(ten + 30 * minute)).toEqual([ten]);
  expect(hoursOf(ten + 45 * minute)).toEqual([ten, ten + hour]);
  expect(hoursOf(ten)).toEqual([ten - hour, ten]);
});
