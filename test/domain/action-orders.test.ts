import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ledger, ledgerOf } from "../../src/domain/action.ts";
import type { Event } from "../../src/domain/event.ts";
import { formatMoney } from "../../src/domain/money.ts";
import { runs } from "../fuzz.ts";
import { anEvent } from "./anEvent.ts";

/** Where an action stood after each event. Few values, so that it comes back to where it was: reversed, reinstated, or not moved at all. */
interface Stand {
  payout: number;
  amount: number;
  status: string;
}

type Told = ("payout" | "amount")[];

const told = fc.constantFrom<Told>(["payout"], ["amount"], ["payout", "amount"]);
const stands = fc.record<Stand>({
  payout: fc.constantFrom(0, 0, 5, 5, 7, -3),
  amount: fc.constantFrom(0, 100, 100, 150),
  status: fc.constantFrom("PENDING", "APPROVED", "REVERSED"),
});

/** The events of a life: each tells where the action stands by these measures, and how far that is from where it stood. */
function lifeOf(life: Stand[], measures: Told): Event[] {
  return life.map((stand, at) => {
    const before = life[at - 1] ?? { payout: 0, amount: 0 };
    const money = (units: number) => formatMoney(BigInt(units) * 1_000_000n);
    return anEvent({
      id: `${at}`,
      status: stand.status,
      ...(measures.includes("payout") ? { payout: money(stand.payout), deltaPayout: money(stand.payout - before.payout) } : {}),
      ...(measures.includes("amount") ? { amount: money(stand.amount), deltaAmount: money(stand.amount - before.amount) } : {}),
    });
  });
}

/** A life of up to `maxLength` events, by one measure or both, and the same in some order of arrival. */
const livesOf = (maxLength: number, of = told) =>
  fc.tuple(fc.array(stands, { minLength: 1, maxLength }), of).chain(([life, measures]) => {
    const events = lifeOf(life, measures);
    return fc.record({ life: fc.constant(events), arrived: shuffled(events) });
  });

const shuffled = (events: Event[]) => fc.shuffledSubarray(events, { minLength: events.length });
const sum = (events: Event[], delta: "deltaPayout" | "deltaAmount") => events.reduce((total, event) => total + (event[delta] ?? 0n), 0n);

/** Does each event begin where the one before it ended? */
function isChain(events: Event[]): boolean {
  const isStep = (event: Event, before: Event | undefined, value: "payout" | "amount", delta: "deltaPayout" | "deltaAmount") =>
    event[value] === null || event[value] - (event[delta] ?? 0n) === (before?.[value] ?? 0n);
  return events.every(
    (event, at) => isStep(event, events[at - 1], "payout", "deltaPayout") && isStep(event, events[at - 1], "amount", "deltaAmount"),
  );
}

/** Every way to put events in one chain. */
function chainsOf(events: Event[], begun: Event[] = []): Event[][] {
  if (events.length === 0) return [begun];
  const nexts = events.filter((event) => isChain([...begun, event]));
  return nexts.flatMap((next) =>
    chainsOf(
      events.filter((event) => event !== next),
      [...begun, next],
    ),
  );
}

const standOf = ({ current }: Ledger) => [current.state, current.payout, current.amount, current.isCleared].join();

test("any order of arrival leaves the sums of all deltas, in one chain without a gap that holds every event once", () => {
  const isWhole = (life: Event[], { events, gaps, current }: Ledger) =>
    gaps.length === 0 &&
    isChain(events) &&
    new Set(events).size === life.length &&
    [null, sum(life, "deltaPayout")].includes(current.payout) &&
    [null, sum(life, "deltaAmount")].includes(current.amount) &&
    (current.payout === null) === (life[0]?.payout === null);
  fc.assert(
    fc.property(livesOf(12), ({ life, arrived }) => isWhole(life, ledgerOf(arrived))),
    runs(500),
  );
});

test("any order of arrival leaves a state that a chain of these events can end in; where there is one such state, that one", () => {
  const isPossible = ({ life, arrived }: { life: Event[]; arrived: Event[] }) =>
    chainsOf(life).some((chain) => chain.at(-1)?.status === ledgerOf(arrived).current.state);
  fc.assert(fc.property(livesOf(6), isPossible), runs(500));
});

/** As impact.com tells it: what pays nothing is reversed, all else is pending. */
const plain = (maxLength: number) =>
  livesOf(maxLength, fc.constantFrom<Told>(["payout"], ["payout", "amount"])).map(({ life, arrived }) => {
    const plainly = (event: Event) => {
      const status = event.payout === 0n ? "REVERSED" : "PENDING";
      return Object.assign(event, {
        status,
        fingerprint: [status, event.payout, event.deltaPayout, event.amount, event.deltaAmount].join(),
      });
    };
    return { life: life.map(plainly), arrived };
  });

