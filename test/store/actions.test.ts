import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { book } from "../../src/book.ts";
import { newShortId } from "../../src/domain/id.ts";
import type { Action } from "../../src/domain/standing.ts";
import { day, formatInstant, minute } from "../../src/domain/time.ts";
import { listActionsById, readSpanToSettle } from "../../src/store/actions.ts";
import { newApp } from "../kit.ts";
import { anEvent, save } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");

async function booked(sourceId: string, fields: Record<string, string>, parts: Parameters<typeof anEvent>[0] = {}): Promise<Action> {
  const event = anEvent({ sourceId, ...parts, fields });
  await save(event);
  await book(newApp(), minute);
  return (await listActionsById(env.DB, [[sourceId, event.actionId ?? ""]]))[0] as Action;
}

test("an action comes back as it was booked, to the last micro", async () => {
  const fields = {
    CampaignId: "7",
    CampaignName: "Shoes “A”",
    ActionTrackerId: "8",
    ActionTrackerName: "Sale",
    SubId1: "a",
    SubId2: "b",
    SubId3: "c",
    SharedId: "d",
    PromoCode: "E",
    EventDate: "2026-05-12T23:00:00+02:00",
    LockingDate: "2026-06-01T00:00:00Z",
  };
  const sourceId = newShortId("src");
  const action = await booked(sourceId, fields, { payout: 9_007_199_254_740_993n, deltaPayout: null, amount: -1n, deltaAmount: null });
  expect(action).toMatchObject({
    campaign: "7",
    campaignName: "Shoes “A”",
    action_tracker: "8",
    actionTrackerName: "Sale",
    sub_id1: "a",
    sub_id2: "b",
    sub_id3: "c",
    shared_id: "d",
    promo_code: "E",
    eventDate: Date.parse("2026-05-12T21:00:00Z"),
    lockingDate: Date.parse("2026-06-01T00:00:00Z"),
    clearedDate: null,
    payout: 9_007_199_254_740_993n,
    amount: -1n,
    isTest: false,
  });
});

test("what is to settle spans the locking dates of what is pending or approved, and not cleared", async () => {
  const sourceId = newShortId("src");
  expect(await readSpanToSettle(env.DB, sourceId)).toBeNull();
  const locking = (days: number) => ({ LockingDate: formatInstant(start + days * day) });
  await booked(sourceId, {});
  expect(await readSpanToSettle(env.DB, sourceId)).toBeNull();
  await booked(sourceId, locking(1), { status: "REVERSED" });
  await booked(sourceId, locking(5));
  await booked(sourceId, locking(9), { status: "APPROVED" });
  const cleared = await booked(sourceId, locking(12));
  expect(await readSpanToSettle(env.DB, sourceId)).toEqual({ since: start + 5 * day, until: start + 12 * day });
  const { actionId } = cleared;
  await booked(sourceId, {}, { kind: "action-clearing", actionId, subject: `action:${actionId}`, occurredAt: start });
  expect(await readSpanToSettle(env.DB, sourceId)).toEqual({ since: start + 5 * day, until: start + 9 * day });
});
