import { expect, test } from "vitest";
import type { Kind } from "../../src/domain/kind.ts";
import type { Mistake } from "../../src/domain/problem.ts";
import { classify } from "../../src/postback/classify.ts";

const lifecycle = (status: string) => classify("action-lifecycle", { Status: status }, []);

test.each([
  ["PENDING", "action.pending"],
  ["APPROVED", "action.approved"],
  ["REVERSED", "action.reversed"],
  ["REJECTED", "action.updated"],
  ["DEFAULT", "action.updated"],
])("an action that is %s is %s", (status, type) => {
  expect(lifecycle(status)).toMatchObject({ type, status });
});

test.each([
  ["pending", "PENDING"],
  [" Reversed ", "REVERSED"],
  ["Over Limit - Budget", "OVER LIMIT - BUDGET"],
])("tells the state %j as %s", (written, status) => {
  expect(lifecycle(written).status).toBe(status);
});

test.each(["modified", "MODIFIED"])("an action that is %s is pending", (status) => {
  expect(lifecycle(status)).toMatchObject({ type: "action.pending", status: "PENDING" });
});

test.each(["", "  "])("an action of state %j has none", (status) => {
  expect(lifecycle(status)).toMatchObject({ type: "action.updated", status: null });
});

test.each(["CONSTRUCTOR", "__proto__", "toString"])("a state called %s is a state like others", (status) => {
  expect(lifecycle(status).type).toBe("action.updated");
});

test.each([
  ["action-lifecycle", "ActionId", "action:77"],
  ["action-clearing", "ActionId", "action:77"],
  ["action-inquiry", "InquiryId", "inquiry:77"],
  ["tracking-value-request", "RequestId", "request:77"],
  ["job-completion", "JobId", "job:77"],
] as [Kind, string, string][])("%s is about its %s", (kind, key, subject) => {
  expect(classify(kind, { [key]: "77" }, []).subject).toBe(subject);
});

test.each([
  "action-lifecycle",
  "action-clearing",
  "action-inquiry",
  "tracking-value-request",
  "job-completion",
  "product-data-change",
] as Kind[])("%s without an id is about nothing that has a name", (kind) => {
  expect(classify(kind, { CampaignId: "77" }, []).subject).toBeNull();
});

test("an inquiry is about itself, not about the action it names", () => {
  expect(classify("action-inquiry", { InquiryId: "1", ActionId: "2" }, []).subject).toBe("inquiry:1");
});

test.each([
  [{}, "inquiry.created"],
  [{ ResolutionStatus: "UNRESOLVED" }, "inquiry.created"],
  [{ ResolutionStatus: "unresolved" }, "inquiry.created"],
  [{ ResolutionStatus: "VALID" }, "inquiry.resolved"],
  [{ ResolutionStatus: "DECLINED" }, "inquiry.resolved"],
  [{ ResolutionStatus: "INCOMPLETE" }, "inquiry.resolved"],
])("an inquiry of %j is %s", (fields: Record<string, string>, type) => {
  expect(classify("action-inquiry", fields, []).type).toBe(type);
});

test("a cleared action keeps the state it is told in", () => {
  expect(classify("action-clearing", { Status: "Approved" }, [])).toMatchObject({ type: "action.cleared", status: "APPROVED" });
});

test("a tracking value request tells its own state", () => {
  expect(classify("tracking-value-request", { State: "NEW" }, [])).toMatchObject({ type: "tracking_value.requested", status: "NEW" });
});

test.each([
  [{}, "job.completed"],
  [{ Status: "COMPLETED" }, "job.completed"],
  [{ Status: "completed" }, "job.completed"],
  [{ Status: "FAILED" }, "job.failed"],
  [{ Status: "ERROR" }, "job.failed"],
  [{ Status: "CANCELLED" }, "job.failed"],
])("a job of %j is %s", (fields: Record<string, string>, type) => {
  expect(classify("job-completion", fields, []).type).toBe(type);
});

test.each(["QUEUED", "running"])("a job that is %s is a mistake", (Status) => {
  const mistakes: Mistake[] = [];
  classify("job-completion", { Status }, mistakes);
  expect(mistakes.map(({ field }) => field)).toEqual(["Status"]);
});

test("a product change is a product change", () => {
  expect(classify("product-data-change", { Status: "x" }, [])).toEqual({ type: "product.changed", status: null, subject: null });
});
