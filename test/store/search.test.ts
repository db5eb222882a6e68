import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { newShortId } from "../../src/domain/id.ts";
import { hour, minute } from "../../src/domain/time.ts";
import { type EventSearch, listEvents } from "../../src/store/search.ts";
import { saveSource } from "../../src/store/sources.ts";
import { aSource } from "../kit.ts";
import { anEvent, save } from "./samples.ts";

const start = Date.parse("2025-06-01T00:00:00Z");
const db = env.DB;

/** Events of one source, an hour apart, oldest first. */
async function history(...parts: Partial<Event>[]): Promise<{ source: string; events: Event[]; ids: string[] }> {
  const source = newShortId("src");
  const events = parts.map((part, n) => anEvent({ sourceId: source, receivedAt: start + n * hour, ...part }));
  for (const event of events) await save(event);
  return { source, events, ids: events.map(({ id }) => id) };
}

/** All that fit, on however many pages: each looks at so many events of all tests. */
async function find(search: Omit<EventSearch, "limit">): Promise<string[]> {
  return await walk({ limit: 100, ...search });
}

async function walk(search: EventSearch): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listEvents(db, { ...search, cursor });
    found.push(...page.events.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor && found.length < 1000);
  return found;
}

describe("events", () => {
  test("come newest first", async () => {
    const { source, ids } = await history({}, {}, {});
    expect(await find({ source })).toEqual([...ids].reverse());
  });

  test("come back as they were saved", async () => {
    const { source, events } = await history({ nested: { items: [{ sku: "1" }] }, warnings: [{ code: "no_subject", detail: "…" }] });
    expect((await listEvents(db, { source, limit: 10 })).events).toEqual(events);
  });

  test.each([1, 2, 3, 7, 100])("are walked through in pages of %i without gap or repeat", async (limit) => {
    const { source, ids } = await history({}, {}, {}, {}, {}, {}, {});
    expect(await walk({ source, limit })).toEqual([...ids].reverse());
  });

  test("are walked through while newer ones arrive, without gap or repeat", async () => {
    const { source, ids } = await history({}, {}, {}, {});
    const first = await listEvents(db, { source, limit: 2 });
    await save(anEvent({ sourceId: source, receivedAt: start + 90 * hour }));
    const second = await listEvents(db, { source, limit: 2, cursor: first.next ?? undefined });
    expect([...first.events, ...second.events].map(({ id }) => id)).toEqual([...ids].reverse());
  });

  test("that arrived in one millisecond are walked through without gap or repeat", async () => {
    const at = { receivedAt: start };
    const { source, ids } = await history(at, at, at, at, at);
    expect((await walk({ source, limit: 2 })).sort()).toEqual([...ids].sort());
  });

  test("of all sources are walked through without a filter", async () => {
    const { ids } = await history({}, {}, {});
    const found = await walk({ limit: 200, until: start + 5 * hour, since: start });
    expect(found.filter((id) => ids.includes(id))).toEqual([...ids].reverse());
  });
});

describe("a filter", () => {
  test("by kind", async () => {
    const { source, ids } = await history({}, { kind: "action-clearing", type: "action.cleared" });
    expect(await find({ source, kind: "action-clearing" })).toEqual([ids[1]]);
  });

  test("by type", async () => {
    const { source, ids } = await history({ type: "action.reversed" }, {});
    expect(await find({ source, type: "action.reversed" })).toEqual([ids[0]]);
  });

  test.each(["REVERSED", "reversed"])("by status, in whatever case (%s)", async (status) => {
    const { source, ids } = await history({ status: "REVERSED" }, {});
    expect(await find({ source, status })).toEqual([ids[0]]);
  });

  test("by the name of a source", async () => {
    const { source, ids } = await history({});
    const name = `by name ${source}`;
    await saveSource(db, aSource({ id: source, name, tokenHash: source }));
    expect(await find({ source: name })).toEqual(ids);
  });

  test("by a source that does not exist finds nothing", async () => expect(await find({ source: "nobody" })).toEqual([]));

  test("by action finds what was said of it, of all sources", async () => {
    const actionId = crypto.randomUUID();
    const [one, two] = [await history({ actionId }, {}), await history({ actionId })];
    for (const { source } of [one, two]) await saveSource(db, aSource({ id: source, name: source, tokenHash: source }));
    expect((await find({ actionId })).sort()).toEqual([one.ids[0], two.ids[0]].sort());
  });

  test("by action finds an inquiry about it too", async () => {
    const actionId = crypto.randomUUID();
    const { source, ids } = await history({ kind: "action-inquiry", type: "inquiry.created", actionId, subject: "inquiry:7" });
    await saveSource(db, aSource({ id: source, name: source, tokenHash: source }));
    expect(await find({ actionId })).toEqual(ids);
  });

  test("by since holds what arrived at that very millisecond", async () => {
    const { source, ids } = await history({}, {}, {});
    expect(await find({ source, since: start + hour })).toEqual([ids[2], ids[1]]);
  });

  test("by until leaves out what arrived at that very millisecond", async () => {
    const { source, ids } = await history({}, {}, {});
    expect(await find({ source, until: start + hour })).toEqual([ids[0]]);
  });

  test("by since and until together bounds both sides", async () => {
    const { source, ids } = await history({}, {}, {});
    expect(await find({ source, since: start + minute, until: start + 2 * hour })).toEqual([ids[1]]);
  });

  test("before 1970 and after all time is no mistake", async () => {
    const { source, ids } = await history({});
    expect(await find({ source, since: -1, until: Date.parse("9999-12-31") })).toEqual(ids);
  });

  test("narrows what another leaves", async () => {
    const { source, ids } = await history({ status: "REVERSED" }, { status: "REVERSED", kind: "action-clearing" });
    expect(await find({ source, status: "REVERSED", kind: "action-lifecycle" })).toEqual([ids[0]]);
  });
});

