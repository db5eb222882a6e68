import type { Event } from "../domain/event.ts";
import type { Instant } from "../domain/time.ts";

/** Where a sample comes from, in place of a source's id. */
export const sampleSource = "sample";

/** What a sample would have been read from. */
export const sampleReceipt = {
  method: "GET",
  query: "action_id=1000.4636.158133&status=PENDING&payout=0.88&currency=USD",
  headers: {},
  ip: "",
  body: new Uint8Array(),
};

/** An event to try a destination with: complete, plausible, and marked as a test. */
export function sampleEvent(id: string, now: Instant): Event {
  return {
    id,
    sourceId: sampleSource,
    origin: "postback",
    kind: "action-lifecycle",
    type: "action.pending",
    subject: "action:1000.4636.158133",
    fingerprint: "",
    actionId: "1000.4636.158133",
    status: "PENDING",
    isTest: true,
    receivedAt: now,
    occurredAt: now,
    currency: "USD",
    payout: 880_000n,
    deltaPayout: 880_000n,
    amount: 21_990_000n,
    deltaAmount: 21_990_000n,
    fields: {
      ActionId: "1000.4636.158133",
      Status: "PENDING",
      Payout: "0.88",
      DeltaPayout: "0.88",
      Amount: "21.99",
      DeltaAmount: "21.99",
      Currency: "USD",
      CampaignId: "1000",
      CampaignName: "Sample campaign",
      SubId1: "sample",
    },
    nested: {},
    warnings: [],
  };
}
