import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { answer } from "../../src/http/router.ts";
import { saveDestination } from "../../src/store/destinations.ts";
import { newApp, newDestination, operate, origin } from "../kit.ts";
import { aDestination } from "../store/samples.ts";
import { asOperator } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

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

/** Asks for a change of a destination, while somebody else changes it between reading and writing it. */
async function askWhile(
  other: () => Promise<unknown>,
  method: string,
  path: string,
  input: unknown,
): Promise<{ status: number; body: any }> {
  const app = newApp();
  const seal: typeof app.seal = {
    ...app.seal,
    seal: async (secrets) => {
      await other();
      return await app.seal.seal(secrets);
    },
  };
  const request = new Request(origin + path, { method, headers: asOperator, body: JSON.stringify(input) });
  const response = await answer(request, () => ({ ...app, seal }));
  return { status: response.status, body: await response.json() };
}

test.each([
  ["PATCH", "", { concurrency: 3 }],
  ["POST", "/secret", {}],
])("%s /destinations/:id%s on what is old is 409, says what to do, and changes nothing", async (method, rest, input) => {
  const { id } = await newDestination({ filter: "false" });
  const other = async () => await operate(`/destinations/${id}`, { timeout: 7 }, "PATCH");
  const { status, body } = await askWhile(other, method, `/destinations/${id}${rest}`, input);
  expect([status, body.code, body.detail]).toEqual([409, "conflict", expect.stringMatching(/Read it again, then change it/)]);
  const after = (await operate(`/destinations/${id}`)).body;
  expect([after.timeout, after.concurrency, after.signing_keys.length]).toEqual([7, null, 1]);
});

test("a secret that was told in a rotation is not lost to a change at the same time", async () => {
  const far = farHost();
  const { id } = await newDestination({ url: far.url, filter: "false" });
  let told = "";
  const other = async () => {
    told = (await operate(`/destinations/${id}/secret`, {})).body.secret;
  };
  await askWhile(other, "PATCH", `/destinations/${id}`, { timeout: 7 });
  await operate(`/destinations/${id}/test`, {});
  const [heard] = far.heard;
  expect(() => new Webhook(told).verify(heard?.body ?? "", Object.fromEntries(heard?.headers ?? []))).not.toThrow();
});
