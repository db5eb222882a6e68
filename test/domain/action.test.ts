import fc from "fast-check";
import { expect, test } from "vitest";
import { ledgerOf } from "../../src/domain/action.ts";
import type { Event } from "../../src/domain/event.ts";
import { formatMoney, parseMoney } from "../../src/domain/money.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";

/** An action's life as lifecycle events, from the payouts it had, one after another: each is a step from the one before. */
function lifeOf(...payouts: string[]): Event[] {
  return payouts.map((payout, index) => step(payouts[index - 1] ?? "0", payout));
}

function step(from: string, to: string, parts: Partial<Event> = {}): Event {
  const deltaPayout = formatMoney((parseMoney(to) ?? 0n) - (parseMoney(from) ?? 0n));
  const status = to === "0" ? "REVERSED" : "PENDING";
  return { ...anEvent({ id: `${from} → ${to}`, status, payout: to, deltaPayout }), ...parts };
}

/** Every order that events can arrive in. */
function ordersOf(events: Event[]): Event[][] {
  if (events.length < 2) return [events];
  return events.flatMap((first) => ordersOf(events.filter((event) => event !== first)).map((rest) => [first, ...rest]));
}

const ids = (events: Event[]) => events.map(({ id }) => id);

/** Two to twelve payouts, none twice and none 0, and perhaps a reversal to 0 at the end. */
const payouts = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: 10 ** 9 }), { minLength: 2, maxLength: 12 }), fc.boolean())
  .map(([some, isReversed]) => [...some.map((cents) => formatMoney(BigInt(cents) * 10_000n)), ...(isReversed ? ["0"] : [])]);

/** A life, and the same in some order of arrival. */
const lives = payouts.chain((some) => {
  const life = lifeOf(...some);
  const arrival = fc.shuffledSubarray(life, { minLength: life.length, maxLength: life.length });
  return fc.record({ life: fc.constant(life), arrived: arrival });
});

test("puts an action's events in the order of their effect, whatever order they arrived in", () => {
  fc.assert(
    fc.property(lives, ({ life, arrived }) => ids(ledgerOf(arrived).events).join() === ids(life).join()),
    runs(),
  );
});

const losses = fc.tuple(lives, fc.nat()).map(([{ life, arrived }, at]) => {
  const lost = life[at % (life.length - 1)] as Event;
  return { lost, life: life.filter((event) => event !== lost), arrived: arrived.filter((event) => event !== lost) };
});

test("tells the gap that a lost event leaves", () => {
  fc.assert(
    fc.property(losses, ({ lost, arrived }) => {
      const { gaps } = ledgerOf(arrived);
      return gaps.length === 1 && gaps[0]?.from === (lost.payout ?? 0n) - (lost.deltaPayout ?? 0n) && gaps[0].to === lost.payout;
    }),
    runs(),
  );
});

test("keeps the order around a lost event", () => {
  fc.assert(
    fc.property(losses, ({ life, arrived }) => ids(ledgerOf(arrived).events).join() === ids(life).join()),
    runs(),
  );
});

test("tells a gap at the beginning, when the tracking call was lost", () => {
  expect(ledgerOf([step("5", "7")]).gaps).toMatchObject([{ of: "payout", from: 0n, to: 5_000_000n }]);
});

test("an older event that arrives late does not become the current state", () => {
  const [tracked, reversed] = lifeOf("5.00", "0") as [Event, Event];
  expect(ledgerOf([reversed, tracked]).current).toMatchObject({ state: "REVERSED", payout: 0n });
});

test.each(ordersOf(lifeOf("5.00", "0", "7.00")).map((arrived) => [ids(arrived).join(", then "), arrived] as const))(
  "a reinstated action is pending again: %s",
  (_, arrived) => {
    expect(ledgerOf(arrived).current).toMatchObject({ state: "PENDING", payout: 7_000_000n });
  },
);

test("an action reinstated at the payout it had is pending again, in any order of arrival", () => {
  const states = ordersOf([step("0", "5"), step("5", "0"), step("0", "5", { id: "again" })]).map(
    (arrived) => ledgerOf(arrived).current.state,
  );
  expect(new Set(states)).toEqual(new Set(["PENDING"]));
});

test("of events that change no money the later arrival counts", () => {
  const tracked = step("0", "5");
  const open = step("5", "5", { id: "open", status: "PENDING" });
  const approved = step("5", "5", { id: "approved", status: "APPROVED" });
  expect(ids(ledgerOf([approved, tracked, open]).events)).toEqual(["0 → 5", "approved", "open"]);
});

test("events that change no money stand where the money was", () => {
  const note = step("5", "5", { id: "note" });
  expect(ids(ledgerOf([note, ...lifeOf("5", "7")]).events)).toEqual(["0 → 5", "note", "5 → 7"]);
});

test("an action that never pays keeps its order of arrival", () => {
  const [first, second, third] = ["a", "b", "c"].map((id) => step("0", "0", { id })) as [Event, Event, Event];
  expect(ids(ledgerOf([second, third, first]).events)).toEqual(["b", "c", "a"]);
});

