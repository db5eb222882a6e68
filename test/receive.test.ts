import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { App } from "../src/app.ts";
import type { Receipt } from "../src/domain/receipt.ts";
import { Tally } from "../src/domain/tally.ts";
import { minute } from "../src/domain/time.ts";
import { takeDeferred } from "../src/intake.ts";
import { hashSecret } from "../src/postback/authenticate.ts";
import { receive } from "../src/receive.ts";
import { findDelivery } from "../src/store/attempts.ts";
import { Catalog } from "../src/store/catalog.ts";
import { findEvent } from "../src/store/events.ts";
import { findQuarantined } from "../src/store/quarantine.ts";
import { aReceipt, faulty, newApp, newDestination, newSource, operate, queueInto, receiptFor } from "./kit.ts";
import { metered } from "./store/meter.ts";

test("a postback that D1 stored is accepted, with a ring for each delivery", async () => {
  const rung: string[] = [];
  const destination = await newDestination({ filter: 'action_id == "ring.1"' });
  const app = newApp({ queues: { ...newApp().queues, deliveries: queueInto(rung) } });
  const receipt = await receiptFor({ query: "action_id=ring.1&status=PENDING" });
  expect(await receive(app, receipt)).toMatchObject({ status: "accepted", id: receipt.id });
  await app.settle();
  expect(rung).toEqual([`${receipt.id}:${destination.id}`]);
});

test("a repeat rings nobody", async () => {
  const rung: string[] = [];
  await newDestination({ filter: 'action_id == "ring.2"' });
  const source = await newSource();
  const app = newApp({ queues: { ...newApp().queues, deliveries: queueInto(rung) } });
  const query = "action_id=ring.2&status=PENDING";
  await receive(app, await receiptFor({ query }, source));
  expect(await receive(app, await receiptFor({ query }, source))).toMatchObject({ status: "duplicate" });
  await app.settle();
  expect(rung).toHaveLength(1);
});

test("a paused destination is not rung for, but its delivery is stored", async () => {
  const rung: string[] = [];
  const { id } = await newDestination({ filter: 'action_id == "ring.4"', state: "paused" });
  const app = newApp({ queues: { ...newApp().queues, deliveries: queueInto(rung) } });
  const receipt = await receiptFor({ query: "action_id=ring.4&status=PENDING" });
  await receive(app, receipt);
  await app.settle();
  expect(rung).toEqual([]);
  expect(await findDelivery(env.DB, receipt.id, id)).toMatchObject({ delivery: { state: "pending" } });
});

test("a ring that is lost costs nobody the answer", async () => {
  await newDestination({ filter: 'action_id == "ring.3"' });
  const broken = { sendBatch: () => Promise.reject(new Error("Queue is overloaded")) } as unknown as App["queues"]["deliveries"];
  const app = newApp({ queues: { ...newApp().queues, deliveries: broken } });
  expect(await receive(app, await receiptFor({ query: "action_id=ring.3&status=PENDING" }))).toMatchObject({ status: "accepted" });
  await app.settle();
});

test("without a token that somebody knows nothing is stored", async () => {
  const receipt = aReceipt({ tokenHash: hashSecret("nobody's"), query: "action_id=1&status=PENDING" });
  await expect(receive(newApp(), receipt)).rejects.toMatchObject({ code: "unauthorized" });
  expect(await findEvent(env.DB, receipt.id)).toBeNull();
  expect(await findQuarantined(env.DB, receipt.id)).toBeNull();
});

test("what cannot be an event is in quarantine, with its bytes", async () => {
  const receipt = await receiptFor({ method: "POST", body: '{"payout": "a lot"}' });
  expect(await receive(newApp(), receipt)).toMatchObject({ status: "quarantined", problem: { code: "invalid" } });
  const kept = await findQuarantined(env.DB, receipt.id);
  expect(new TextDecoder().decode(kept?.receipt.body)).toBe('{"payout": "a lot"}');
});

const faults: [string, (db: D1Database) => D1Database][] = [
  ["throws", (db) => faulty(db, () => Promise.reject(new Error("D1_ERROR: Network connection lost")))],
  ["stalls", (db) => faulty(db, () => new Promise(() => {}))],
  [
    "commits, but its answer is lost",
    (db) => faulty(db, async (batch) => batch().then(() => Promise.reject(new Error("Network connection lost")))),
  ],
];

