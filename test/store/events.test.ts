import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newEventId, newShortId } from "../../src/domain/id.ts";
import { findEvent } from "../../src/store/events.ts";
import { listActionEvents } from "../../src/store/ledgers.ts";
import { saveSource } from "../../src/store/sources.ts";
import { aSource } from "../kit.ts";
import { anEvent, save } from "./samples.ts";

const db = env.DB;
const start = Date.parse("2026-01-01T00:00:00Z");

/** A source that stands in D1; its id. */
async function aStoredSource(): Promise<string> {
  const id = newShortId("src");
  await saveSource(db, aSource({ id, name: id, tokenHash: id }));
  return id;
}

describe("an event", () => {
  test("comes back as it was saved", async () => {
    const event = anEvent({
      isTest: true,
      occurredAt: start,
      fields: { clé: "värde", __proto__x: "1", 'quo"te': "'" },
      nested: { items: [{ sku: "1", list: [["a"]] }] },
      warnings: [{ code: "repeated_key", field: "a", detail: "twice" }],
    });
    await save(event);
    expect((await findEvent(db, event.id))?.event).toEqual(event);
  });

  test("that says next to nothing comes back with nulls", async () => {
    const event = anEvent({
      subject: null,
      status: null,
      currency: null,
      payout: null,
      deltaPayout: null,
      amount: null,
      deltaAmount: null,
    });
    const bare = { ...event, actionId: null };
    await save(bare);
    expect((await findEvent(db, bare.id))?.event).toEqual(bare);
  });

  test("is null where there is none", async () => expect(await findEvent(db, newEventId(start))).toBeNull());
});

describe("the events of an action", () => {
  test("come in the order they were stored, whatever their time of arrival", async () => {
    const sourceId = await aStoredSource();
    const actionId = crypto.randomUUID();
    const events = [start + 2, start, start + 1].map((receivedAt) => anEvent({ sourceId, actionId, receivedAt }));
    for (const event of events) await save(event);
    expect((await listActionEvents(db, actionId)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  test("come from all sources", async () => {
    const actionId = crypto.randomUUID();
    const events = [anEvent({ sourceId: await aStoredSource(), actionId }), anEvent({ sourceId: await aStoredSource(), actionId })];
    for (const event of events) await save(event);
    expect((await listActionEvents(db, actionId)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  test("hold lifecycle and clearing, and no other action's", async () => {
    const sourceId = await aStoredSource();
    const actionId = crypto.randomUUID();
    const lifecycle = anEvent({ sourceId, actionId });
    const clearing = anEvent({ sourceId, actionId, kind: "action-clearing", type: "action.cleared" });
    for (const event of [lifecycle, clearing, anEvent({ sourceId })]) await save(event);
    expect((await listActionEvents(db, actionId)).map(({ kind }) => kind)).toEqual(["action-lifecycle", "action-clearing"]);
  });

  test("are none where nothing was heard of it", async () => expect(await listActionEvents(db, "nobody's")).toEqual([]));
});
