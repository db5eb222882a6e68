import { expect, test } from "vitest";
import { type Kind, kinds } from "../../src/domain/kind.ts";
import { problemOf, read } from "./read.ts";

test("an event has the id and time of its receipt, and its source", () => {
  const event = read({ id: "evt_1", receivedAt: 5, query: "action_id=1.2.3" }, { id: "src_a" });
  expect(event).toMatchObject({ id: "evt_1", receivedAt: 5, sourceId: "src_a" });
});

test.each(kinds)("%s becomes an event of its kind", (kind) => {
  expect(read({ kind, query: "campaign_id=1000" }).kind).toBe(kind);
});

test.each(["", "action", "Action-Lifecycle", "constructor"])(
  "the kind %j is unknown, and the answer lists those that are known",
  (kind) => {
    const problem = problemOf(() => read({ kind, query: "action_id=1.2.3" }));
    expect(problem.code).toBe("unknown_kind");
    for (const known of kinds) expect(problem.message).toContain(known);
  },
);

test("an unknown kind is quoted no further than its beginning", () => {
  expect(problemOf(() => read({ kind: "x".repeat(10_000), query: "a=1" })).message.length).toBeLessThan(300);
});

test.each([
  ["nothing came", ""],
  ["all values are empty", "action_id=&status="],
  ["keys have no values", "action_id&status"],
])("a postback says nothing when %s", (_, query) => {
  expect(problemOf(() => read({ query })).mistakes).toEqual([{ field: "(all)", reason: "is missing" }]);
});

test("a list alone is something to say", () => {
  expect(read({ body: '{"items": [{"sku": "A"}]}' }).nested).toEqual({ items: [{ sku: "A" }] });
});

test("a problem names every mistake in its words, and the way out", () => {
  const problem = problemOf(() => read({ query: "payout=x&currency=y" }));
  expect(problem.message).toMatch(/Payout is "x".*Currency is "y".*re-ingest/);
});

const broken =
  "Payout DeltaPayout IntendedPayout Amount DeltaAmount IntendedAmount OriginalAmount Currency OriginalCurrency EventDate LockingDate".split(
    " ",
  );

test("a problem of many mistakes keeps all of them, and puts no more than ten into its words", () => {
  const problem = problemOf(() => read({ query: broken.map((name) => `${name}=x`).join("&") }));
  expect(problem.mistakes).toHaveLength(broken.length);
  expect(problem.message.split("; ")).toHaveLength(10);
});

test("amounts are micros, exactly", () => {
  expect(read({ query: "payout=0.88&delta_payout=-0.01&amount=999999999999.99&delta_amount=0.000001" })).toMatchObject({
    payout: 880_000n,
    deltaPayout: -10_000n,
    amount: 999_999_999_999_990_000n,
    deltaAmount: 1n,
  });
});

test("what is not told is null, not 0", () => {
  expect(read({ query: "sub_id1=x" })).toMatchObject({
    actionId: null,
    status: null,
    subject: null,
    occurredAt: null,
    currency: null,
    payout: null,
    deltaPayout: null,
    amount: null,
    deltaAmount: null,
  });
});

test("a payout of 0.00 is 0, not absent", () => {
  expect(read({ query: "payout=0.00" }).payout).toBe(0n);
});

test("an inquiry's amounts are those of its transaction and its end", () => {
  expect(read({ kind: "action-inquiry", query: "id=1&transaction_amount=49.99&final_payout=2.50&expected_payout=3.00" })).toMatchObject({
    payout: 2_500_000n,
    amount: 49_990_000n,
  });
});

test.each(["usd", "USD", "USD%20", "%20usd"])("the currency %j is USD", (currency) => {
  expect(read({ query: `payout=1&currency=${currency}` }).currency).toBe("USD");
});

const dates = {
  event_date: "2024-01-01T00:00:00Z",
  cleared_date: "2024-01-02T00:00:00Z",
  creation_date: "2024-01-03T00:00:00Z",
  locking_date: "2024-01-04T00:00:00Z",
  inquiry_date: "2024-01-05T00:00:00Z",
  resolution_date: "2024-01-06T00:00:00Z",
  date_placed: "2024-01-07T00:00:00Z",
  created_date: "2024-01-08T00:00:00Z",
  completed_date: "2024-01-09T00:00:00Z",
};

test.each([
  ["action-lifecycle", "event_date"],
  ["action-clearing", "cleared_date"],
  ["action-inquiry", "resolution_date"],
  ["tracking-value-request", "date_placed"],
  ["job-completion", "completed_date"],
] as [Kind, keyof typeof dates][])("%s occurred at its %s, of all the dates it has", (kind, key) => {
  const query = new URLSearchParams(dates).toString();
  expect(read({ kind, query }).occurredAt).toBe(Date.parse(dates[key]));
});

test("no date of arrival is made up where none was told", () => {
  expect(read({ query: "action_id=1.2.3&locking_date=2024-01-04T00:00:00Z" }).occurredAt).toBeNull();
});

test.each([
  ["a known macro came literally", "action_id=1&sub_id1={SubId1}"],
  ["a macro that nobody knows came literally", "action_id=1&x={SubbId}"],
  ["the testing value stands in SubId1", "action_id=1&SubId1=12345678"],
  ["the testing value stands in another sub id", "action_id=1&shared_id=12345678"],
  ["the testing value stands in a key of the owner's", "action_id=1&cid=12345678"],
])("is a test when %s", (_, query) => {
  expect(read({ query }).isTest).toBe(true);
});

test.each([
  ["everything is as usual", "action_id=1&sub_id1=x"],
  ["an id happens to be the testing value", "action_id=12345678&campaign_id=12345678&ad_id=12345678"],
  ["a sub id only holds the testing value among others", "action_id=1&sub_id1=12345678-a"],
  ["a macro that may not exist at impact.com came literally", "action_id=1&oid={Oid}"],
])("is no test when %s", (_, query) => {
  expect(read({ query }).isTest).toBe(false);
});

test("the testing value counts under a mapped key too", () => {
  expect(read({ query: "action_id=1&clk=12345678" }, { mapping: { clk: "SubId1" } }).isTest).toBe(true);
});

test("warns where no id says what it is about, and names the kind to mend", () => {
  expect(read({ kind: "action-clearing", query: "payout=1" }).warnings).toMatchObject([
    { code: "no_subject", detail: expect.stringContaining("action-clearing") },
  ]);
});

test("keeps no more than a hundred warnings", () => {
  const query = Array.from({ length: 150 }, (_, n) => `k${n}={SubId1}`).join("&");
  expect(read({ query }).warnings).toHaveLength(100);
});

test("warnings of bytes, keys and values come together", () => {
  const event = read({
    body: '{"Action Life Cycle Postback", "a": "1", "payout": "{Payout}", "event_date": "2026-05-13T11:37:49 08:00", "locking_date": "2026-05-13"}',
  });
  expect(event.warnings.map(({ code }) => code)).toEqual([
    "repaired_json",
    "no_subject",
    "unresolved_macro",
    "repaired_offset",
    "assumed_utc",
  ]);
});