test("the amounts tell the order where a flat payout stays as it is", () => {
  const tracked = anEvent({ id: "tracked", payout: "10", deltaPayout: "10", amount: "100", deltaAmount: "100" });
  const raised = anEvent({ id: "raised", payout: "10", deltaPayout: "0", amount: "150", deltaAmount: "50" });
  const lowered = anEvent({ id: "lowered", payout: "10", deltaPayout: "0", amount: "120", deltaAmount: "-30" });
  const orders = ordersOf([tracked, raised, lowered]).map((arrived) => ids(ledgerOf(arrived).events).join());
  expect(new Set(orders)).toEqual(new Set(["tracked,raised,lowered"]));
});

test("the payouts decide where the amounts do not close", () => {
  const tracked = anEvent({ id: "tracked", payout: "10", deltaPayout: "10", amount: "100", deltaAmount: "0" });
  const raised = anEvent({ id: "raised", payout: "12", deltaPayout: "2", amount: "120", deltaAmount: "999" });
  expect(ids(ledgerOf([raised, tracked]).events)).toEqual(["tracked", "raised"]);
});

test("Amount and DeltaAmount alone tell the order too", () => {
  const tracked = anEvent({ id: "tracked", amount: "100", deltaAmount: "100" });
  const raised = anEvent({ id: "raised", amount: "150", deltaAmount: "50" });
  expect(ids(ledgerOf([raised, tracked]).events)).toEqual(["tracked", "raised"]);
});

test("without deltas the order of arrival stands", () => {
  const reversed = anEvent({ id: "reversed", payout: "0", status: "REVERSED" });
  const tracked = anEvent({ id: "tracked", payout: "5" });
  expect(ids(ledgerOf([reversed, tracked]).events)).toEqual(["reversed", "tracked"]);
});

test("one event without a delta is enough for the order of arrival to stand", () => {
  const bare = anEvent({ id: "bare", payout: "9" });
  expect(ids(ledgerOf([step("5", "7"), bare, step("0", "5")]).events)).toEqual(["5 → 7", "bare", "0 → 5"]);
});

test("tells no gaps where nothing can be known of them", () => {
  expect(ledgerOf([anEvent({ payout: "9" })]).gaps).toEqual([]);
});

test("a clearing stands last, whenever it arrived", () => {
  const clearing = step("0", "7", { id: "clearing", kind: "action-clearing", status: "APPROVED" });
  expect(ids(ledgerOf([clearing, step("5", "7"), step("0", "5")]).events)).toEqual(["0 → 5", "5 → 7", "clearing"]);
});

test("a clearing repeats deltas and makes no gap", () => {
  const clearing = step("0", "5", { id: "clearing", kind: "action-clearing" });
  expect(ledgerOf([...lifeOf("5"), clearing]).gaps).toEqual([]);
});

test("an action is cleared once a clearing is there, and not before", () => {
  const clearing = step("0", "5", { kind: "action-clearing" });
  expect([ledgerOf(lifeOf("5")), ledgerOf([clearing])].map(({ current }) => current.isCleared)).toEqual([false, true]);
});

test("what the last event leaves out stays as it was told before", () => {
  const tracked = anEvent({ payout: "5", amount: "50", currency: "EUR" });
  const bare = { ...anEvent({}), status: null };
  expect(ledgerOf([tracked, bare]).current).toEqual({
    state: "PENDING",
    payout: 5_000_000n,
    amount: 50_000_000n,
    currency: "EUR",
    isCleared: false,
    clearedDate: null,
  });
});

test("puts the thousand changes that impact.com allows in order", () => {
  const life = lifeOf(...Array.from({ length: 1001 }, (_, index) => `${index + 1}.00`));
  expect(ids(ledgerOf(life.toReversed()).events)).toEqual(ids(life));
});

test("a thousand changes with every second one lost come back in order, with their gaps", () => {
  const life = lifeOf(...Array.from({ length: 1000 }, (_, index) => `${index + 1}.00`));
  const kept = life.filter((_, index) => index % 2 === 1);
  expect(ledgerOf(kept.toReversed()).gaps).toHaveLength(500);
});

test("a redelivery that came too late to be recognised overwrites no newer state", () => {
  const [tracked, modified] = [step("0", "5"), step("5", "7")];
  const ledger = ledgerOf([tracked, modified, { ...tracked, id: "evt_late" }]);
  expect(ledger.current).toMatchObject({ payout: 7_000_000n });
  expect(ledger).toMatchObject({ gaps: [], events: [tracked, { id: "evt_late" }, modified] });
});

test("tells a gap in the amounts, where there are no payouts", () => {
  const events = [anEvent({ amount: "10", deltaAmount: "10" }), anEvent({ amount: "8", deltaAmount: "-1" })];
  expect(ledgerOf(events).gaps).toMatchObject([{ of: "amount", from: 10_000_000n, to: 9_000_000n }]);
});
