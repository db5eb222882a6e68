import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { book } from "../../src/book.ts";
import { ledgerOf } from "../../src/domain/action.ts";
import type { Event } from "../../src/domain/event.ts";
import { newEventId, newShortId } from "../../src/domain/id.ts";
import { formatMoney } from "../../src/domain/money.ts";
import { type Action, actionOf } from "../../src/domain/standing.ts";
import { minute } from "../../src/domain/time.ts";
import { listEventsOf } from "../../src/store/ledgers.ts";
import { runs } from "../fuzz.ts";
import { newApp, operate } from "../kit.ts";
import { anEvent, save } from "../store/samples.ts";

const zones = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"];
/** Days on which one of these zones puts its clocks forward or back, and some that are like any other. */
const dates = ["2026-03-07", "2026-03-08", "2026-03-29", "2026-04-04", "2026-04-24", "2026-05-13", "2026-10-25", "2026-10-30"];

const moment = fc
  .tuple(fc.constantFrom(...dates), fc.nat(95), fc.constantFrom(0, 0, 0, 1, -1, 420_000, 899_999))
  .map(([date, quarter, off]) => Date.parse(date) + quarter * 15 * minute + off);

const stories = fc.array(
  fc.record({
    action: fc.nat(5),
    eventDate: moment,
    state: fc.constantFrom("PENDING", "APPROVED", "REVERSED", "EXTENDED", null),
    currency: fc.constantFrom("EUR", "JPY", null),
    payout: fc.constantFrom(0n, 1n, -1n, 880_000n, 999_999_999_999_999_999n, -123_456_789n, null),
    amount: fc.constantFrom(0n, 1_000_000_000_000_000_000n, 500_000n, null),
    campaign: fc.constantFrom("7", "8", "", "007"),
    sub: fc.constantFrom("blog", "Blog", ""),
    isTest: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 14 },
);
/** Campaigns are found by these as well. */
const names: Record<string, string> = { "7": "recounted shoes", "8": "recounted hats", "007": "spies" };
type Story = typeof stories extends fc.Arbitrary<(infer One)[]> ? One : never;

const questions = fc.record({
  by: fc.constantFrom("day", "month", "state", "campaign", "sub_id1", "promo_code"),
  zone: fc.constantFrom(...zones),
  bounds: fc.tuple(moment, moment).map(([one, other]) => [Math.min(one, other), Math.max(one, other) + 1] as const),
  order: fc.constantFrom("value", "actions", "payout", "amount"),
  filter: fc.constantFrom<Record<string, string>>(
    {},
    {},
    { state: "pending" },
    { currency: "EUR" },
    { campaign: "7" },
    { campaign: "recounted shoes" },
    { campaign: "" },
    { sub_id1: "blog" },
    { sub_id1: "" },
    { sub_id1: "blog", campaign: "7" },
    { sub_id1: "", campaign: "recounted shoes" },
    { promo_code: "MAY" },
    { promo_code: "MAY", campaign: "7", state: "approved" },
  ),
});
type Question = typeof questions extends fc.Arbitrary<infer One> ? One : never;

test("a report equals a recount of the events, by whatever, in any zone, span and order, however often it was booked", async () => {
  await fc.assert(
    fc.asyncProperty(
      stories,
      fc.infiniteStream(fc.boolean()),
      fc.array(questions, { minLength: 8, maxLength: 8 }),
      async (all, isBooked, asked) => {
        const source = newShortId("src");
        for (const [nth, story] of all.entries()) {
          await save(eventOf(source, nth, story));
          if (isBooked.next().value) await book(newApp(), minute);
        }
        const actions = await standing(source, all);
        for (const question of asked) {
          const [told, counted] = [await report(source, question), recount(actions, question)];
          if (JSON.stringify(told) !== JSON.stringify(counted))
            throw new Error(`${JSON.stringify(told)}\nis not\n${JSON.stringify(counted)}`);
        }
        return true;
      },
    ),
    runs(25),
  );
});

function eventOf(source: string, nth: number, story: Story): Event {
  const actionId = `${source}.${story.action}`;
  const receivedAt = Date.parse("2026-11-01T00:00:00Z") + nth * minute;
  return anEvent({
    id: newEventId(receivedAt),
    receivedAt,
    sourceId: source,
    actionId,
    subject: `action:${actionId}`,
    status: story.state,
    currency: story.currency,
    isTest: story.isTest,
    payout: story.payout,
    deltaPayout: null,
    amount: story.amount,
    deltaAmount: null,
    fields: {
      ActionId: actionId,
      EventDate: new Date(story.eventDate).toISOString(),
      ...(story.campaign && { CampaignId: story.campaign, CampaignName: names[story.campaign] ?? "" }),
      ...(story.action % 2 === 1 && { PromoCode: "MAY" }),
      ...(story.sub && { SubId1: story.sub }),
    },
  });
}

/** The actions as their ledgers leave them, straight from the events. */
async function standing(source: string, all: Story[]): Promise<Action[]> {
  const ids = [...new Set(all.map(({ action }) => `action:${source}.${action}`))];
  const told = await listEventsOf(
    env.DB,
    ids.map((id) => [source, id]),
  );
  return told.map((events) => actionOf(ledgerOf(events), events));
}

/** All pages of a report, its lines in their order, as text. */
async function report(source: string, { by, zone, bounds, order, filter }: Question) {
  const [since = "", until = ""] = bounds.map((at) => new Date(at).toISOString());
  const search = new URLSearchParams({ by, source, since, until, time_zone: zone, order, limit: "2", ...filter });
  const lines: string[] = [];
  for (;;) {
    const { status, body } = await operate(`/reports?${search}`);
    if (status !== 200 || !body.up_to_date) throw new Error(JSON.stringify(body));
    lines.push(...body.data.map(({ value, name: _, ...rest }: any) => `${value} ${JSON.stringify(rest)}`));
    if (body.next === null) return { lines, totals: body.totals.map((line: object) => JSON.stringify(line)) };
    search.set("cursor", body.next);
  }
}

type Count = { actions: number; payout: bigint; amount: bigint };

/** What the report ought to tell: by looking at every action, with the dates that Intl writes. */
function recount(actions: Action[], { by, zone, bounds: [since, until], order, filter }: Question) {
  const wanted: Record<string, string> = filter;
  const fitting = actions.filter(
    (action) =>
      !action.isTest &&
      action.eventDate >= since &&
      action.eventDate < until &&
      (wanted["state"] === undefined || action.state === wanted["state"].toUpperCase()) &&
      (wanted["currency"] === undefined || action.currency === wanted["currency"]) &&
      (wanted["campaign"] === undefined || [action.campaign ?? "", names[action.campaign ?? ""]].includes(wanted["campaign"])) &&
      (wanted["sub_id1"] === undefined || (action.sub_id1 ?? "") === wanted["sub_id1"]) &&
      (wanted["promo_code"] === undefined || (action.promo_code ?? "") === wanted["promo_code"]),
  );
  const valueIn = (action: Action): string => {
    const date = new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(action.eventDate);
    return by === "day" ? date : by === "month" ? date.slice(0, 7) : (action[by as "state"] ?? "");
  };
  const lines = grouped(fitting, (action) => [valueIn(action), action.currency ?? ""]);
  const rank = (line: Action[]) => (order === "value" ? 0n : BigInt(sum(line)[order as keyof Count]));
  const ordered = lines.sort(([key, line], [otherKey, other]) => {
    const [mine, others] = [rank(line), rank(other)];
    return mine === others ? (key < otherKey ? -1 : 1) : mine > others ? -1 : 1;
  });
  const totals = grouped(fitting, ({ currency }) => [currency ?? ""]).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    lines: ordered.map(([, line]) => `${valueIn(line[0] as Action)} ${JSON.stringify(shown(line))}`),
    totals: totals.map(([, line]) => JSON.stringify(shown(line))),
  };
}

