import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRates } from "../../src/domain/rates.ts";
import { type Cell, divideReport, linesOf, rollupsOf, sorted } from "../../src/domain/report.ts";
import { runs } from "../fuzz.ts";

function aCell(parts: Partial<Cell>): Cell {
  return { value: "7", name: null, currency: "EUR", state: "PENDING", actions: 1, payout: 1n, amount: 10n, ...parts };
}

const rates = readRates({ convert_to: "EUR", rates: "USD:0.5,JPY:0.5", rates_date: "2026-11-20", rates_source: "ECB" });

describe("a line", () => {
  test("holds each state of its value and all of them, and never two currencies", () => {
    const cells = [aCell({}), aCell({ state: "APPROVED", payout: 2n }), aCell({ state: "APPROVED", currency: "USD", payout: 4n })];
    expect(linesOf(cells, null)).toMatchObject([
      { currency: "EUR", actions: 2, payout: 3n, pending: { actions: 1, payout: 1n }, approved: { actions: 1, payout: 2n } },
      { currency: "USD", actions: 1, payout: 4n, pending: { actions: 0, payout: 0n }, approved: { actions: 1, payout: 4n } },
    ]);
  });

  test.each(["EXTENDED", "", "OTHER", "constructor"])("counts the state %j among the others", (state) => {
    expect(linesOf([aCell({ state })], null)).toMatchObject([{ actions: 1, other: { actions: 1 }, pending: { actions: 0 } }]);
  });

  test("with rates holds all currencies, each cell converted and rounded once, and then summed", () => {
    const cells = [
      aCell({ currency: "USD", payout: 1n }),
      aCell({ currency: "JPY", payout: 1n }),
      aCell({ currency: "USD", state: "APPROVED", payout: 3n }),
    ];
    expect(linesOf(cells, rates)).toMatchObject([
      { currency: "EUR", actions: 3, payout: 2n, pending: { payout: 0n }, approved: { payout: 2n } },
    ]);
  });
});

describe("lines in an order", () => {
  const lines = linesOf(
    [
      aCell({ value: "a", payout: 1n }),
      aCell({ value: "b", payout: 3n }),
      aCell({ value: "c", payout: 3n, actions: 9 }),
      aCell({ value: "B", payout: -3n }),
    ],
    null,
  );
  const values = (...wanted: [Parameters<typeof sorted>[1], Parameters<typeof sorted>[2]?]) =>
    sorted(lines, wanted[0], wanted[1]).map(({ value }) => value);

  test("begin with the largest, and equals go from A to Z", () => {
    expect([values("payout"), values("actions"), values("value")]).toEqual([
      ["b", "c", "a", "B"],
      ["c", "B", "a", "b"],
      ["B", "a", "b", "c"],
    ]);
  });

  test("go on behind the place where a page ended", () => {
    expect(values("payout", { rank: 3n, value: "b", currency: "EUR" })).toEqual(["c", "a", "B"]);
  });

  test("are all told, once, by pages of any size", () => {
    const cells = fc.array(
      fc.record({ value: fc.constantFrom("a", "b", "c"), currency: fc.constantFrom("EUR", "USD"), payout: fc.bigInt(-2n, 2n) }),
    );
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 3 }), (some, size) => {
        const all = linesOf(some.map(aCell), null);
        const told: typeof all = [];
        for (let last = told.at(-1); ; last = told.at(-1)) {
          const page = sorted(all, "payout", last && { rank: last.payout, value: last.value, currency: last.currency }).slice(0, size);
          if (page.length === 0) break;
          told.push(...page);
        }
        return told.length === all.length && told.every((line, nth) => line === sorted(all, "payout", undefined)[nth]);
      }),
      runs(),
    );
  });
});

const [inWeeks, inDays] = [
  { dimension: "sub_id1/week", unit: 604_800_000 },
  { dimension: "sub_id1", unit: 86_400_000 },
];

test.each([
  ["day", {}, true, [{ dimension: "hour", unit: 3_600_000 }]],
  ["day", {}, false, [{ dimension: "", unit: 900_000 }]],
  ["state", {}, true, [{ dimension: "hour", unit: 3_600_000 }]],
  ["campaign", {}, true, [{ dimension: "campaign", unit: 86_400_000 }]],
  ["campaign", { campaign: "7" }, false, [{ dimension: "campaign", unit: 86_400_000 }]],
  ["month", { sub_id2: "blog" }, true, [{ dimension: "sub_id2", unit: 86_400_000 }]],
  ["sub_id1", {}, true, [inWeeks, inDays]],
  ["month", { sub_id1: "" }, true, [inWeeks, inDays]],
  ["month", { sub_id1: "blog" }, true, []],
  ["campaign", { sub_id1: "blog" }, true, []],
  ["campaign", { sub_id1: "" }, true, []],
  ["day", { campaign: "7", sub_id2: "blog" }, false, []],
] as const)("by %s, with filters on %j, days at full hours %s, the totals that answer are %j", (by, filters, isByHours, rollups) => {
  expect(rollupsOf(by, filters, isByHours)).toEqual(rollups);
});

test("weeks answer what days need not, days what is left of whole ones, and the actions the rest", () => {
  const day = 86_400_000;
  const bucket = { label: "", since: 6.5 * day, until: 15.25 * day };
  const { whole, cut } = divideReport([bucket], [inWeeks, inDays] as ReturnType<typeof rollupsOf>);
  expect(whole).toEqual([
    { label: "", since: 7 * day, until: 14 * day, dimension: "sub_id1/week" },
    { label: "", since: 14 * day, until: 15 * day, dimension: "sub_id1" },
  ]);
  expect(cut).toEqual([
    { label: "", since: 6.5 * day, until: 7 * day },
    { label: "", since: 15 * day, until: 15.25 * day },
  ]);
  expect(divideReport([bucket], [])).toEqual({ whole: [], cut: [bucket] });
});
