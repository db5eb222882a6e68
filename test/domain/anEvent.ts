import type { Event } from "../../src/domain/event.ts";
import { parseMoney } from "../../src/domain/money.ts";

type Money = "payout" | "deltaPayout" | "amount" | "deltaAmount";

/** An event of action 1.2.3, with amounts as decimal text. What is not given is null. */
export function anEvent({
  payout,
  deltaPayout,
  amount,
  deltaAmount,
  ...parts
}: Partial<Omit<Event, Money> & Record<Money, string>>): Event {
  return {
    id: "evt_1",
    sourceId: "src_test",
    origin: "postback",
    kind: "action-lifecycle",
    type: "action.pending",
    subject: "action:1.2.3",
    fingerprint: JSON.stringify([parts.kind, parts.status, payout, deltaPayout, amount, deltaAmount]),
    actionId: "1.2.3",
    status: "PENDING",
    isTest: false,
    receivedAt: 0,
    occurredAt: null,
    currency: null,
    payout: micros(payout),
    deltaPayout: micros(deltaPayout),
    amount: micros(amount),
    deltaAmount: micros(deltaAmount),
    fields: {},
    nested: {},
    warnings: [],
    ...parts,
  };
}

function micros(text: string | undefined) {
  return text === undefined ? null : parseMoney(text);
}
