import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { second } from "../../src/domain/time.ts";
import { Catalog, type Copy } from "../../src/store/catalog.ts";
import { saveSource } from "../../src/store/sources.ts";
import { aSource } from "../kit.ts";
import { metered } from "./meter.ts";

/** A catalog with a clock that stands still until it is moved. */
function aCatalog() {
  const clock = { now: 1_000_000 };
  return { clock, catalog: new Catalog(() => clock.now, 2000) };
}

/** Saves a source behind the catalog's back, as another isolate would; returns its id. */
async function elsewhere(): Promise<string> {
  const id = newShortId("src");
  await saveSource(env.DB, aSource({ id, name: id, tokenHash: id }));
  return id;
}

const knows = ({ sources }: Pick<Copy, "sources">, id: string) => sources.some((source) => source.id === id);

/** A database that answers every batch with `answer`, as a D1 that is down or slow does. */
function answering(answer: () => Promise<unknown>): D1Database {
  return { prepare: (sql: string) => env.DB.prepare(sql), batch: answer } as unknown as D1Database;
}

const down = answering(() => Promise.reject(new Error("D1_ERROR: storage is away")));

describe("the copy", () => {
  test("is read in one round trip", async () => {
    const { db, bill } = metered(env.DB);
    await aCatalog().catalog.current(db);
    expect(bill.roundTrips).toBe(1);
  });

  test("is used again for three seconds without asking D1", async () => {
    const { catalog, clock } = aCatalog();
    const { db, bill } = metered(env.DB);
    const copy = await catalog.current(db);
    clock.now += 3 * second - 1;
    expect(await catalog.current(db)).toBe(copy);
    expect(bill.roundTrips).toBe(1);
  });

  test("holds five seconds later what was changed elsewhere", async () => {
    const { catalog, clock } = aCatalog();
    await catalog.current(env.DB);
    const id = await elsewhere();
    clock.now += 5 * second;
    expect(knows(await catalog.current(env.DB), id)).toBe(true);
  });

  test("is of no age when the clock was put back: what was made elsewhere is known at once", async () => {
    const { catalog, clock } = aCatalog();
    await catalog.current(env.DB);
    const id = await elsewhere();
    clock.now -= 3600 * second;
    expect(knows(await catalog.current(env.DB), id)).toBe(true);
    const other = await elsewhere();
    clock.now -= second;
    expect(knows(await catalog.anew(env.DB), other)).toBe(true);
  });

  test("serves the others while one reads it anew", async () => {
    const { catalog, clock } = aCatalog();
    const { db, bill } = metered(env.DB);
    const old = await catalog.current(db);
    clock.now += 4 * second;
    const [anew, meanwhile] = await Promise.all([catalog.current(db), catalog.current(db)]);
    expect(meanwhile).toBe(old);
    expect(anew).not.toBe(old);
    expect(bill.roundTrips).toBe(2);
  });

  test("serves nobody beyond five seconds, though one is reading it anew", async () => {
    const { catalog, clock } = aCatalog();
    const old = await catalog.current(env.DB);
    clock.now += 5 * second;
    const copies = await Promise.all([catalog.current(env.DB), catalog.current(env.DB)]);
    expect(copies).not.toContain(old);
  });
});

describe("forgetting", () => {
  test("makes a change made here count at once", async () => {
    const { catalog } = aCatalog();
    await catalog.current(env.DB);
    const id = await elsewhere();
    catalog.forget();
    expect(knows(await catalog.current(env.DB), id)).toBe(true);
  });

  test("is not undone by a read that began before it", async () => {
    const { catalog } = aCatalog();
    const gate = Promise.withResolvers<void>();
    const slow = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        const results = await env.DB.batch(statements);
        await gate.promise;
        return results;
      },
    } as unknown as D1Database;
    const begunBefore = catalog.current(slow);
    await env.DB.prepare("select 1").run(); // the slow read has its rows by now
    const id = await elsewhere();
    catalog.forget();
    gate.resolve();
    await begunBefore;
    expect(knows(await catalog.current(env.DB), id)).toBe(true);
  });
});

describe("when D1 is down", () => {
  test("the old copy stays in use, however old", async () => {
    const { catalog, clock } = aCatalog();
    const copy = await catalog.current(env.DB);
    clock.now += 3600 * second;
    expect(await catalog.current(down)).toBe(copy);
  });

  test("the old copy is replaced as soon as D1 is back", async () => {
    const { catalog, clock } = aCatalog();
    const copy = await catalog.current(env.DB);
    clock.now += 10 * second;
    await catalog.current(down);
    expect(await catalog.current(env.DB)).not.toBe(copy);
  });

  test("and nothing is known, the failure is told", async () => {
    await expect(aCatalog().catalog.current(down)).rejects.toThrow("storage is away");
  });

  test("and slow, nobody waits longer than two seconds", async () => {
    const { catalog, clock } = aCatalog();
    const copy = await catalog.current(env.DB);
    clock.now += 10 * second;
    const begin = Date.now();
    expect(await catalog.current(answering(() => new Promise(() => {})))).toBe(copy);
    expect(Date.now() - begin).toBeLessThan(2900);
  });
});

describe("reading anew", () => {
  test("finds what was made elsewhere after the copy", async () => {
    const { catalog, clock } = aCatalog();
    await catalog.current(env.DB);
    const id = await elsewhere();
    clock.now += second;
    expect(knows(await catalog.anew(env.DB), id)).toBe(true);
  });

  test("asks D1 once a second at the most, so that wrong tokens cannot wear it down", async () => {
    const { catalog, clock } = aCatalog();
    const { db, bill } = metered(env.DB);
    await catalog.current(db);
    clock.now += second - 1;
    for (let n = 0; n < 20; n++) await catalog.anew(db);
    expect(bill.roundTrips).toBe(1);
  });

  test("replaces the copy for everybody", async () => {
    const { catalog, clock } = aCatalog();
    await catalog.current(env.DB);
    clock.now += second;
    const copy = await catalog.anew(env.DB);
    expect(await catalog.current(down)).toBe(copy);
  });
});

describe("what is last known", () => {
  test("is nothing at first", () => expect(aCatalog().catalog.lastKnown()).toEqual({ sources: [], destinations: [] }));

  test("is the copy, however old", async () => {
    const { catalog, clock } = aCatalog();
    const id = await elsewhere();
    await catalog.current(env.DB);
    clock.now += 3600 * second;
    expect(knows(catalog.lastKnown(), id)).toBe(true);
  });
});
