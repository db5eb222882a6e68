import { expect, test } from "vitest";
import { compareActions, compareMatters, jobsToldOf, type LedgerAction } from "../../simulate/compare.ts";
import { parseMoney } from "../../simulate/money.ts";
import { newPopulation } from "../../simulate/population.ts";
import type { TrueAction } from "../../simulate/truth.ts";

const truth = newPopulation({ seed: 1, actions: 30, inquiries: 10, jobs: 3 }).truth();
const row = (action: TrueAction): LedgerAction => ({
  action_id: action.id,
  state: action.state,
  payout: action.payoutText,
  amount: action.amountText,
  currency: action.currency,
  cleared: action.clearedAt !== null,
  sub_id1: action.subId1 || null,
  gaps: 0,
});
const perfect = truth.actions.map(row);
const changed = (change: Partial<LedgerAction>) => perfect.map((one, index) => (index === 3 ? { ...one, ...change } : one));

test("a perfect ledger has no differences, however it writes its money", () => {
  expect(compareActions(truth, perfect)).toEqual([]);
  expect(
    compareActions(
      truth,
      perfect.map((one) => ({ ...one, payout: `${one.payout}${one.payout?.includes(".") ? "000" : ".000000"}` })),
    ),
  ).toEqual([]);
});

test.each<[string, Partial<LedgerAction>]>([
  ["state", { state: "NONSENSE" }],
  ["payout", { payout: "0.000001" }],
  ["payout", { payout: null }],
  ["amount", { amount: "1e3" }],
  ["currency", { currency: "XXX" }],
  ["cleared", { cleared: !perfect[3]?.cleared }],
  ["cleared_date", { cleared_date: "2020-01-01T00:00:00Z" }],
  ["gaps", { gaps: 1 }],
  ["gaps", { gaps: [{}] }],
  ["sub_id1", { sub_id1: "another" }],
])("a wrong %s is told, once, and can be left out", (what, change) => {
  expect(compareActions(truth, changed(change))).toEqual([
    expect.stringMatching(`^${perfect[3]?.action_id}: ${what} is .*, the ledger says`),
  ]);
  expect(compareActions(truth, changed(change), [what as "state"])).toEqual([]);
});

test("a millionth is a difference, however large the sum is", () => {
  const [first] = truth.actions as [TrueAction];
  const large = { actions: [{ ...first, payout: 90_071_992_547_409_930_000_001n }] };
  const says = (payout: string) => compareActions(large, [{ ...row(first), payout }]);
  expect(says("90071992547409930.000001")).toEqual([]);
  expect(says("90071992547409930.000000")).toHaveLength(1);
});

test("what is missing, there twice or made up is told", () => {
  const [first, ...others] = perfect as [LedgerAction, ...LedgerAction[]];
  expect(compareActions(truth, others)).toEqual([expect.stringContaining(`${first.action_id} is missing`)]);
  expect(compareActions(truth, [first, ...perfect])).toEqual([`${first.action_id} is in the ledger twice`]);
  expect(compareActions(truth, [...perfect, { ...first, action_id: "1.2.3" }])).toEqual(["1.2.3 is in the ledger, and does not exist"]);
});

test("inquiries are compared with the actions that they made", () => {
  const rows = truth.inquiries.map(({ id, status, actionId }) => ({ id, status, action_id: actionId }));
  expect(compareMatters(truth.inquiries, rows)).toEqual([]);
  expect(
    compareMatters(
      truth.inquiries,
      rows.map((one) => ({ ...one, action_id: "1.2.3" })),
    ).length,
  ).toBe(rows.length);
  expect(compareMatters(truth.inquiries, rows.slice(1))).toHaveLength(1);
  expect(compareMatters(truth.jobs, [])).toHaveLength(truth.jobs.length);
});

test("of jobs whose postback was lost, the completed ones are expected once any job was told", () => {
  const { jobs } = newPopulation({ seed: 1, actions: 0, jobs: 30 }).truth();
  const idsOf = (status: string) => jobs.flatMap((job) => (job.status === status ? [job.id] : []));
  const [completed, failed] = [idsOf("COMPLETED"), idsOf("FAILED")];
  const toldOf = (lost: string[]) => jobsToldOf({ ...truth, jobs }, new Set(lost)).told.map(({ id }) => id);
  expect([completed.length > 1, failed.length > 1]).toEqual([true, true]);
  expect(new Set(toldOf([]))).toEqual(new Set([...completed, ...failed]));
  expect(new Set(toldOf([...completed.slice(1), ...failed]))).toEqual(new Set(completed));
  expect(toldOf([...completed, ...failed])).toEqual([]);
});

test("money is exact", () => {
  expect(["0.88", "-12", "999999999999.999999", "1.0"].map(parseMoney)).toEqual([
    880_000n,
    -12_000_000n,
    999_999_999_999_999_999n,
    1_000_000n,
  ]);
  expect(["", "1.", ".5", "1e3", "0.0000001", "1,5"].map(parseMoney)).toEqual([null, null, null, null, null, null]);
});
