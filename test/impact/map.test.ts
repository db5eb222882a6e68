import { describe, expect, test } from "vitest";
import { parseExact } from "../../src/impact/json.ts";
import { actionOf, inquiryOf, jobOf, updateOf } from "../../src/impact/map.ts";
import type { Rec } from "../../src/impact/page.ts";

const at = (text: string) => Date.parse(text);
const recordOf = <T>(read: { ok: true; record: T } | { ok: false; mistake: string }): T => {
  if (!read.ok) throw new Error(read.mistake);
  return read.record;
};
const mistakeOf = (read: { ok: boolean; mistake?: string }) => read.mistake ?? "";

/** The examples of impact.com's OpenAPI documents. */
const action: Rec = {
  Id: "1000.4636.158133",
  CampaignId: "1000",
  State: "PENDING",
  Payout: "0.88",
  DeltaPayout: "0.88",
  Amount: "21.99",
  DeltaAmount: "21.99",
  Currency: "USD",
  EventDate: "2024-09-10T10:42:38-07:00",
  LockingDate: "2024-09-26T00:00:00-07:00",
  ClearedDate: "",
  PromoCode: "SUMMERSALE2024",
  SubId1: null,
  Uri: "/Mediapartners/IR/Actions/1000.4636.158133",
};
const update: Rec = {
  Id: "1000.1234.56789.10111213",
  ActionId: "1000.1234.56789",
  State: "REVERSED",
  StateDetail: "ITEM_RETURNED",
  DeltaPayout: "-0.26",
  DeltaAmount: "-17.29",
  Currency: "USD",
  UpdateDate: "2021-04-25T02:07:45-04:00",
  ClearingDate: "2021-05-16T00:00:00-04:00",
  ActionDate: "2021-04-24T19:50:23-04:00",
  EventTypeName: "Sale",
};

describe("an action", () => {
  test("is told under the names of the macros, as far as it says something", () => {
    const { fields, nested } = recordOf(actionOf(action));
    const { Id, State, ClearedDate, SubId1, ...verbatim } = action;
    expect(fields).toEqual({ ActionId: Id, Status: State, ...verbatim });
    expect(nested).toEqual({});
  });

  test("has amounts and moments", () =>
    expect(recordOf(actionOf(action))).toMatchObject({
      actionId: "1000.4636.158133",
      status: "PENDING",
      payout: 880_000n,
      amount: 21_990_000n,
      deltaPayout: 880_000n,
      deltaAmount: 21_990_000n,
      currency: "USD",
      eventDate: at("2024-09-10T17:42:38Z"),
      lockingDate: at("2024-09-26T07:00:00Z"),
      clearedDate: null,
    }));

  test("may have numbers for texts, and none is rounded", () => {
    const text = '{"Id": 1000, "State": "approved", "Payout": 0.1, "Amount": 12345678901.123456, "DeltaPayout": -0.10, "Currency": "usd"}';
    expect(recordOf(actionOf(parseExact(text) as Rec))).toMatchObject({
      actionId: "1000",
      status: "APPROVED",
      payout: 100_000n,
      amount: 12_345_678_901_123_456n,
      deltaPayout: -100_000n,
      deltaAmount: null,
      currency: "USD",
      fields: { Payout: "0.1", Amount: "12345678901.123456", Status: "approved" },
    });
  });

  test("keeps what is no text beside its fields", () => {
    const items = [{ Sku: "A" }];
    expect(recordOf(actionOf({ ...action, Items: items })).nested).toEqual({ Items: items });
  });

  test("is not confused by names that mean something to JavaScript", () => {
    const odd = parseExact('{"Id": "1", "State": "PENDING", "__proto__": "x", "constructor": "y"}') as Rec;
    expect(Object.entries(recordOf(actionOf(odd)).fields)).toEqual(
      expect.arrayContaining([
        ["__proto__", "x"],
        ["constructor", "y"],
      ]),
    );
  });
});

