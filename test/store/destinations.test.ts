import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { Destination } from "../../src/domain/destination.ts";
import {
  destinationOf,
  disableDestination,
  eraseFormerBodies,
  findFormerBody,
  readDestination,
  resealDestination,
  saveDestination,
  selectDestinations,
} from "../../src/store/destinations.ts";
import type { Row } from "../../src/store/rows.ts";
import { aDestination, count, retireAll } from "./samples.ts";

afterAll(retireAll);

async function stored(id: string): Promise<Destination | undefined> {
  const { results } = await env.DB.prepare(selectDestinations).all<Row>();
  return results.map(destinationOf).find((destination) => destination.id === id);
}

test("a destination comes back as it was saved", async () => {
  const destination = aDestination();
  await saveDestination(env.DB, destination);
  expect(await stored(destination.id)).toEqual(destination);
});

test.each([
  ["nothing set", { rateLimit: null, concurrency: null, body: null, via: null }],
  ["a rate limit of a second", { rateLimit: { limit: 7, period: "second" } }],
  ["a rate limit of a minute", { rateLimit: { limit: 7, period: "minute" } }],
  ["a rate limit of an hour", { rateLimit: { limit: 7, period: "hour" } }],
  ["a limit of concurrency", { concurrency: 3 }],
  ["order, and each action once", { ordered: true, oncePerAction: true }],
  ["a template and a preset", { preset: "slack", body: "{{ event.type }}", version: 4, method: "POST" }],
  ["a way of its own", { via: "INTERNAL" }],
  [
    "an access token",
    { auth: { type: "oauth2", tokenUrl: "https://a.example", clientId: "c", scope: "s", audience: "", clientAuth: "basic" } },
  ],
] satisfies [string, Partial<Destination>][])("a destination with %s comes back as it was saved", async (_what, parts) => {
  const destination = aDestination(parts);
  await saveDestination(env.DB, destination);
  expect(await stored(destination.id)).toEqual(destination);
});

test("a limit that is taken away is gone", async () => {
  const destination = aDestination({ rateLimit: { limit: 7, period: "hour" }, concurrency: 3 });
  await saveDestination(env.DB, destination);
  await saveDestination(env.DB, { ...destination, rateLimit: null, concurrency: null });
  expect(await stored(destination.id)).toMatchObject({ rateLimit: null, concurrency: null });
});

test("its health is not saved with it: it is counted, never told", async () => {
  const destination = aDestination({ health: { failures: 9, failingSince: 1, openUntil: 2 } });
  await saveDestination(env.DB, destination);
  await saveDestination(env.DB, destination);
  expect(await stored(destination.id)).toMatchObject({ health: { failures: 0, failingSince: null, openUntil: null } });
});

test("saving again changes all but the time of creation", async () => {
  const destination = aDestination();
  await saveDestination(env.DB, destination);
  const changed = {
    ...aDestination({ name: `${destination.name} renamed`, url: "https://b.example/", method: "PATCH", timeout: 8 }),
    id: destination.id,
  };
  await saveDestination(env.DB, { ...changed, createdAt: 77 });
  expect(await stored(destination.id)).toEqual({ ...changed, createdAt: 1 });
});

describe("disabling", () => {
  test.each(["active", "paused"] as const)("stops a destination that is %s, and says why", async (state) => {
    const destination = aDestination({ state });
    await saveDestination(env.DB, destination);
    await disableDestination(env.DB, destination.id, "it answered 410", 9);
    expect(await stored(destination.id)).toMatchObject({ state: "disabled", stateReason: "it answered 410", updatedAt: 9 });
  });

  test.each(["disabled", "deleted"] as const)("leaves what is %s already, with its own reason", async (state) => {
    const destination = aDestination({ state, stateReason: "for another reason" });
    await saveDestination(env.DB, destination);
    await disableDestination(env.DB, destination.id, "it answered 410", 9);
    expect(await stored(destination.id)).toEqual(destination);
  });
});

describe("a change made on what was read", () => {
  test("is saved when nobody has changed it since", async () => {
    const destination = aDestination({ updatedAt: 2 });
    await saveDestination(env.DB, destination);
    expect(await saveDestination(env.DB, { ...destination, timeout: 9, updatedAt: 3 }, 2)).toBe(true);
    expect(await stored(destination.id)).toMatchObject({ timeout: 9, updatedAt: 3 });
  });

  test("is refused, with nothing changed, when somebody has", async () => {
    const destination = aDestination({ updatedAt: 2 });
    await saveDestination(env.DB, destination);
    await saveDestination(env.DB, { ...destination, timeout: 9, updatedAt: 3 }, 2);
    expect(await saveDestination(env.DB, { ...destination, timeout: 5, updatedAt: 4 }, 2)).toBe(false);
    expect(await stored(destination.id)).toMatchObject({ timeout: 9, updatedAt: 3 });
  });

  test("of several at once is saved once", async () => {
    const destination = aDestination({ updatedAt: 2 });
    await saveDestination(env.DB, destination);
    const changes = [3, 4, 5, 6].map((updatedAt) => saveDestination(env.DB, { ...destination, updatedAt }, 2));
    expect((await Promise.all(changes)).filter(Boolean)).toHaveLength(1);
  });

  test("is saved where there is none yet", async () => {
    expect(await saveDestination(env.DB, aDestination())).toBe(true);
  });
});

