import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Problem } from "../../src/domain/problem.ts";
import { instant, moment, paging, readBody, readQuery } from "../../src/http/input.ts";
import { origin } from "../kit.ts";

const schema = z.strictObject({
  name: z.string(),
  size: z.number().optional(),
  inner: z.strictObject({ list: z.array(z.number()) }).optional(),
});

async function body(text: string, shape: z.ZodType = schema): Promise<unknown> {
  return await readBody(new Request(origin, { method: "POST", body: text }), shape);
}

/** The problem that `work` ends in. */
async function problemOf(work: () => unknown): Promise<Problem> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("there was no problem");
}

describe("a body", () => {
  test("comes back as its schema reads it", async () => expect(await body('{"name":"a","size":1}')).toEqual({ name: "a", size: 1 }));

  test.each(["", "  \n"])("that is empty counts as an empty object (%j)", async (text) => {
    expect(await body(text, z.strictObject({ grace: z.number().default(5) }))).toEqual({ grace: 5 });
  });

  test("is not read where none is wanted", async () => {
    expect(await readBody(new Request(origin, { method: "POST", body: "not JSON" }), undefined)).toBeUndefined();
  });

  test.each(["{", "name=a", "<a/>", '{"name":"a"} x', "undefined"])("that is no JSON is undecodable: %s", async (text) => {
    expect((await problemOf(() => body(text))).code).toBe("undecodable");
  });

  test.each(["[]", "null", '"text"', "5"])("that is JSON but no object is invalid: %s", async (text) => {
    expect((await problemOf(() => body(text))).code).toBe("invalid_input");
  });

  test("that is larger than 256 KB is too large", async () => {
    expect((await problemOf(() => body(JSON.stringify({ name: "x".repeat(257 * 1024) })))).code).toBe("too_large");
  });

  test("with a missing key is told that it is missing", async () => {
    expect((await problemOf(() => body("{}"))).mistakes).toEqual([{ field: "name", reason: "is missing" }]);
  });

  test("with an unknown key further in is refused by its path", async () => {
    const problem = await problemOf(() => body('{"name":"a","inner":{"list":[],"colour":1}}'));
    expect(problem.mistakes).toMatchObject([{ field: "inner.colour" }]);
  });

  test("with an unknown key is refused by its name", async () => {
    expect((await problemOf(() => body('{"name":"a","colour":1}'))).mistakes).toMatchObject([{ field: "colour" }]);
  });

  test("with several mistakes is told all of them, each with its field", async () => {
    const problem = await problemOf(() => body('{"size":"big","inner":{"list":[1,"x"]}}'));
    expect(problem.mistakes.map(({ field }) => field)).toEqual(["name", "size", "inner.list.1"]);
  });

  test("that would reach into prototypes is refused like any unknown key", async () => {
    expect((await problemOf(() => body('{"name":"a","__proto__":{"x":1}}'))).code).toBe("invalid_input");
  });
});

describe("a query", () => {
  const read = (query: string) => readQuery(new URL(`${origin}/events?${query}`), z.strictObject({ since: moment, ...paging }));

  test("has a limit of 50 unless said", () => expect(read("")).toEqual({ limit: 50 }));

  test.each(["1", "200"])("may ask for %s at once", (limit) => expect(read(`limit=${limit}`)).toEqual({ limit: Number(limit) }));

  test.each(["0", "201", "-1", "1.5", "many", "", "NaN"])("may not ask for %j at once", async (limit) => {
    expect((await problemOf(() => read(`limit=${limit}`))).mistakes.map(({ field }) => field)).toEqual(["limit"]);
  });

  test("with an unknown parameter is refused by its name", async () => {
    expect((await problemOf(() => read("colour=red"))).mistakes).toMatchObject([{ field: "colour" }]);
  });

  test("with any parameter is refused where none is known", async () => {
    expect((await problemOf(() => readQuery(new URL(`${origin}/sources?colour=red`), undefined))).mistakes).toMatchObject([
      { field: "colour" },
    ]);
  });

  test.each([
    ["2026-05-13T11:37:49Z", "2026-05-13T11:37:49Z"],
    ["2026-05-13T11:37:49%2B08:00", "2026-05-13T03:37:49Z"],
    ["2026-05-13", "2026-05-13T00:00:00Z"],
  ])("may name a moment as %s", (since, at) => expect(read(`since=${since}`)).toMatchObject({ since: Date.parse(at) }));

  test.each(["yesterday", "1747136269", "2026-13-01", "2026-02-30", "13.05.2026"])("may not name a moment as %s", async (since) => {
    expect((await problemOf(() => read(`since=${since}`))).mistakes).toMatchObject([{ field: "since" }]);
  });
});

test("a moment in an answer is ISO 8601 in UTC, and null where there is none", () => {
  expect([instant(Date.parse("2026-05-13T11:37:49+08:00")), instant(null)]).toEqual(["2026-05-13T03:37:49Z", null]);
});