test.each(faults)(
  "when D1 %s, the receipt goes to the intake queue with its id and time, and becomes the event later",
  async (_, fault) => {
    const source = await newSource();
    const receipt = await receiptFor({ query: "action_id=lane.2&status=PENDING&payout=1.50" }, source);
    const deferred: Receipt[] = [];
    const usual = newApp();
    await usual.catalog.current(usual.db);
    const app = {
      ...usual,
      db: fault(env.DB),
      config: { ...usual.config, storeTimeLimitMs: 200 },
      queues: { ...usual.queues, intake: queueInto(deferred) },
    };
    expect(await receive(app, receipt)).toMatchObject({ status: "deferred", id: receipt.id, source: { id: source.id } });
    expect(deferred).toEqual([receipt]);

    expect(await takeDeferred(newApp(), deferred)).toEqual([]);
    const { body } = await operate(`/actions/lane.2?source=${source.id}`);
    expect(body.events.map(({ id, received_at }: { id: string; received_at: string }) => [id, Date.parse(received_at)])).toEqual([
      [receipt.id, receipt.receivedAt],
    ]);
  },
);

test("when both lanes fail the sender is asked to come again", async () => {
  const source = await newSource();
  const usual = newApp();
  await usual.catalog.current(usual.db);
  const intake = { send: () => Promise.reject(new Error("Queue is overloaded")) } as unknown as App["queues"]["intake"];
  const db = faulty(env.DB, () => Promise.reject(new Error("overloaded")));
  const outcome = receive({ ...usual, db, queues: { ...usual.queues, intake } }, await receiptFor({ query: "action_id=1" }, source));
  await expect(outcome).rejects.toMatchObject({ code: "unavailable", headers: { "retry-after": "30" } });
});

test("when the intake queue stalls the sender is asked to come again", async () => {
  const source = await newSource();
  const usual = newApp();
  await usual.catalog.current(usual.db);
  const intake = { send: () => new Promise(() => {}) } as unknown as App["queues"]["intake"];
  const db = faulty(env.DB, () => Promise.reject(new Error("overloaded")));
  const config = { ...usual.config, intakeTimeLimitMs: 100 };
  const outcome = receive(
    { ...usual, db, config, queues: { ...usual.queues, intake } },
    await receiptFor({ query: "action_id=1" }, source),
  );
  await expect(outcome).rejects.toMatchObject({ code: "unavailable" });
});

test("while D1 is away, bad input is told so at once, and is in quarantine later", async () => {
  const source = await newSource();
  const deferred: Receipt[] = [];
  const usual = newApp();
  await usual.catalog.current(usual.db);
  const db = faulty(env.DB, () => Promise.reject(new Error("overloaded")));
  const receipt = await receiptFor({ query: "action_id=1&payout=a+lot" }, source);
  const received = await receive({ ...usual, db, queues: { ...usual.queues, intake: queueInto(deferred) } }, receipt);
  expect(received).toMatchObject({ status: "quarantined", id: receipt.id, problem: { code: "invalid" } });
  await takeDeferred(newApp(), deferred);
  expect(await findQuarantined(env.DB, receipt.id)).toMatchObject({ code: "invalid", receipt: { query: receipt.query } });
});

