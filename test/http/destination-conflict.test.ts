import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { saveDestination } from "../../src/store/destinations.ts";
import { newDestination, operate } from "../kit.ts";
import { aDestination } from "../store/samples.ts";

test("of changes at once none undoes another: each that is not told to look again is there in the end", async () => {
  const { id, name } = await newDestination({ filter: "false" });
  const answers = await Promise.all([
    operate(`/destinations/${id}`, { name: "renamed" }, "PATCH"),
    operate(`/destinations/${id}`, { timeout: 3 }, "PATCH"),
    operate(`/destinations/${id}`, { concurrency: 4 }, "PATCH"),
  ]);
  const [renamed, timed, narrowed] = answers.map(({ status }) => status === 200);
  for (const { status } of answers) expect([200, 409]).toContain(status);
  expect((await operate(`/destinations/${id}`)).body).toMatchObject({
    name: renamed ? "renamed" : name,
    timeout: timed ? 3 : 15,
    concurrency: narrowed ? 4 : null,
  });
});

test("a change that was made on what is old is not written", async () => {
  const destination = aDestination({ updatedAt: 5 });
  await saveDestination(env.DB, destination);
  expect(await saveDestination(env.DB, { ...destination, name: "late", updatedAt: 7 }, 4)).toBe(false);
  expect(await saveDestination(env.DB, { ...destination, name: "in time", updatedAt: 7 }, 5)).toBe(true);
});
