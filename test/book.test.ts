import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { book, rebook } from "../src/book.ts";
import { ledgerOf, type Told } from "../src/domain/action.ts";
import type { Event } from "../src/domain/event.ts";
import { newEventId, newShortId } from "../src/domain/id.ts";
import { actionOf, type Dimension, dimensions } from "../src/domain/standing.ts";
import { day, hour, minute } from "../src/domain/time.ts";
import { quarter, week } from "../src/domain/total.ts";
import { listActionsById } from "../src/store/actions.ts";
import { listEventsOf } from "../src/store/ledgers.ts";
import { runs } from "./fuzz.ts";
import { newApp, newSource, operate } from "./kit.ts";
import { metered } from "./store/meter.ts";
import { anEvent, save } from "./store/samples.ts";

const start = Date.parse("2026-05-13T10:00:00Z");

interface Happening {
  action: number;
  payout: number;
  status: string;
  campaign: number;
  currency: string;
  isTest: boolean;
}

const happenings = fc.array(
  fc.record<Happening>({
    action: fc.nat(3),
    payout: fc.integer({ min: -5, max: 2_000_000 }),
    status: fc.constantFrom("PENDING", "APPROVED", "REVERSED"),
    campaign: fc.nat(2),
    currency: fc.constantFrom("EUR", "JPY"),
    isTest: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 12 },
);

function eventOf(source: string, nth: number, { action, payout, status, campaign, currency, isTest }: Happening): Event {
  const actionId = `${source}.${action}`;
  const micros = BigInt(payout) * 10_000n;
  return anEvent({
    id: newEventId(start + nth * minute),
    receivedAt: start + nth * minute,
    sourceId: source,
    actionId,
    subject: `action:${actionId}`,
    status,
    currency,
    isTest,
    payout: micros,
    deltaPayout: null,
    amount: micros * 900_000_000n,
    deltaAmount: null,
    fields: {
      ActionId: actionId,
      CampaignId: String(campaign),
      EventDate: `2026-05-1${action}T0${campaign}:10:00Z`,
      ...(campaign > 0 && { SubId1: `sub ${action}` }),
    },
  });
}

test("the books equal a recount, whatever happened, and however often they were brought up to date", async () => {
  await fc.assert(
    fc.asyncProperty(happenings, fc.infiniteStream(fc.boolean()), async (all, isBooked) => {
      const source = newShortId("src");
      for (const [nth, happening] of all.entries()) {
        await save(eventOf(source, nth, happening));
        if (isBooked.next().value) await book(newApp(), minute);
      }
      await book(newApp(), minute);
      const keys = [...new Set(all.map(({ action }) => action))].map((action) => `${source}.${action}`);
      const told = await listEventsOf(
        env.DB,
        keys.map((id) => [source, `action:${id}`]),
      );
      return same(await booked(source, keys), told.map(recounted)) && same(await totalled(source), recount(told));
    }),
    runs(30),
  );
});

test("brings in what was stored before, once", async () => {
  const { id: source } = await newSource();
  const sale = anEvent({ sourceId: source, fields: { CampaignId: "7", CampaignName: "Shoes", SubId1: "blog" } });
  await save(sale);
  await Promise.all([book(newApp(), minute), book(newApp(), minute), operate("/actions")]);
  const [row] = await env.DB.prepare(
    "select sum(actions) as actions, sum(payout_micros) as payout from totals where source_id = ? group by dimension",
  )
    .bind(source)
    .all()
    .then(({ results }) => results);
  expect(row).toEqual({ actions: 1, payout: 880_000 });
  const { body } = await operate(`/actions?source=${source}&campaign=Shoes&sub_id1=blog`);
  expect(body.data).toMatchObject([{ action_id: sale.actionId, state: "PENDING", stage: "tracked", payout: "0.88", events: 1, gaps: 0 }]);
  expect(body.up_to_date).toBe(true);
});

test("a new action that comes alone costs eighteen rows and four round trips, and nothing while there is nothing new", async () => {
  await book(newApp(), minute);
  const { db, bill } = metered(env.DB);
  await save(anEvent({ fields: { CampaignId: "1", SubId1: "blog" } }));
  await book(newApp({ db }), minute);
  expect(bill).toMatchObject({ roundTrips: 4, rowsWritten: 18 });
  await book(newApp({ db }), minute);
  expect(bill).toMatchObject({ roundTrips: 5, rowsWritten: 18 });
});

test("booking an action once more changes nothing that did not change", async () => {
  const sale = anEvent();
  await save(sale);
  await book(newApp(), minute);
  const before = await totalled(sale.sourceId);
  await rebook(newApp(), [[sale.sourceId, sale.subject ?? ""]]);
  expect(same(await totalled(sale.sourceId), before)).toBe(true);
});

test("an action whose first events are in the archive goes on from where they left it", async () => {
  const actionId = `1000.${crypto.randomUUID()}`;
  const sale = anEvent({ actionId, receivedAt: start, payout: 880_000n, deltaPayout: 880_000n });
  await save(sale);
  await save(anEvent()); // the last event stays where it is
  await book(newApp(), minute);
  await env.DB.prepare("delete from events where id = ?").bind(sale.id).run();
  const { sourceId, subject } = sale;
  await save(anEvent({ actionId, sourceId, subject, receivedAt: start + day, status: "REVERSED", payout: 0n, deltaPayout: -880_000n }));
  await book(newApp(), minute);
  const [action] = await listActionsById(env.DB, [[sourceId, actionId]]);
  expect(action).toMatchObject({ state: "REVERSED", stage: "reversed", payout: 0n, gaps: 0, events: 2, firstEvent: sale.id });
});

async function booked(source: string, ids: string[]) {
  return await listActionsById(
    env.DB,
    ids.map((id) => [source, id]),
  );
}

function recounted(told: Told[]) {
  return actionOf(ledgerOf(told), told);
}

async function totalled(source: string) {
  const rows = await env.DB.prepare(
    `select dimension, at, value, currency, state, actions, cast(payout_units as text) as pu, cast(payout_micros as text) as pm,
       cast(amount_units as text) as au, cast(amount_micros as text) as am from totals where source_id = ?`,
  )
    .bind(source)
    .all<Record<string, any>>();
  return rows.results
    .map((row) => [
      row["dimension"],
      row["at"],
      row["value"],
      row["currency"],
      row["state"],
      row["actions"],
      BigInt(row["pu"] ?? 0) * 1_000_000n + BigInt(row["pm"] ?? 0),
      BigInt(row["au"] ?? 0) * 1_000_000n + BigInt(row["am"] ?? 0),
    ])
    .filter((row) => row[5] !== 0 || row[6] !== 0n || row[7] !== 0n);
}

/** Counted from the actions, in another way than the books do. */
function recount(told: Told[][]) {
  const rows = new Map<string, unknown[]>();
  for (const action of told.map(recounted)) {
    if (action.isTest) continue;
    for (const dimension of ["", "hour", "sub_id1/week", ...(Object.keys(dimensions) as Dimension[])] as const) {
      const span = { "": quarter, hour, "sub_id1/week": week }[dimension as "hour"] ?? day;
      const at = action.eventDate - (action.eventDate % span);
      const value = dimension === "" || dimension === "hour" ? "" : (action[dimension.split("/")[0] as Dimension] ?? "");
      const head = [dimension, at, value, action.currency ?? "", action.state ?? ""];
      const row = rows.get(head.join("|")) ?? [...head, 0, 0n, 0n];
      row[5] = (row[5] as number) + 1;
      row[6] = (row[6] as bigint) + (action.payout ?? 0n);
      row[7] = (row[7] as bigint) + (action.amount ?? 0n);
      rows.set(head.join("|"), row);
    }
  }
  return [...rows.values()];
}

function same(some: unknown[], others: unknown[]): boolean {
  const textOf = (one: unknown) =>
    JSON.stringify(one, (_, value) => {
      if (typeof value === "bigint") return `${value}n`;
      return value && typeof value === "object" && !Array.isArray(value) ? Object.entries(value).sort() : value;
    });
  const [left, right] = [some, others].map((all) => all.map(textOf).sort().join("\n"));
  return left === right;
}