function grouped(actions: Action[], keyOf: (action: Action) => string[]): [string, Action[]][] {
  return Object.entries(Object.groupBy(actions, (action) => keyOf(action).join("\u0000")) as Record<string, Action[]>);
}

function shown(line: Action[]) {
  const known = ["PENDING", "APPROVED", "REVERSED"];
  return {
    currency: line[0]?.currency ?? null,
    ...figures(line),
    ...Object.fromEntries(known.map((state) => [state.toLowerCase(), figures(line.filter((action) => action.state === state))])),
    other: figures(line.filter(({ state }) => !known.includes(state ?? ""))),
  };
}

function sum(line: Action[]): Count {
  const add = (of: "payout" | "amount") => line.reduce((total, action) => total + (action[of] ?? 0n), 0n);
  return { actions: line.length, payout: add("payout"), amount: add("amount") };
}

function figures(line: Action[]) {
  const { actions, payout, amount } = sum(line);
  return { actions, payout: formatMoney(payout), amount: formatMoney(amount) };
}

test("the recount can tell: it sees one action that a report left out", async () => {
  const source = newShortId("src");
  const story: Story = {
    action: 1,
    eventDate: Date.parse("2026-05-13T22:30:00Z"),
    state: "PENDING",
    currency: "EUR",
    payout: 1n,
    amount: 0n,
    campaign: "7",
    sub: "",
    isTest: false,
  };
  await save(eventOf(source, 0, story));
  const question: Question = {
    by: "day",
    zone: "Europe/Berlin",
    bounds: [story.eventDate, story.eventDate + 1],
    order: "value",
    filter: {},
  };
  const actions = await standing(source, [story]);
  expect(await report(source, question)).toEqual(recount(actions, question));
  expect((await report(source, question)).lines[0]).toMatch(/^2026-05-14 /);
  expect(await report(source, { ...question, bounds: [story.eventDate + 1, story.eventDate + 2] })).not.toEqual(recount(actions, question));
});