describe("an update", () => {
  test("has the macros' names for what it calls otherwise", () =>
    expect(recordOf(updateOf(update)).fields).toMatchObject({
      UpdateId: "1000.1234.56789.10111213",
      ActionId: "1000.1234.56789",
      Status: "REVERSED",
      StatusDetail: "ITEM_RETURNED",
      EventDate: "2021-04-24T19:50:23-04:00",
      ActionTrackerName: "Sale",
    }));

  test("has a ClearingDate, which may lie in the future, and never a ClearedDate", () => {
    const { fields } = recordOf(updateOf(update));
    expect(fields["ClearingDate"]).toBe("2021-05-16T00:00:00-04:00");
    expect(Object.keys(fields)).not.toContain("ClearedDate");
  });

  test("has its steps and its date", () =>
    expect(recordOf(updateOf(update))).toMatchObject({
      id: "1000.1234.56789.10111213",
      actionId: "1000.1234.56789",
      status: "REVERSED",
      statusDetail: "ITEM_RETURNED",
      deltaPayout: -260_000n,
      deltaAmount: -17_290_000n,
      currency: "USD",
      at: at("2021-04-25T06:07:45Z"),
    }));

  test("takes impact.com's documented name before an equal one", () =>
    expect(recordOf(updateOf({ ...update, Status: "PENDING", ActionTrackerName: "other" })).fields).toMatchObject({
      Status: "REVERSED",
      ActionTrackerName: "Sale",
    }));
});

test("an inquiry has its status, its dates and its action, and keeps its comments", () => {
  const comments = [{ User: "C", Comment: "Please approve!", Date: "2026-05-25T11:35:38-07:00" }];
  const inquiry = {
    Id: 15652378,
    ResolutionStatus: "VALID",
    ActionId: "8882.4335",
    CreationDate: "2026-05-25T11:35:38-07:00",
    ResolutionDate: "",
    Comments: comments,
  };
  expect(recordOf(inquiryOf(inquiry))).toEqual({
    id: "15652378",
    status: "VALID",
    actionId: "8882.4335",
    createdAt: at("2026-05-25T18:35:38Z"),
    resolvedAt: null,
    fields: { InquiryId: "15652378", ResolutionStatus: "VALID", ActionId: "8882.4335", CreationDate: "2026-05-25T11:35:38-07:00" },
    nested: { Comments: comments },
  });
});

test("a job has its status and its end", () => {
  const job = { Id: "d8807a9f", Type: "ClickExport", Status: "COMPLETED", CompletedDate: "2022-06-07T04:33:50-05:00", Replayable: true };
  expect(recordOf(jobOf(job))).toMatchObject({
    id: "d8807a9f",
    status: "COMPLETED",
    completedAt: at("2022-06-07T09:33:50Z"),
    fields: { JobId: "d8807a9f", Replayable: "true" },
  });
});

describe("what cannot be read is told, with its id", () => {
  const { Id: _, ...anonymous } = action;

  test.each([
    ["an action without an id", actionOf(anonymous), "The action without an id of impact.com's API has no ActionId."],
    ["an action without a state", actionOf({ ...action, State: "" }), '"1000.4636.158133" of impact.com\'s API has no Status.'],
    ["money that is none", actionOf({ ...action, Payout: "1,00" }), 'has a Payout that is not an amount: "1,00"'],
    ["money finer than a millionth", actionOf({ ...action, DeltaAmount: "0.1234567" }), "has a DeltaAmount that is not an amount"],
    ["a date that is none", actionOf({ ...action, LockingDate: "soon" }), 'has a LockingDate that is not a date: "soon"'],
    ["an update of nothing", updateOf({ ...update, ActionId: null }), "has no ActionId"],
    ["an update without a date", updateOf({ ...update, UpdateDate: undefined }), "has no UpdateDate"],
    ["an inquiry without a status", inquiryOf({ Id: 1 }), 'The inquiry "1" of impact.com\'s API has no ResolutionStatus.'],
    ["a job without an id", jobOf({ Status: "RUNNING" }), "has no JobId"],
  ])("%s", (_, read, mistake) => expect(mistakeOf(read)).toContain(mistake));
});
