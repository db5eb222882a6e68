import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { book } from "../../src/book.ts";
import { newShortId } from "../../src/domain/id.ts";
import type { Order, Place } from "../../src/domain/report.ts";
import { day, minute } from "../../src/domain/time.ts";
import { type ReportSearch, readReport } from "../../src/store/reports.ts";
import { newApp } from "../kit.ts";
import { metered } from "./meter.ts";
import { anEvent, save } from "./samples.ts";

const may = Date.parse("2026-05-01T00:00:00Z");

/** Payouts by sub id: of one action each, or of several. */
async function sold(payouts: Record<string, bigint | bigint[]>): Promise<string> {
  const sourceId = newShortId("src");
  for (const [SubId1, payout] of Object.entries(payouts).flatMap(([sub, all]) => [all].flat().map((one) => [sub, one] as const))) {
    await save(anEvent({ sourceId, payout, deltaPayout: null, deltaAmount: null, fields: { SubId1, EventDate: "2026-05-13T12:00:00Z" } }));
    await book(newApp(), minute); // each by itself, so that units and millionths are added up apart
  }
  return sourceId;
}

function asking(source: string, parts: Partial<ReportSearch> = {}): ReportSearch {
  const whole = [{ label: "", since: may, until: may + 31 * day, dimension: "sub_id1" as const }];
  return {
    by: "sub_id1",
    whole,
    cut: [],
    source,
    filters: {},
    isTogether: false,
    order: "payout",
    limit: 100,
    ...parts,
  };
}

test("sorts by millionths and by what is larger than 64 bits, down to what is below nothing", async () => {
  const source = await sold({ a: -1n, b: 10n ** 18n, c: 1n, d: 0n, e: -1_000_001n, f: 10n ** 18n - 1n, g: -(10n ** 18n), h: 1n });
  const { cells } = await readReport(env.DB, asking(source));
  expect(cells.map(({ value }) => value).join("")).toBe("bfchdaeg");
});

test("sorts sums by what they are, though their units and their millionths have other signs", async () => {
  const source = await sold({
    a: [2_000_000n, -300_000n],
    b: 1_900_000n,
    c: [1_600_000n, 200_000n],
    d: [-1_000_000n, 900_000n],
    e: -200_000n,
  });
  const { cells } = await readReport(env.DB, asking(source));
  expect(cells.map(({ value }) => value).join("")).toBe("bcade");
  const after = { rank: 1_700_000n, value: "a", currency: "USD" };
  expect((await readReport(env.DB, asking(source, { after, limit: 1 }))).cells).toMatchObject([{ value: "d", payout: -100_000n }]);
});

test("goes on behind a place, whatever its sign", async () => {
  const source = await sold({ a: 2_500_000n, b: 1n, c: 0n, d: -1n, e: -2_500_000n });
  const next = async (order: Order, after: Place) =>
    (await readReport(env.DB, asking(source, { order, after, limit: 1 }))).cells.map(({ value }) => value);
  expect(await next("payout", { rank: 2_500_000n, value: "a", currency: "USD" })).toEqual(["b"]);
  expect(await next("payout", { rank: 0n, value: "c", currency: "USD" })).toEqual(["d"]);
  expect(await next("payout", { rank: -1n, value: "d", currency: "USD" })).toEqual(["e"]);
  expect(await next("payout", { rank: -2_500_000n, value: "e", currency: "USD" })).toEqual([]);
  expect(await next("actions", { rank: 1n, value: "b", currency: "USD" })).toEqual(["c"]);
  expect(await next("value", { rank: 0n, value: "d", currency: "USD" })).toEqual(["e"]);
});

test("tells the sums of all lines, however few are shown", async () => {
  const source = await sold({ a: 1n, b: 2n, c: 3n });
  const { cells, sums } = await readReport(env.DB, asking(source, { limit: 1 }));
  expect(cells).toMatchObject([{ value: "c", payout: 3n }]);
  expect(sums).toMatchObject([{ actions: 3, payout: 6n, currency: "USD", state: "PENDING" }]);
});

test("is one round trip, and reads of the actions only those at the edges", async () => {
  const source = await sold({ a: 1n, b: 2n });
  const { db, bill } = metered(env.DB);
  await readReport(db, asking(source, { by: "state", whole: [], cut: [{ label: "", since: may - 1, until: may }] }));
  expect(bill.roundTrips).toBe(1);
  await env.DB.prepare("update actions set payout = 7 where source_id = ?").bind(source).run();
  const { sums } = await readReport(env.DB, asking(source));
  expect(sums).toMatchObject([{ payout: 3n }]); // the totals still say so, and nobody asked the actions
});

test("leaves out a row of the totals that holds no action any more", async () => {
  const source = await sold({ a: 1_500_000n });
  await env.DB.prepare("update totals set actions = 0, payout_units = 1, payout_micros = -1000000 where source_id = ?").bind(source).run();
  expect(await readReport(env.DB, asking(source))).toEqual({ cells: [], sums: [] });
});

test("finds totals by dimension and time, and actions by the date of the sale, whatever else is asked for", async () => {
  const { db, bill } = metered(env.DB);
  const cut = [{ label: "", since: may - 1, until: may }];
  const filters = { action_tracker: "1", sub_id1: "" };
  await readReport(db, asking("x", { cut }));
  await readReport(db, asking("x", { cut, filters, currency: "EUR", state: "PENDING", by: "day", isTogether: true }));
  for (const { sql, values } of bill.statements) {
    const { results } = await env.DB.prepare(`explain query plan ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    const searches = results.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN|MULTI-INDEX OR) ?[ta]?\b/.test(detail));
    expect(searches).toContain("SEARCH t USING PRIMARY KEY (dimension=? AND at>? AND at<?)");
    expect(searches).toContain("SEARCH a USING INDEX actions_by_date (event_date>? AND event_date<?)");
  }
});

test.each([
  ["campaign", { campaign: "1" }],
  ["sub_id1", { campaign: "1", sub_id1: "a", promo_code: "p" }],
  ["sub_id2", { campaign: "1", sub_id2: "a", action_tracker: "1" }],
  ["sub_id3", { sub_id3: "a", sub_id1: "" }],
  ["shared_id", { shared_id: "a", promo_code: "p" }],
  ["promo_code", { promo_code: "p", campaign: "1" }],
] as const)("finds actions of one %s and nobody else's by an index: %j", async (name, filters) => {
  const { db, bill } = metered(env.DB);
  const cut = [{ label: "", since: may, until: may + 31 * day }];
  await readReport(db, asking("x", { whole: [], cut, filters, currency: "EUR", by: "action_tracker" }));
  const [{ sql, values } = { sql: "", values: [] }] = bill.statements;
  const { results } = await env.DB.prepare(`explain query plan ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  const column = name === "campaign" ? "campaign_id" : name;
  expect(results.map(({ detail }) => detail)).toContain(
    `SEARCH a USING INDEX actions_by_${name} (${column}=? AND event_date>? AND event_date<?)`,
  );
});