describe("with INGEST_MODE=queue", () => {
  const queueFirst = (parts: Partial<App> = {}) => {
    const deferred: Receipt[] = [];
    const usual = newApp();
    const config = { ...usual.config, ingestMode: "queue" as const, intakeTimeLimitMs: 100 };
    return { deferred, app: { ...usual, config, queues: { ...usual.queues, intake: queueInto(deferred) }, ...parts } };
  };

  test("a postback is in the intake queue when it is answered, and D1 is not written", async () => {
    const { app, deferred } = queueFirst();
    const receipt = await receiptFor({ query: "action_id=first.1&status=PENDING" });
    expect(await receive(app, receipt)).toMatchObject({ status: "deferred", id: receipt.id, source: { invalidStatus: 422 } });
    expect(deferred).toEqual([receipt]);
    expect(await findEvent(env.DB, receipt.id)).toBeNull();
  });

  test("bad input is told so at once, and is in quarantine later", async () => {
    const { app, deferred } = queueFirst();
    const receipt = await receiptFor({ query: "action_id=first.2&payout=a+lot" });
    expect(await receive(app, receipt)).toMatchObject({ status: "quarantined", problem: { code: "invalid" } });
    await takeDeferred(newApp(), deferred);
    expect(await findQuarantined(env.DB, receipt.id)).toMatchObject({ code: "invalid" });
  });

  test("a token that nobody knows is refused, and nothing is queued", async () => {
    const { app, deferred } = queueFirst();
    await expect(receive(app, aReceipt({ tokenHash: hashSecret("nobody's") }))).rejects.toMatchObject({ code: "unauthorized" });
    expect(deferred).toEqual([]);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("Queue is overloaded"))],
    ["stalls", () => new Promise(() => {})],
  ])("when the queue %s, D1 takes the postback", async (_, send) => {
    const { app } = queueFirst();
    const intake = { send } as unknown as App["queues"]["intake"];
    const receipt = await receiptFor({ query: "action_id=first.3&status=PENDING" });
    const received = await receive({ ...app, queues: { ...app.queues, intake } }, receipt);
    expect(received).toMatchObject({ status: "accepted", id: receipt.id });
    expect(await findEvent(env.DB, receipt.id)).not.toBeNull();
  });

  test("when D1 is away too, a token that nobody here can check goes to the queue", async () => {
    const db = faulty(env.DB, () => Promise.reject(new Error("overloaded")));
    const catalog = new Catalog(Date.now, 100);
    const { app, deferred } = queueFirst({ db, catalog });
    expect(await receive(app, aReceipt())).toMatchObject({ status: "deferred", source: null });
    expect(deferred).toHaveLength(1);
  });

  test("when both fail, the sender is asked to come again", async () => {
    const source = await newSource();
    const { app } = queueFirst();
    await app.catalog.anew(app.db);
    const intake = { send: () => Promise.reject(new Error("Queue is overloaded")) } as unknown as App["queues"]["intake"];
    const db = faulty(env.DB, () => Promise.reject(new Error("overloaded")));
    const outcome = receive({ ...app, db, queues: { ...app.queues, intake } }, await receiptFor({ query: "action_id=1" }, source));
    await expect(outcome).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("repeats are counted", () => {
  /** A source with one postback, whose repeats all come to one isolate; `at` sets its clock. */
  async function repeating() {
    const source = await newSource();
    const query = "action_id=again.1&status=PENDING";
    const usual = newApp({ tally: new Tally() });
    await receive(usual, await receiptFor({ query }, source));
    const { db, bill } = metered(env.DB);
    const start = Date.now();
    const app = (at: number, parts: Partial<App> = {}) => ({ ...usual, db, now: () => start + at, ...parts });
    const repeat = async (at: number, parts: Partial<App> = {}) => await receive(app(at, parts), await receiptFor({ query }, source));
    const counted = async () => {
      const sum = "select total(duplicates) as duplicates from pulses where source_id = ?";
      return (await env.DB.prepare(sum).bind(source.id).first<{ duplicates: number }>())?.duplicates;
    };
    return { repeat, bill, counted, settle: usual.settle };
  }

  test("and a thousand of them cost a row or two, a minute later", async () => {
    const { repeat, bill, counted, settle } = await repeating();
    for (let nth = 0; nth < 1000; nth += 50) await Promise.all(Array.from({ length: 50 }, () => repeat(nth)));
    await settle();
    expect([bill.rowsWritten, await counted()]).toEqual([0, 0]);
    await repeat(minute + 1000);
    await settle();
    expect(bill.rowsWritten).toBeLessThanOrEqual(2);
    expect(await counted()).toBe(1001);
  });

  test("in the one round trip that each costs anyway", async () => {
    const { repeat, bill, settle } = await repeating();
    await repeat(0);
    expect(bill.roundTrips).toBe(1);
    await repeat(minute);
    await settle();
    expect(bill.roundTrips).toBe(3);
  });

  test("while nobody waits for it", async () => {
    const { repeat } = await repeating();
    await repeat(0);
    const put: Promise<unknown>[] = [];
    const slow = {
      prepare: (sql: string) => (sql.includes("into pulses") ? never : env.DB.prepare(sql)),
      batch: env.DB.batch.bind(env.DB),
    };
    const never = { bind: () => ({ run: () => new Promise(() => {}) }) };
    const parts = { db: slow as unknown as D1Database, later: (work: Promise<unknown>) => void put.push(work) };
    expect(await repeat(minute, parts)).toMatchObject({ status: "duplicate" });
    expect(put).toHaveLength(1);
  });

  test("once more when they could not be written down", async () => {
    const { repeat, counted, settle } = await repeating();
    await repeat(0);
    const broken = { prepare: () => ({ bind: () => ({ run: () => Promise.reject(new Error("overloaded")) }) }) };
    const db = {
      prepare: (sql: string) => (sql.includes("into pulses") ? broken.prepare() : env.DB.prepare(sql)),
      batch: env.DB.batch.bind(env.DB),
    } as unknown as D1Database;
    await repeat(minute, { db });
    await settle();
    expect(await counted()).toBe(0);
    await repeat(2 * minute);
    await settle();
    expect(await counted()).toBe(3);
  });
});
