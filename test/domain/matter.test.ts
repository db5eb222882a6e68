import { expect, test } from "vitest";
import type { EventKind } from "../../src/domain/kind.ts";
import { inOrder, isMatter, matterOf } from "../../src/domain/matter.ts";
import { anEvent } from "./anEvent.ts";

const told = (kind: EventKind, ...states: (string | null)[]) =>
  states.map((status, nth) => anEvent({ id: `evt_${nth}`, kind, subject: "x:1", status, actionId: null }));

test("inquiries, requests and jobs are matters, and nothing else is", () => {
  const kinds = [
    "action-inquiry",
    "tracking-value-request",
    "job-completion",
    "action-lifecycle",
    "action-clearing",
    "operational",
  ] as const;
  expect(kinds.map(isMatter)).toEqual([true, true, true, false, false, false]);
});

test.each<[EventKind, (string | null)[], string | null]>([
  ["action-inquiry", ["UNRESOLVED", "VALID"], "VALID"],
  ["action-inquiry", ["DECLINED", "UNRESOLVED"], "DECLINED"],
  ["action-inquiry", ["INCOMPLETE", "VALID"], "VALID"],
  ["action-inquiry", [null], "UNRESOLVED"],
  ["action-inquiry", ["VALID", null], "VALID"],
  ["tracking-value-request", ["NEW"], "NEW"],
  ["tracking-value-request", ["COMPLETED", "APPROVED", "NEW"], "COMPLETED"],
  ["tracking-value-request", ["APPROVED", "NEW"], "APPROVED"],
  ["job-completion", ["COMPLETED", "FAILED", "COMPLETED"], "COMPLETED"],
  ["job-completion", ["FAILED"], "FAILED"],
])("%s: of %j in order of arrival, %s stands", (kind, states, status) => {
  expect(matterOf(told(kind, ...states)).status).toBe(status);
});

test("the events stand in the order of their effect, those that go equally far in that of arrival", () => {
  const order = inOrder(told("action-inquiry", "VALID", "UNRESOLVED", null, "DECLINED"));
  expect(order.map(({ id }) => id)).toEqual(["evt_1", "evt_2", "evt_0", "evt_3"]);
});

test("the action is the last that was named, and the first and last event are those by arrival", () => {
  const [first, second, third] = told("action-inquiry", "VALID", "UNRESOLVED", "UNRESOLVED") as [any, any, any];
  const matter = matterOf([first, { ...second, actionId: "9.9.9" }, third]);
  expect(matter).toMatchObject({ actionId: "9.9.9", events: 3, firstEvent: "evt_0", lastEvent: "evt_2", status: "VALID" });
});
