import fc from "fast-check";
import { ledgerOf, type Told } from "../../src/domain/action.ts";
import type { Case, Findings, Missing, Patience } from "../../src/domain/case.ts";
import type { Event } from "../../src/domain/event.ts";
import type { Micros } from "../../src/domain/money.ts";
import type { Reading, Snapshot } from "../../src/domain/reading.ts";
import { examine } from "../../src/domain/repair.ts";
import { day, hour, type Instant, minute, second } from "../../src/domain/time.ts";
import { anEvent } from "./anEvent.ts";

export const tracked: Instant = Date.parse("2026-05-13T10:00:00Z");
export const units = (amount: number): Micros => BigInt(amount) * 1_000_000n;

/** What is true of an action from some moment on. */
export interface Change {
  at: Instant;
  status: string;
  payout: number;
  amount: number;
}

/** An action's life, and when each of its postbacks came: never, once or several times. */
export interface Life {
  changes: Change[];
  arrivals: { of: number; at: Instant }[];
}

interface Move {
  kind: "change" | "same" | "reverse";
  after: number;
  payout: number;
  amount: number;
  delays: number[];
}

const moves = (gaps: number[], copies: { minLength: number; maxLength: number }) =>
  fc.record<Move>({
    kind: fc.constantFrom("change", "change", "same", "reverse"),
    after: fc.constantFrom(...gaps),
    payout: fc.constantFrom(1, 5, 5, 7, 12),
    amount: fc.constantFrom(0, 50, 50, 120),
    delays: fc.array(fc.constantFrom(second, minute, 14 * minute, 2 * hour, 3 * day), copies),
  });

export const apart = [second, minute, hour, 2 * day];
export const atOnce = [0, 0, ...apart];
/** Each postback came once at the most. */
export const once = { minLength: 0, maxLength: 1 };

/** Lives of some changes, with such gaps between them, and so many arrivals of each. */
export function lives(gaps = apart, copies = { minLength: 0, maxLength: 2 }, maxLength = 8) {
  return fc.array(moves(gaps, copies), { minLength: 1, maxLength }).map((all) => livedOf(all, gaps.includes(0)));
}

/** What is reversed is worth nothing, and what is not is worth something; `alwaysMoves`: each change is one of worth. */
function livedOf(all: Move[], alwaysMoves: boolean): Life {
  const changes: Change[] = [];
  for (const { kind, after, payout, amount } of all) {
    const before = changes.at(-1);
    const at = before ? before.at + after : tracked;
    const stays = before && kind === "same" && before.status === "PENDING" && !alwaysMoves;
    const isSame = payout === before?.payout && amount === before.amount;
    if (before && kind === "reverse" && before.status !== "REVERSED") changes.push({ at, status: "REVERSED", payout: 0, amount: 0 });
    else if (stays) changes.push({ ...before, at });
    else changes.push({ at, status: "PENDING", payout: isSame && alwaysMoves ? payout + 1 : payout, amount });
  }
  const arrivals = all.flatMap(({ delays }, of) => delays.map((delay) => ({ of, at: (changes[of] as Change).at + delay })));
  return { changes, arrivals: arrivals.sort((a, b) => a.at - b.at) };
}

export const stepOf = (changes: Change[], nth: number) => {
  const [before, one] = [changes[nth - 1] ?? { payout: 0, amount: 0 }, changes[nth] as Change];
  return {
    status: one.status,
    payout: units(one.payout),
    deltaPayout: units(one.payout - before.payout),
    amount: units(one.amount),
    deltaAmount: units(one.amount - before.amount),
  };
};

const textOf = (value: unknown) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? String(one) : one));

/** The postbacks that were stored: a repeat within a quarter of an hour, or of the last that came, is none. */
export function eventsOf({ changes, arrivals }: Life): Told[] {
  const events: Told[] = [];
  for (const { of, at } of arrivals) {
    const step = stepOf(changes, of);
    const fingerprint = textOf(step);
    const isRepeat = events.some((other) => other.fingerprint === fingerprint && at - other.receivedAt < 15 * minute);
    if (isRepeat || events.at(-1)?.fingerprint === fingerprint) continue;
    events.push({ ...anEvent({ id: `evt_${String(events.length).padStart(3, "0")}`, receivedAt: at }), ...step, fingerprint });
  }
  return events;
}

