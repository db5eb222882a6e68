import fc from "fast-check";
import { expect, test } from "vitest";
import { day, hour, minute, newClock, second } from "../../simulate/clock.ts";
import { newPopulation, type Population } from "../../simulate/population.ts";
import type { TrueAction } from "../../simulate/truth.ts";
import { runs } from "./kit.ts";

const populations = fc.record({ seed: fc.integer(), days: fc.integer({ min: 0, max: 60 }) }).map(({ seed, days }) => {
  const since = Date.UTC(2026, 5, 1);
  return newPopulation({ seed, actions: 40, inquiries: 8, jobs: 6, since, clock: newClock(since + days * day) });
});

const everyAction = (holds: (action: TrueAction, population: Population) => boolean) =>
  fc.assert(
    fc.property(populations, (population) => population.truth().actions.every((action) => holds(action, population))),
    runs,
  );

test("an action's deltas sum to its payout and amount", () => {
  everyAction(({ updates, payout, amount }) => {
    const sum = (of: "deltaPayout" | "deltaAmount") => updates.reduce((total, update) => total + update[of], 0n);
    return sum("deltaPayout") === payout && sum("deltaAmount") === amount;
  });
});

test("what is reversed is worth nothing, and what is reinstated is worth what it was", () => {
  everyAction(({ updates }) =>
    updates.every((update, index) => {
      const [before, beforeThat] = [updates[index - 1], updates[index - 2]];
      if (update.state === "REVERSED") return update.payout === 0n && update.amount === 0n && before?.state === "PENDING";
      return before?.state !== "REVERSED" || (update.payout === beforeThat?.payout && update.amount === beforeThat.amount);
    }),
  );
});

test("changes come in order, are of the past, and none after the locking", () => {
  everyAction(({ updates, lockingAt }, { clock }) =>
    updates.every(({ at }, index) => at <= clock.now() && at < lockingAt && at >= (updates[index - 1]?.at ?? 0) && at % second === 0),
  );
});

test("an action is APPROVED from its locking date on unless it is reversed, and cleared only then", () => {
  everyAction(({ updates, state, lockingAt, clearedAt }, { clock }) => {
    const wanted = updates.at(-1)?.state === "REVERSED" ? "REVERSED" : clock.now() >= lockingAt ? "APPROVED" : "PENDING";
    return state === wanted && (clearedAt === null || (state === "APPROVED" && clearedAt > lockingAt && clearedAt <= clock.now()));
  });
});

test("a locking date is a midnight of the campaign's zone", () => {
  fc.assert(
    fc.property(populations, ({ actions }) =>
      actions.every(({ lockingAt, campaign }) => (lockingAt + campaign.offsetMinutes * minute) % day === 0),
    ),
    runs,
  );
});

test("ids are unique, and an update's is its action's with a number", () => {
  fc.assert(
    fc.property(populations, ({ actions, jobs, inquiries }) => {
      const updates = actions.flatMap(({ changes }) => changes.map(({ id }) => id));
      const ids = [...actions, ...jobs, ...inquiries].map(({ id }) => id);
      const isNamed = actions.every(({ id, changes }) => changes.every((change) => /^\.\d+$/.test(change.id.slice(id.length))));
      return isNamed && new Set(updates).size === updates.length && new Set(ids).size === ids.length;
    }),
    runs,
  );
});

test("the same seed is the same life, another seed another", () => {
  const truth = (seed: number) => newPopulation({ seed, actions: 30, inquiries: 5, jobs: 3 }).truth();
  expect(truth(1)).toEqual(truth(1));
  expect(truth(1)).not.toEqual(truth(2));
});

test("a population has all kinds of lives in it", () => {
  const { actions } = newPopulation({ seed: 1, actions: 400 }).truth();
  const lives = actions.map(({ updates }) => updates.map(({ state }) => state[0]).join(""));
  expect(new Set(actions.map(({ state }) => state))).toEqual(new Set(["PENDING", "APPROVED", "REVERSED"]));
  expect(lives.some((life) => life.includes("PRPR"))).toBe(true);
  expect(new Set(actions.map(({ currency }) => currency)).size).toBe(4);
  expect(actions.some(({ payout, state }) => payout === 0n && state === "APPROVED")).toBe(true);
  expect(actions.some(({ clearedAt }) => clearedAt !== null)).toBe(true);
  expect(actions.some(({ updates }) => updates.some(({ at }, index) => at === updates[index + 1]?.at))).toBe(true);
});

test("locking tells nobody, clearing does", () => {
  const population = newPopulation({ seed: 1, actions: 0 });
  const action = population.track();
  const start = population.clock.now();
  population.clock.advance(hour);
  population.lock(action.id);
  expect(population.truth().actions).toMatchObject([{ state: "APPROVED", clearedAt: null, updates: [{ state: "PENDING" }] }]);
  expect(population.happened(start, population.clock.now())).toEqual([]);

  population.clock.advance(hour);
  population.clear(action.id);
  const told = population.happened(start, population.clock.now());
  expect(told).toMatchObject([{ kind: "action-clearing", values: { Status: "APPROVED", StatusDetail: "PAID" } }]);
  expect(population.truth().actions[0]?.clearedAt).toBe(population.clock.now());
});

test("moves by hand are changes like others", () => {
  const population = newPopulation({ seed: 1, actions: 0 });
  const { id } = population.track();
  const start = population.clock.now();
  for (const move of [() => population.modify(id, 5_000_000n, 50_000_000n), () => population.reverse(id), () => population.reinstate(id)]) {
    population.clock.advance(second);
    move();
  }
  const [action] = population.truth().actions;
  expect(action).toMatchObject({ state: "PENDING", payout: 5_000_000n, amount: 50_000_000n });
  expect(action?.updates.slice(2)).toMatchObject([
    { state: "REVERSED", payout: 0n, deltaPayout: -5_000_000n },
    { state: "PENDING", payout: 5_000_000n, deltaPayout: 5_000_000n },
  ]);
  expect(population.happened(start, population.clock.now())).toHaveLength(3);
});

test("a VALID inquiry makes an action when it is resolved, and no other does", () => {
  const { inquiries, actions, happened, clock } = newPopulation({ seed: 3, actions: 0, inquiries: 40 });
  const valid = inquiries.filter(({ resolution }) => resolution === "VALID");
  expect(actions.map(({ id, referringType }) => [id, referringType]).sort()).toEqual(
    valid.map(({ action }) => [action?.id, "ACTION_INQUIRY"]).sort(),
  );
  expect(
    actions.every(({ id, changes }) => valid.some(({ action, resolvedAt }) => action?.id === id && changes[0]?.at === resolvedAt)),
  ).toBe(true);
  const told = happened(0, clock.now()).filter(({ kind }) => kind === "action-inquiry");
  expect(new Set(told.map(({ values }) => values["ResolutionStatus"]))).toEqual(new Set(["UNRESOLVED", "VALID", "DECLINED", "INCOMPLETE"]));
});