describe("a search for text", () => {
  const fields = (SubId1: string) => ({ fields: { SubId1 } });

  test.each([
    ["plain text", "blue shoes", "shoes"],
    ["another case", "Blue Shoes", "bLUE sHOES"],
    ["a double quote", 'said "yes" to it', '"yes"'],
    ["a single quote", "o'hara's", "o'hara's"],
    ["a backslash", "C:\\temp", ":\\t"],
    ["letters beyond ASCII", "Müller 株式会社 🛒", "Müller 株式会社 🛒"],
    ["a line break", "one\ntwo", "e\nt"],
    ["a slash", "https://a.example/b?c=d", "example/b?c"],
    ["a percent sign", "50%off", "0%o"],
    ["an underscore", "sub_id", "b_i"],
  ])("finds %s", async (_what, value, q) => {
    const { source, ids } = await history(fields(value), fields("something else"));
    expect(await find({ source, q })).toEqual([ids[0]]);
  });

  test("takes percent and underscore to the letter, never as wildcards", async () => {
    const { source } = await history(fields("50 and off"), fields("subXid"));
    expect(await find({ source, q: "50%off" })).toEqual([]);
    expect(await find({ source, q: "sub_id" })).toEqual([]);
  });

  test("looks at keys", async () => {
    const { source, ids } = await history({ fields: { customerSegment: "a" } }, {});
    expect(await find({ source, q: "customersegment" })).toEqual([ids[0]]);
  });

  test("looks at nested lists", async () => {
    const { source, ids } = await history({ nested: { items: [{ sku: "SKU-77" }] } }, {});
    expect(await find({ source, q: "sku-77" })).toEqual([ids[0]]);
  });

  test("looks at the event's id", async () => {
    const { source, ids } = await history({}, {});
    expect(await find({ source, q: ids[0] as string })).toEqual([ids[0]]);
  });

  test.each(["{}", ":", "}{", "}evt_"])("finds nothing in the punctuation of our own storage (%s)", async (q) => {
    const { source } = await history({ fields: { SubId1: "plain", SubId2: "text" } });
    expect(await find({ source, q })).toEqual([]);
  });

  test("finds nothing in the way our storage spells a line break", async () => {
    const { source } = await history({ fields: { A: "x\ny" } });
    expect(await find({ source, q: "n" })).toEqual([]);
  });

  test("is no way into SQL", async () => {
    const { source } = await history({});
    expect(await find({ source, q: "') > 0 or 1=1 --" })).toEqual([]);
  });
});

describe("events are found by an id that their fields hold", () => {
  const fields = { RefClickId: "click-1", SubId2: "sub-1", Oid: "order-1", "my key": "Kept as it is", PromoCode: "SUMMER" };

  test.each([
    ["the click's id", { clickId: "click-1" }],
    ["a sub id, whichever of them", { subId: "sub-1" }],
    ["the order's id", { orderId: "order-1" }],
    ["any field, by name and value", { field: { key: "promocode", value: "SUMMER" } }],
    ["a key of the sender's own, however it is spelt", { field: { key: "mykey", value: "Kept as it is" } }],
  ])("%s", async (_what, search) => {
    const { source, ids } = await history(
      { fields },
      { fields: { ...fields, SubId2: "b", Oid: "b", RefClickId: "b", PromoCode: "b", "my key": "b" } },
    );
    expect(await find({ source, ...search })).toEqual([ids[0]]);
  });

  test("a part of it finds nothing", async () => {
    const { source } = await history({ fields });
    expect(await find({ source, clickId: "click" })).toEqual([]);
    expect(await find({ source, field: { key: "promocode", value: "SUMM" } })).toEqual([]);
  });
});