describe("reading one destination", () => {
  test("finds it as it is now", async () => {
    const destination = aDestination();
    await saveDestination(env.DB, destination);
    expect(await readDestination(env.DB, destination.id)).toEqual(destination);
  });

  test("finds none where there is none", async () => expect(await readDestination(env.DB, "dst_none")).toBeNull());
});

test("disabling is done by one of several at once", async () => {
  const destination = aDestination({ state: "active" });
  await saveDestination(env.DB, destination);
  const disabled = await Promise.all([1, 2, 3].map((n) => disableDestination(env.DB, destination.id, `reason ${n}`, 9)));
  expect(disabled.filter(Boolean)).toHaveLength(1);
});

describe("a former body", () => {
  const changed = async (...versions: Partial<Destination>[]) => {
    const destination = aDestination();
    for (const parts of versions) await saveDestination(env.DB, { ...destination, ...parts });
    return destination.id;
  };

  test("is kept, with its preset, when preset and body change", async () => {
    const id = await changed({ version: 1, preset: "slack", body: "one" }, { version: 2, preset: "raw", body: "two" });
    expect(await findFormerBody(env.DB, id, 1)).toEqual({ preset: "slack", body: "one" });
  });

  test("is kept where there was no template", async () => {
    const id = await changed({ version: 1, preset: "slack", body: null }, { version: 2, body: "two" });
    expect(await findFormerBody(env.DB, id, 1)).toEqual({ preset: "slack", body: null });
  });

  test("is kept of every version", async () => {
    const id = await changed({ version: 1, body: "one" }, { version: 2, body: "two" }, { version: 3, body: "three" });
    expect([(await findFormerBody(env.DB, id, 1))?.body, (await findFormerBody(env.DB, id, 2))?.body]).toEqual(["one", "two"]);
  });

  test("is not kept when the version stays: something else was changed", async () => {
    const id = await changed({ version: 1, body: "one" }, { version: 1, body: "one", timeout: 9 });
    expect(await count("former_bodies", "destination_id = ?", id)).toBe(0);
  });

  test("is not kept of a destination that is new", async () => {
    expect(await count("former_bodies", "destination_id = ?", await changed({ version: 5, body: "five" }))).toBe(0);
  });

  test("is forgotten with its destination, and no other's", async () => {
    const [gone, kept] = [await changed({ version: 1 }, { version: 2 }), await changed({ version: 1 }, { version: 2 })];
    await eraseFormerBodies(env.DB, gone);
    expect(await findFormerBody(env.DB, gone, 1)).toBeNull();
    expect(await findFormerBody(env.DB, kept, 1)).not.toBeNull();
  });

  test("is null at a version that was never, and at another destination's", async () => {
    const id = await changed({ version: 1, body: "one" }, { version: 2, body: "two" });
    expect([await findFormerBody(env.DB, id, 7), await findFormerBody(env.DB, "dst_other", 1)]).toEqual([null, null]);
  });
});

describe("secrets that were sealed anew", () => {
  test("take the place of the same ones", async () => {
    const destination = aDestination({ sealed: "old" });
    await saveDestination(env.DB, destination);
    await resealDestination(env.DB, destination.id, "new", "old");
    expect(await stored(destination.id)).toEqual({ ...destination, sealed: "new" });
  });

  test("do not take the place of those that an operator has changed meanwhile", async () => {
    const destination = aDestination({ sealed: "changed" });
    await saveDestination(env.DB, destination);
    await resealDestination(env.DB, destination.id, "new", "old");
    expect(await stored(destination.id)).toMatchObject({ sealed: "changed" });
  });

  test("are those of one destination, though another's look the same", async () => {
    const [one, other] = [aDestination({ sealed: "same" }), aDestination({ sealed: "same" })];
    for (const destination of [one, other]) await saveDestination(env.DB, destination);
    await resealDestination(env.DB, one.id, "new", "same");
    expect(await stored(other.id)).toMatchObject({ sealed: "same" });
  });
});
