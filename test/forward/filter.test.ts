import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { Problem } from "../../src/domain/problem.ts";
import { compileFilter } from "../../src/forward/filter.ts";
import { sampleEvent } from "../../src/forward/sample.ts";

const event: Event = {
  ...sampleEvent("evt_1", 0),
  type: "action.approved",
  status: "APPROVED",
  payout: 12_500_000n,
  isTest: false,
  fields: { CampaignId: "1000", CampaignName: "Acme", SubId1: "user-417", network: "impact" },
};

const matches = (filter: string, on: Event = event) => compileFilter(filter)(on, "main");

test.each([
  [""],
  ["  "],
  ['status == "APPROVED" && payout >= 10.0'],
  ["payout >= 10"],
  ['type == "action.approved"'],
  ['type.startsWith("action.") && source == "main"'],
  ['kind == "action-lifecycle" && !is_test'],
  ['campaign_id in ["1000", "2000"] && sub_id1 == "user-417"'],
  ['fields.network == "impact"'],
  ['fields["CampaignName"].contains("Acm")'],
  ['"network" in fields'],
  ['fields.absent == "x" || status == "APPROVED"'],
  ['fields.exists(key, key == "network")'],
  ['promo_code == "" && currency == "USD"'],
])("%j selects it", (filter) => expect(matches(filter)).toBe(true));

test.each([["payout > 12.5"], ['status == "PENDING"'], ['fields.absent == "x"'], ['fields.absent != "x"'], ["is_test"], ["amount < 0.0"]])(
  "%j does not",
  (filter) => expect(matches(filter)).toBe(false),
);

test("an absent amount is nothing to a filter", () => {
  expect(matches("payout == 0.0", { ...event, payout: null })).toBe(true);
});

test.each([
  ["payot > 1.0", 1, 1, "payot"],
  ['status == "A" &&\n  payot > 1.0', 2, 3, "payot"],
  ["status > 1", 1, 1, "string"],
  ['status == "A" &&', 1, 17, "EOF"],
  ["status", 1, 1, "true or false"],
  ['is_test || status = "A"', 1, 19, "Write == to compare"],
  ['status.matches("^(a+)+$")', 1, 1, "matches() is not available"],
  ["fields.exists(a, fields.exists(b, a == b))", 1, 18, "second loop"],
  ["type > 3", 1, 1, "string"],
])("%j is refused where the mistake is", (filter, line, column, words) => {
  const problem = refusal(filter);
  expect(problem.code).toBe("invalid_input");
  expect(problem.mistakes).toMatchObject([{ field: "filter", line, column }]);
  expect(problem.message).toContain(words);
  expect(problem.message).not.toContain("type_");
});

test("an unknown name is answered with the names that are known", () => {
  expect(refusal("payot > 1.0").message).toContain("payout");
});

test("a filter has no way to run long", () => {
  expect(refusal(`${"1 + ".repeat(400)}1 == 1`)).toBeInstanceOf(Problem);
  expect(refusal(`${"(".repeat(100)}true${")".repeat(100)}${" && !".repeat(100)}true`)).toBeInstanceOf(Problem);
});

function refusal(filter: string): Problem {
  try {
    compileFilter(filter);
  } catch (problem) {
    return problem as Problem;
  }
  throw new Error(`${filter} was taken`);
}
