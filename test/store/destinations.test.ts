import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Destination } from "../../src/domain/destination.ts";
import { destinationOf, disableDestination, saveDestination, selectDestinations } from "../../src/store/destinations.ts";
import type { Row } from "../../src/store/rows.ts";
import { aDestination } from "./samples.ts";

async function stored(id: string): Promise<Destination | undefined> {
  const { results } = await env.DB.prepare(selectDestinations).all<Row>();
  return results.map(destinationOf).find((destination) => destination.id === id);
}

test("a destination comes back as it was saved", async () => {
  const destination = aDestination();
  await saveDestination(env.DB, destination);
  expect(await stored(destination.id)).toEqual(destination);
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
