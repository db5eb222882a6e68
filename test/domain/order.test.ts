import { expect, test } from "vitest";
import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import { firstInTurn, longestWaitMs } from "../../src/domain/order.ts";
import { anEvent } from "./anEvent.ts";

const tracked = step("evt_a", 0, 100, 1);
const modified = step("evt_b", 100, 70, 2);
const reversed = step("evt_c", 70, 0, 3);

test("the order of effect decides, whatever the order of arrival", () => {
  expect(firstOf([modified, tracked, reversed])).toBe("evt_a");
  expect(firstOf([reversed, modified, tracked])).toBe("evt_a");
  expect(firstOf([reversed, tracked, modified], ["evt_b", "evt_c"])).toBe("evt_b");
});

test("without deltas the order of arrival stands", () => {
  const bare = [tracked, modified].map((event) => ({ ...event, deltaPayout: null, deltaAmount: null }));
  expect(firstOf(bare.toReversed())).toBe("evt_b");
});

test("one behind a gap waits a minute for what is missing, one that is not does not wait", () => {
  expect(turnOf([reversed])?.notBefore).toBe(3 + longestWaitMs);
  expect(turnOf([tracked, reversed], ["evt_c"])?.notBefore).toBe(3 + longestWaitMs);
  expect(turnOf([tracked, modified, reversed], ["evt_c"])?.notBefore).toBe(3);
});

test("a gap that others have passed already holds nobody back", () => {
  const next = step("evt_d", 0, 50, 4);
  expect(turnOf([reversed, next], ["evt_d"])?.notBefore).toBe(4);
});

test("what is no part of the ledger (an inquiry) takes its turn by arrival", () => {
  const pending = [...deliveriesOf([modified, reversed]), { ...aDelivery("evt_i", 1) }];
  expect(firstInTurn(pending, [tracked, modified, reversed])?.delivery.eventId).toBe("evt_i");
  const later = [...deliveriesOf([modified, reversed]), { ...aDelivery("evt_i", 9) }];
  expect(firstInTurn(later, [tracked, modified, reversed])?.delivery.eventId).toBe("evt_b");
});

test("nothing pending has no first", () => expect(firstInTurn([], [tracked])).toBeNull());

function step(id: string, from: number, to: number, receivedAt: number): Event {
  const value = String(to);
  const delta = String(to - from);
  return anEvent({ id, fingerprint: id, payout: value, deltaPayout: delta, amount: value, deltaAmount: delta, receivedAt });
}

function turnOf(arrived: Event[], pending = arrived.map(({ id }) => id)) {
  return firstInTurn(deliveriesOf(arrived.filter(({ id }) => pending.includes(id))), arrived);
}

function firstOf(arrived: Event[], pending?: string[]): string | undefined {
  return turnOf(arrived, pending)?.delivery.eventId;
}

function deliveriesOf(events: Event[]): Delivery[] {
  return events.map(({ id, receivedAt }) => aDelivery(id, receivedAt));
}

function aDelivery(eventId: string, createdAt: number): Delivery {
  return {
    eventId,
    destinationId: "dst_a",
    state: "pending",
    attempts: 0,
    attemptsBefore: 0,
    nextAttemptAt: createdAt,
    reason: null,
    createdAt,
    updatedAt: createdAt,
    action: "src_a/1000.1",
    version: null,
    recoveryId: null,
  };
}