/** What the API lists: the changes alone. `state`: that of then, or that of now, as its documents have it. */
export function readingsOf({ changes }: Life, state: "then" | "now" = "then"): Reading[] {
  return changes.map(({ at }, nth) => {
    const { deltaPayout, deltaAmount } = stepOf(changes, nth);
    return aReading({
      id: `1.2.3.${100 + nth}`,
      at,
      status: (changes.at(state === "now" ? -1 : nth) as Change).status,
      deltaPayout,
      deltaAmount,
    });
  });
}

export function aReading(parts: Partial<Reading> = {}): Reading {
  return {
    sourceId: "src_test",
    actionId: "1.2.3",
    id: "1",
    kind: "update",
    at: tracked,
    status: "PENDING",
    statusDetail: null,
    payout: null,
    deltaPayout: null,
    amount: null,
    deltaAmount: null,
    fields: {},
    toldBy: null,
    eventId: null,
    ...parts,
  };
}

/** The record of an action after all of its changes. */
export function snapshotOf({ changes }: Pick<Life, "changes">, parts: Partial<Snapshot> = {}): Snapshot {
  return { ...stepOf(changes, changes.length - 1), currency: null, lockingDate: null, clearedDate: null, fields: {}, ...parts };
}

export const later = (life: Pick<Life, "changes">) => (life.changes.at(-1) as Change).at + 30 * day;

/** A look at a life, when all is over unless said. */
export function look(life: Life, parts: Partial<Case> = {}, missedBefore = later(life), now = later(life)): Findings & { case: Case } {
  const one = { ...caseOf(life), ...parts };
  return { ...examine(one, patient(now, missedBefore, lastOf(one))), case: one };
}

/** How patient a look is, at an action that did not change since then. */
export function patient(now: Instant, missedBefore: Instant, unchangedSince: Instant): Patience {
  return { now, missedBefore, unchangedSince };
}

/** When an action changed last, as far as the API tells. */
export function lastOf({ readings }: Pick<Case, "readings">): Instant {
  return Math.max(0, ...readings.map(({ at }) => at));
}

export function caseOf(life: Life): Case {
  return { sourceId: "src_test", actionId: "1.2.3", events: eventsOf(life), readings: readingsOf(life), snapshot: snapshotOf(life) };
}

/** What is known once the findings are written down, as the store does. */
export function applied({ readings, missing, case: one }: Findings & { case: Case }, now: Instant): Case {
  const repairs = missing.map((gap, nth) => repairOf(gap, `rep_${now}_${String(nth).padStart(3, "0")}`, now));
  const told = missing.flatMap(({ reading, others }, nth) =>
    [reading, ...others].map((one): Reading => ({ ...one, toldBy: "reconciliation", eventId: repairs[nth]?.id ?? "" })),
  );
  const known = new Map(one.readings.map((reading) => [reading.id, reading]));
  for (const reading of [...told, ...readings]) {
    const before = known.get(reading.id);
    known.set(reading.id, {
      ...reading,
      payout: before?.payout ?? reading.payout,
      amount: before?.amount ?? reading.amount,
      toldBy: before?.toldBy ?? reading.toldBy,
      eventId: before?.eventId ?? reading.eventId,
    });
  }
  return { ...one, events: [...one.events, ...repairs], readings: [...known.values()].sort(byDate) };
}

const byDate = (a: Reading, b: Reading) => a.at - b.at || a.id.length - b.id.length || (a.id < b.id ? -1 : 1);

function repairOf({ reading, kind, payout, deltaPayout, amount, deltaAmount, fields }: Missing, id: string, receivedAt: Instant): Told {
  const event: Event = { ...anEvent({ id, origin: "reconciliation", kind, receivedAt }), payout, deltaPayout, amount, deltaAmount };
  return { ...event, status: reading.status, fields, fingerprint: id, currency: fields["Currency"] ?? null };
}

/** The ledger of what is known. */
export function ledger({ events, readings }: Case) {
  return ledgerOf(
    events.map((event) => {
      const nth = readings.findLastIndex(({ eventId }) => eventId === event.id);
      const reading = readings[nth];
      return reading ? { ...event, reading: { ...reading, nth, isRepeat: reading.kind === "repeat" } } : event;
    }),
  );
}

/** Compares as JSON does, amounts too. */
export function same(one: unknown, other: unknown): boolean {
  return textOf(one) === textOf(other);
}
