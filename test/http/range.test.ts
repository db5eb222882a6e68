import { expect, test } from "vitest";
import { partOf } from "../../src/http/range.ts";

test.each([
  ["bytes=0-9", { offset: 0, length: 10 }],
  ["bytes=90-", { offset: 90, length: 10 }],
  ["bytes=90-1000", { offset: 90, length: 10 }],
  ["bytes=-10", { offset: 90, length: 10 }],
  ["bytes=-1000", { offset: 0, length: 100 }],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  [null, null],
  ["bytes=-", null],
  ["bytes=9-0", null],
  ["bytes=0-1,3-4", null],
  ["lines=0-1", null],
] as const)("of 100 bytes, %s is %j", (range, part) => {
  expect(partOf(range, 100)).toEqual(part);
});

test("of nothing, nothing can be had", () => expect(partOf("bytes=-10", 0)).toBe("unsatisfiable"));
