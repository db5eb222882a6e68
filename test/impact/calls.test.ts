import { expect, test } from "vitest";
import { listActions, listInquiries, listJobs, listUpdates, readAction, readInquiry, readJob } from "../../src/impact/calls.ts";

const span = { since: Date.parse("2024-01-01T00:00:00Z"), until: Date.parse("2024-01-31T23:59:59Z") };

function parametersOf({ path }: { path: string }): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(path.split("?")[1]));
}

test.each([
  ["updated", "StartDate", "EndDate"],
  ["locking", "LockingDateStart", "LockingDateEnd"],
  ["event", "ActionDateStart", "ActionDateEnd"],
] as const)("actions are asked for by %s, in pages of 2000", (by, start, end) => {
  const asked = listActions({ span, by });
  expect([asked.list, asked.path.split("?")[0]]).toEqual(["Actions", "Actions"]);
  expect(parametersOf(asked)).toEqual({ PageSize: "2000", [start]: "2024-01-01T00:00:00Z", [end]: "2024-01-31T23:59:59Z" });
});

test("a state and a campaign narrow a list", () => {
  expect(parametersOf(listUpdates({ span, by: "updated", state: "APPROVED", campaignId: "10306" }))).toMatchObject({
    State: "APPROVED",
    CampaignId: "10306",
  });
  expect(listUpdates({ span, by: "updated" }).list).toBe("ActionUpdates");
});

test("a span of broken seconds is asked for as whole ones, none less", () => {
  const asked = listActions({ span: { since: span.since + 999, until: span.until + 1 }, by: "updated" });
  expect(parametersOf(asked)).toMatchObject({ StartDate: "2024-01-01T00:00:00Z", EndDate: "2024-02-01T00:00:00Z" });
});

test("inquiries are asked for all, or by their making and status", () => {
  expect(listInquiries({})).toEqual({ path: "ActionInquiries", list: "ActionInquiries" });
  expect(parametersOf(listInquiries({ span, status: "UNRESOLVED", campaignId: "1" }))).toEqual({
    CampaignId: "1",
    ResolutionStatus: "UNRESOLVED",
    StartDate: "2024-01-01T00:00:00Z",
    EndDate: "2024-01-31T23:59:59Z",
  });
});

test("jobs are asked for by a date of partners, and by a time of brands", () => {
  expect(parametersOf(listJobs("partner", { since: span.until }))).toEqual({ CreatedAfter: "2024-01-31" });
  expect(parametersOf(listJobs("brand", { since: span.until }))).toEqual({ CreatedAfter: "2024-01-31T23:59:59Z" });
  expect(parametersOf(listJobs("partner", span))).toEqual({ CreatedAfter: "2024-01-01", CreatedBefore: "2024-01-31" });
});

test("an id stays one step of the path, whatever is in it", () => {
  expect(readAction("1000.4636.158133").path).toBe("Actions/1000.4636.158133");
  expect(readInquiry("a/b?c#d").path).toBe("ActionInquiries/a%2Fb%3Fc%23d");
  expect(readJob("d8807a9f-a5ee").path).toBe("Jobs/d8807a9f-a5ee");
});