test("where the payout tells the state, any two orders of arrival leave the same, with or without a clearing among them", () => {
  const clearing = anEvent({ id: "clearing", kind: "action-clearing", status: "APPROVED", payout: "7", deltaPayout: "7" });
  const cases = fc.tuple(plain(12), fc.boolean()).chain(([{ life }, isCleared]) => {
    const events = isCleared ? [...life, clearing] : life;
    return fc.tuple(shuffled(events), shuffled(events));
  });
  const isSame = ([one, other]: [Event[], Event[]]) => {
    const [ledger, isCleared] = [ledgerOf(one), one.includes(clearing)];
    return (
      standOf(ledger) === standOf(ledgerOf(other)) &&
      isCleared === (ledger.events.at(-1) === clearing) &&
      isCleared === ledger.current.isCleared
    );
  };
  fc.assert(fc.property(cases, isSame), runs(500));
});

const again = (event: Event, count: number) => Array.from({ length: count }, (_, n) => ({ ...event, id: `${event.id} again ${n}` }));

test("repeats of the latest change nothing", () => {
  const isUnmoved = ({ arrived }: { arrived: Event[] }, count: number) => {
    const ledger = ledgerOf(arrived);
    const latest = ledger.events.at(-1) as Event;
    const repeated = ledgerOf([...arrived, ...again(latest, count)]);
    return standOf(repeated) === standOf(ledger) && repeated.gaps.length === 0;
  };
  fc.assert(fc.property(plain(10), fc.integer({ min: 1, max: 3 }), isUnmoved), runs(500));
});

test("a late repeat of any event changes nothing, unless the action may have come back to it", () => {
  const cases = plain(6).chain(({ life, arrived }) => fc.tuple(fc.constant(arrived), fc.constantFrom(...life)));
  const isUnmoved = ([arrived, repeated]: [Event[], Event]) => {
    const all = [...arrived, ...again(repeated, 1)];
    return chainsOf(all).length > 0 || standOf(ledgerOf(all)) === standOf(ledgerOf(arrived));
  };
  fc.assert(fc.property(cases, isUnmoved), runs(500));
});

test("a reinstated action stays so when its last word comes once more, or an older one does", () => {
  const step = (payout: string, deltaPayout: string, status: string, id: string) => anEvent({ payout, deltaPayout, status, id });
  const life = [step("5", "5", "PENDING", "a"), step("0", "-5", "REVERSED", "b"), step("5", "5", "PENDING", "c")];
  expect(ledgerOf([...life, ...again(life[2] as Event, 2)]).current).toMatchObject({ state: "PENDING", payout: 5_000_000n });
  const raised = [...life, step("7", "2", "PENDING", "d")];
  expect(ledgerOf([...raised, ...again(life[1] as Event, 1)])).toMatchObject({
    current: { state: "PENDING", payout: 7_000_000n },
    gaps: [],
  });
});

test("what is missing is told as a gap, which closes when it comes", () => {
  const cases = livesOf(10).chain(({ life, arrived }) =>
    fc.tuple(
      fc.constant(life),
      fc.constant(arrived.map((event) => Object.assign(event, { fingerprint: event.id }))),
      fc.nat(life.length - 1),
    ),
  );
  const isTold = ([life, arrived, at]: [Event[], Event[], number]) => {
    const lost = life[at] as Event;
    const end = life.at(-1) as Event;
    const [value, delta] = lost.payout === null ? (["amount", "deltaAmount"] as const) : (["payout", "deltaPayout"] as const);
    const moves = lost[delta] !== 0n;
    const leadsElsewhere = lost[value] !== end[value];
    const { gaps, events } = ledgerOf(arrived.filter((event) => event !== lost));
    return events.length === life.length - 1 && (!moves || !leadsElsewhere || gaps.length > 0) && ledgerOf(arrived).gaps.length === 0;
  };
  fc.assert(fc.property(cases, isTold), runs(500));
});

test("an amount that stays as it is hides no gap in the payouts", () => {
  const tracked = anEvent({ id: "tracked", payout: "5", deltaPayout: "5", amount: "100", deltaAmount: "100" });
  const raised = anEvent({ id: "raised", payout: "9", deltaPayout: "2", amount: "100", deltaAmount: "0" });
  for (const arrived of [
    [tracked, raised],
    [raised, tracked],
  ]) {
    expect(ledgerOf(arrived)).toMatchObject({
      events: [tracked, raised],
      gaps: [{ of: "payout", from: 5_000_000n, to: 7_000_000n, before: "raised" }],
    });
  }
});

test("a late repeat is set aside before the amounts are left out of account", () => {
  const tracked = anEvent({ id: "tracked", payout: "5", deltaPayout: "5", amount: "0", deltaAmount: "0" });
  const raised = anEvent({ id: "raised", payout: "7", deltaPayout: "2", amount: "0", deltaAmount: "0" });
  expect(ledgerOf([tracked, raised, ...again(tracked, 1)]).current).toMatchObject({ payout: 7_000_000n });
});
