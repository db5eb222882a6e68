import type { Event } from "./event.ts";
import type { Micros } from "./money.ts";

/** An action's history: its events in order of effect, where it stands, and what seems to be missing. */
export interface Ledger {
  events: Event[];
  current: { state: string | null; payout: Micros | null; amount: Micros | null; currency: string | null; isCleared: boolean };
  /** Places where one event ends at a payout that no other begins at. */
  gaps: Gap[];
}

export interface Gap {
  from: Micros;
  to: Micros;
}

/**
 * The ledger of one action, from its events in order of arrival (at least one).
 *
 * impact.com numbers nothing, but an event that carries Payout and DeltaPayout is a step from `payout − delta` to `payout`, and
 * the steps of an action form one chain from 0, whatever order they arrived in. Where every lifecycle event carries both, the
 * chain decides; among steps that could come next the earlier arrival goes first. Otherwise the order of arrival stands.
 * Clearings stand last: an action is cleared after all that is said of it.
 */
export function ledgerOf(arrived: Event[]): Ledger {
  const clearings = arrived.filter(({ kind }) => kind === "action-clearing");
  const lifecycle = arrived.filter(({ kind }) => kind !== "action-clearing");
  const { order, gaps } = chain(lifecycle) ?? { order: lifecycle, gaps: [] };
  const events = [...order, ...clearings];
  const latest = <Key extends keyof Event>(key: Key) => events.findLast((event) => event[key] !== null)?.[key] ?? null;
  return {
    events,
    current: {
      state: latest("status"),
      payout: latest("payout"),
      amount: latest("amount"),
      currency: latest("currency"),
      isCleared: clearings.length > 0,
    },
    gaps,
  };
}

/** One event as a step between two places of the chain: payouts, or payouts with amounts, as text. */
interface Step {
  event: Event;
  from: string;
  to: string;
}

/**
 * All events in one walk from 0; null when one of them is no step. Payout and amount together tell steps apart best; the payout
 * alone serves when the amounts do not close. When neither does, the pieces stand in a row and the gaps between them are told.
 */
function chain(events: Event[]): { order: Event[]; gaps: Gap[] } | null {
  const steps = payoutSteps(events);
  if (steps === null) return null;
  const walk = closedWalk(payoutAndAmountSteps(events)) ?? closedWalk(steps);
  if (walk) return { order: walk.map(({ event }) => event), gaps: [] };

  const row = pieces(steps);
  const gaps = row.flatMap(({ from }, index) => {
    const expected = row[index - 1]?.to ?? zero;
    return expected === from ? [] : [{ from: BigInt(expected), to: BigInt(from) }];
  });
  return { order: row.map(({ event }) => event), gaps };
}

const zero = "0";

function payoutSteps(events: Event[]): Step[] | null {
  const steps = events.flatMap((event) => {
    const { payout, deltaPayout } = event;
    return payout === null || deltaPayout === null ? [] : [{ event, from: `${payout - deltaPayout}`, to: `${payout}` }];
  });
  return steps.length === events.length ? steps : null;
}

function payoutAndAmountSteps(events: Event[]): Step[] | null {
  const steps = payoutSteps(events)?.flatMap(({ event, from, to }) => {
    const { amount, deltaAmount } = event;
    return amount === null || deltaAmount === null ? [] : [{ event, from: pair(from, amount - deltaAmount), to: pair(to, amount) }];
  });
  return steps?.length === events.length ? steps : null;
}

/** A place of payout and amount; where both are nothing it is the same 0 that every chain begins at. */
function pair(payout: string, amount: Micros): string {
  return payout === zero && amount === 0n ? zero : `${payout}/${amount}`;
}

/** A walk over every step once (an Euler trail, by Hierholzer), the earliest arrival first where it has a choice; null when there is none. */
function closedWalk(steps: Step[] | null): Step[] | null {
  if (steps === null) return null;
  const leaving = byStart(steps);
  const walk: Step[] = [];
  const path: Step[] = [];
  let place = zero;
  for (;;) {
    const next = leaving.get(place)?.shift();
    if (next) {
      path.push(next);
      place = next.to;
      continue;
    }
    const done = path.pop();
    if (!done) break;
    walk.push(done);
    place = done.from;
  }
  walk.reverse();
  const isWhole = walk.length === steps.length && walk.every(({ from }, index) => from === (walk[index - 1]?.to ?? zero));
  return isWhole ? walk : null;
}

/** Walks as far as the steps lead, then goes on at the earliest step that nothing leads to. */
function pieces(steps: Step[]): Step[] {
  const row: Step[] = [];
  let left = steps;
  let place = zero;
  while (left.length > 0) {
    const rest = left;
    const isBeginning = (step: Step) => !rest.some(({ from, to }) => to === step.from && from !== to);
    const next = rest.find(({ from }) => from === place) ?? rest.find(isBeginning) ?? (rest[0] as Step);
    row.push(next);
    left = rest.filter((step) => step !== next);
    place = next.to;
  }
  return row;
}

function byStart(steps: Step[]): Map<string, Step[]> {
  const leaving = new Map<string, Step[]>();
  for (const step of steps) leaving.set(step.from, [...(leaving.get(step.from) ?? []), step]);
  return leaving;
}
