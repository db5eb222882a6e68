import { expect, test } from "vitest";
import { isKind, kinds } from "../../src/domain/kind.ts";

test("knows impact.com's six event notifications", () => {
  expect(kinds.filter(isKind)).toEqual([
    "action-lifecycle",
    "action-clearing",
    "action-inquiry",
    "tracking-value-request",
    "job-completion",
    "product-data-change",
  ]);
});

test.each(["", "action", "Action-Lifecycle", "action_lifecycle", "action-lifecycle/", "constructor"])("%j is no kind", (text) => {
  expect(isKind(text)).toBe(false);
});
