import { expect, test } from "vitest";
import { ledgerOf, type Told } from "../../src/domain/action.ts";
import { actionOf } from "../../src/domain/standing.ts";
import { minute } from "../../src/domain/time.ts";
import { anEvent } from "./anEvent.ts";
import { units } from "./told.ts";

const summed = (...told: Told[]) => actionOf(ledgerOf(told), told);
const tracked = anEvent({
  id: "evt_1",
  receivedAt: minute,
  payout: "5",
  deltaPayout: "5",
  fields: { CampaignId: "7", SubId1: " blog ", EventDate: "2026-05-13T11:37:49+08:00" },
});
const raised = anEvent({
  id: "evt_2",
  receivedAt: 2 * minute,
  payout: "7",
  deltaPayout: "2",
  fields: { CampaignName: "Shoes", SubId1: "" },
});

test("what it is known by is what was said last of each, without blanks around", () => {
  expect(summed(tracked, raised)).toMatchObject({ campaign: "7", campaignName: "Shoes", payout: units(7), stage: "modified" });
  expect(summed(tracked).sub_id1).toBe("blog");
});

test("in order of effect, not of arrival; its first and last event are those by arrival", () => {
  const late = { ...tracked, id: "evt_3", fields: { CampaignId: "8" } };
  expect(summed({ ...raised, fields: { CampaignId: "7" } }, late)).toMatchObject({
    campaign: "7",
    payout: units(7),
    firstEvent: "evt_2",
    lastEvent: "evt_3",
  });
});

test("its date is that of the sale, else when we first heard of it", () => {
  expect([summed(tracked).eventDate, summed(raised).eventDate]).toEqual([Date.parse("2026-05-13T03:37:49Z"), 2 * minute]);
});

test("a date that is none counts as none", () => {
  expect(summed({ ...tracked, fields: { EventDate: "soon", LockingDate: "later" } })).toMatchObject({
    eventDate: minute,
    lockingDate: null,
  });
});

test("it is cleared at the date of its clearing, else when that came", () => {
  const clearing = anEvent({ id: "evt_4", kind: "action-clearing", receivedAt: 9 * minute });
  expect(
    [summed(tracked), summed(tracked, clearing), summed(tracked, { ...clearing, occurredAt: 5 })].map(({ clearedDate }) => clearedDate),
  ).toEqual([null, 9 * minute, 5]);
});

test("it is a test while nothing but test calls told of it", () => {
  const test = { ...tracked, isTest: true };
  expect([summed(test).isTest, summed(test, raised).isTest]).toEqual([true, false]);
});

test("what the API says fills what events leave out", () => {
  const reading = {
    at: minute,
    payout: units(5),
    amount: units(50),
    fields: { PromoCode: "SALE" },
    isRepeat: false,
    nth: 0,
    deltaPayout: null,
    deltaAmount: null,
  };
  expect(summed({ ...tracked, reading })).toMatchObject({ promo_code: "SALE", amount: units(50), campaign: "7" });
});

test("its stage is the last step that did something, its gaps are counted", () => {
  const reading = { at: minute, payout: units(5), amount: null, fields: {}, isRepeat: false, nth: 0, deltaPayout: null, deltaAmount: null };
  const repeat = { ...tracked, id: "evt_5", reading: { ...reading, at: 3 * minute, isRepeat: true } };
  expect(summed({ ...tracked, reading }, repeat)).toMatchObject({ stage: "tracked", events: 2, gaps: 0 });
  expect(summed(raised).gaps).toBe(1);
});
